package org.blip4j.ops.image;

import java.util.List;
import org.blip4j.ops.core.GraphContext;
import org.tensorflow.Operand;
import org.tensorflow.op.Ops;
import org.tensorflow.types.TBool;
import org.tensorflow.types.TInt32;
import org.tensorflow.types.TString;
import org.tensorflow.types.TUint16;
import org.tensorflow.types.TUint8;

/**
 * An uncompressed BMP file in the graph: 1, 4 and 8 bits with a palette, 16, 24 and 32 bits, with
 * the masks that Pillow knows. TensorFlow's own kernel takes palette indices for grey and knows
 * neither 1, 4 and 16 bits nor masks.
 */
final class BmpFile {
  private static final int FILE_HEADER = 14;

  /** Where the numbers of the header begin that are read, and how many bytes there are. */
  private static final int BEGIN = 10;

  private static final int NUMBERS = 14;
  private static final int BITFIELDS = 3;

  private BmpFile() {}

  /** The pixels, {@code [height, width, 3]}; fails if the file is of another kind. */
  static Operand<TUint8> pixels(GraphContext ctx, Operand<TString> bytes) {
    Ops tf = ctx.tf();
    Operand<TUint8> raw = tf.reshape(tf.io.decodeRaw(bytes, TUint8.class), tf.array(-1));
    List<? extends Operand<TInt32>> header = header(tf, bytes);
    Operand<TInt32> size = header.get(1);
    Operand<TBool> old = tf.math.equal(size, tf.constant(12)); // OS/2: 16-bit numbers, no more
    Operand<TInt32> zero = tf.constant(0);
    Operand<TInt32> sixteen = tf.constant(16);
    Operand<TInt32> low = tf.bitwise.bitwiseAnd(header.get(2), tf.constant(0xffff));
    Operand<TInt32> width = tf.select(old, low, header.get(2));
    Operand<TInt32> height =
        tf.select(old, tf.bitwise.rightShift(header.get(2), sixteen), header.get(3));
    Operand<TInt32> bits =
        tf.bitwise.rightShift(tf.select(old, header.get(3), header.get(4)), sixteen);
    Operand<TInt32> compression = tf.select(old, zero, header.get(5));
    Operand<TInt32> stated = tf.select(old, zero, header.get(9));
    Operand<TInt32> colours =
        tf.select(
            tf.math.greater(stated, zero),
            stated,
            tf.bitwise.leftShift(tf.constant(1), tf.math.minimum(bits, tf.constant(8))));
    Operand<TBool> masked = tf.math.equal(compression, tf.constant(BITFIELDS));
    Operand<TInt32> masks = tf.stack(List.of(header.get(11), header.get(12), header.get(13)));
    Operand<TInt32> begin = tf.math.add(size, tf.constant(FILE_HEADER));
    // Some writers give the place of the palette for that of the pixels.
    Operand<TBool> wrong =
        tf.math.logicalAnd(
            tf.math.equal(header.get(0), begin), tf.math.lessEqual(bits, tf.constant(8)));
    Operand<TInt32> from =
        tf.math.add(header.get(0), tf.select(wrong, tf.math.mul(colours, tf.constant(4)), zero));
    Operand<TBool> known =
        tf.math.logicalAnd(
            tf.math.logicalOr(masked, tf.math.equal(compression, zero)),
            tf.reduceAny(tf.math.equal(bits, tf.array(1, 4, 8, 16, 24, 32)), zero));
    Operand<TInt32> rows = tf.math.abs(height);
    Operand<TInt32> lineBits = tf.math.add(tf.math.mul(width, bits), tf.constant(31));
    Operand<TInt32> stride = tf.math.mul(tf.math.div(lineBits, tf.constant(32)), tf.constant(4));
    Operand<TUint8> data = // nowhere, so that it fails, if the file is of another kind
        tf.slice(
            raw,
            tf.stack(List.of(tf.select(known, from, tf.constant(-2)))),
            tf.stack(List.of(tf.math.mul(stride, rows))));
    Operand<TInt32> down = tf.range(zero, rows, tf.constant(1));
    Operand<TInt32> up = tf.math.sub(tf.math.sub(rows, tf.constant(1)), down);
    Operand<TUint8> lines = // [height, stride]
        tf.gather(
            tf.reshape(data, tf.stack(List.of(rows, stride))),
            tf.select(tf.math.greater(height, zero), up, down),
            zero);
    Operand<TInt32> way =
        tf.sum(tf.dtypes.cast(tf.math.greaterEqual(bits, tf.array(16, 24)), TInt32.class), zero);
    return Branches.choose(
        ctx,
        way,
        List.of(
            lines,
            palette(tf, raw, begin, tf.select(old, tf.constant(3), tf.constant(4)), colours),
            tf.select(masked, masks, tf.zerosLike(masks)),
            width,
            bits),
        List.of(
            (inner, in) -> indexed(inner.tf(), in),
            (inner, in) -> sixteen(inner.tf(), in),
            (inner, in) -> whole(inner.tf(), in)));
  }

  /** The numbers of the header from byte 10 on; 0 where the file ends before them. */
  private static List<? extends Operand<TInt32>> header(Ops tf, Operand<TString> bytes) {
    Operand<TInt32> length = tf.constant(4 * NUMBERS);
    Operand<TString> padded =
        tf.strings.join(
            List.of(
                tf.strings.substr(bytes, tf.constant(BEGIN), length),
                tf.constant("\0".repeat(4 * NUMBERS))));
    Operand<TString> head = tf.strings.substr(padded, tf.constant(0), length);
    return tf.unstack(tf.io.decodeRaw(head, TInt32.class), (long) NUMBERS).output();
  }

  /** 256 colours, {@code [256, 3]} red, green, blue; black where there are fewer. */
  private static Operand<TUint8> palette(
      Ops tf,
      Operand<TUint8> raw,
      Operand<TInt32> begin,
      Operand<TInt32> entry,
      Operand<TInt32> colours) {
    Operand<TInt32> number =
        tf.expandDims(tf.range(tf.constant(0), tf.constant(256), tf.constant(1)), tf.constant(1));
    Operand<TInt32> places =
        tf.math.add(tf.math.add(begin, tf.math.mul(number, entry)), tf.array(2, 1, 0)); // [256, 3]
    Operand<TInt32> last = tf.math.sub(tf.size(raw), tf.constant(1));
    Operand<TUint8> found = tf.gather(raw, tf.math.minimum(places, last), tf.constant(0));
    return tf.select(tf.math.less(number, colours), found, tf.zerosLike(found));
  }

  private static Operand<TUint8> indexed(Ops tf, List<Operand<?>> in) {
    Operand<TUint8> lines = bytes(in.get(0));
    Operand<TInt32> bits = number(in.get(4));
    Operand<TInt32> shifts = // from the upper bits down
        tf.range(tf.math.sub(tf.constant(8), bits), tf.constant(-1), tf.math.neg(bits));
    Operand<TInt32> mask = tf.math.sub(tf.bitwise.leftShift(tf.constant(1), bits), tf.constant(1));
    Operand<TUint8> parts = // [H, stride, 8 / bits]
        tf.bitwise.bitwiseAnd(
            tf.bitwise.rightShift(
                tf.expandDims(lines, tf.constant(2)), tf.dtypes.cast(shifts, TUint8.class)),
            tf.dtypes.cast(mask, TUint8.class));
    Operand<TInt32> height = tf.gather(tf.shape(lines), tf.constant(0), tf.constant(0));
    Operand<TUint8> indices =
        tf.slice(
            tf.reshape(parts, tf.stack(List.of(height, tf.constant(-1)))),
            tf.array(0, 0),
            tf.stack(List.of(tf.constant(-1), number(in.get(3)))));
    return tf.gather(
        bytes(in.get(1)), tf.dtypes.cast(indices, TInt32.class), tf.constant(0)); // [H, W, 3]
  }

  /** Five bits a channel, or six for green if the masks say so. */
  private static Operand<TUint8> sixteen(Ops tf, List<Operand<?>> in) {
    Operand<TInt32> masks = number(in.get(2));
    Operand<TBool> six = same(tf, masks, 0xf800, 0x7e0, 0x1f);
    Operand<TBool> five =
        tf.math.logicalOr(same(tf, masks, 0x7c00, 0x3e0, 0x1f), same(tf, masks, 0, 0, 0));
    Operand<TUint8> pairs = words(tf, in, tf.constant(2));
    Operand<TInt32> words = // [H, W, 1]
        tf.expandDims(
            tf.dtypes.cast(tf.bitcast(pairs, TUint16.class), TInt32.class), tf.constant(2));
    Operand<TInt32> levels = // [H, W, 3]
        tf.bitwise.bitwiseAnd(
            tf.bitwise.rightShift(words, tf.select(six, tf.array(11, 5, 0), tf.array(10, 5, 0))),
            tf.select(six, tf.array(31, 63, 31), tf.array(31, 31, 31)));
    // No table, so that reading it fails, for masks that nobody knows.
    Operand<TInt32> entries =
        tf.select(tf.math.logicalOr(six, five), tf.constant(64), tf.constant(0));
    Operand<TInt32> full =
        tf.math.mul(tf.range(tf.constant(0), entries, tf.constant(1)), tf.constant(255));
    Operand<TInt32> ofFive = tf.math.minimum(tf.math.div(full, tf.constant(31)), tf.constant(255));
    Operand<TInt32> ofSix = tf.math.div(full, tf.constant(63));
    Operand<TInt32> tables = tf.concat(List.of(ofFive, ofSix), tf.constant(0));
    Operand<TInt32> table = tf.select(six, tf.array(0, 64, 0), tf.array(0, 0, 0));
    return tf.gather(
        tf.dtypes.cast(tables, TUint8.class), tf.math.add(levels, table), tf.constant(0));
  }

  private static Operand<TBool> same(Ops tf, Operand<TInt32> masks, int... expected) {
    return tf.reduceAll(tf.math.equal(masks, tf.constant(expected)), tf.constant(0));
  }

  /** Three or four bytes a pixel: blue, green, red, or where the masks say. */
  private static Operand<TUint8> whole(Ops tf, List<Operand<?>> in) {
    Operand<TInt32> masks = number(in.get(2));
    Operand<TInt32> at = // [3, 4]
        tf.dtypes.cast(
            tf.math.equal(
                tf.expandDims(masks, tf.constant(1)), tf.array(0xff, 0xff00, 0xff0000, 0xff000000)),
            TInt32.class);
    Operand<TInt32> place = tf.sum(tf.math.mul(at, tf.array(0, 1, 2, 3)), tf.constant(1));
    Operand<TBool> found = tf.math.equal(tf.sum(at, tf.constant(1)), tf.constant(1));
    Operand<TInt32> channels = // nowhere, so that it fails, for masks that nobody knows
        tf.select(
            same(tf, masks, 0, 0, 0), tf.array(2, 1, 0), tf.select(found, place, tf.constant(9)));
    Operand<TUint8> words = words(tf, in, tf.math.div(number(in.get(4)), tf.constant(8)));
    return tf.gather(words, channels, tf.constant(2));
  }

  /** {@code [H, W, size]}. */
  private static Operand<TUint8> words(Ops tf, List<Operand<?>> in, Operand<TInt32> size) {
    Operand<TInt32> width = number(in.get(3));
    Operand<TUint8> used =
        tf.slice(
            bytes(in.get(0)),
            tf.array(0, 0),
            tf.stack(List.of(tf.constant(-1), tf.math.mul(width, size))));
    Operand<TInt32> height = tf.gather(tf.shape(used), tf.constant(0), tf.constant(0));
    return tf.reshape(used, tf.stack(List.of(height, width, size)));
  }

  @SuppressWarnings("unchecked") // declared so
  private static Operand<TUint8> bytes(Operand<?> operand) {
    return (Operand<TUint8>) operand;
  }

  @SuppressWarnings("unchecked") // declared so
  private static Operand<TInt32> number(Operand<?> operand) {
    return (Operand<TInt32>) operand;
  }
}
