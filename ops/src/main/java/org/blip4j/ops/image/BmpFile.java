package org.blip4j.ops.image;

import java.util.List;
import org.blip4j.ops.core.GraphContext;
import org.blip4j.ops.core.GraphFunction;
import org.blip4j.ops.core.Shapes;
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
    Operand<TUint8> raw = ctx.flat(tf.io.decodeRaw(bytes, TUint8.class));
    List<? extends Operand<TInt32>> header = header(ctx, bytes);
    Operand<TInt32> size = header.get(1);
    Operand<TBool> old = ctx.equal(size, 12); // OS/2: 16-bit numbers, no more
    Operand<TInt32> low = ctx.bitAnd(header.get(2), 0xffff);
    Operand<TInt32> width = tf.select(old, low, header.get(2));
    Operand<TInt32> height = tf.select(old, ctx.shiftRight(header.get(2), 16), header.get(3));
    Operand<TInt32> bits = ctx.shiftRight(tf.select(old, header.get(3), header.get(4)), 16);
    Operand<TInt32> compression = ctx.select(old, 0, header.get(5));
    Operand<TInt32> stated = ctx.select(old, 0, header.get(9));
    Operand<TInt32> colours =
        tf.select(ctx.greater(stated, 0), stated, ctx.powerOfTwo(ctx.minimum(bits, 8)));
    Operand<TBool> masked = ctx.equal(compression, BITFIELDS);
    Operand<TInt32> masks = tf.stack(List.of(header.get(11), header.get(12), header.get(13)));
    Operand<TInt32> begin = ctx.add(size, FILE_HEADER);
    // Some writers give the place of the palette for that of the pixels.
    Operand<TBool> wrong =
        tf.math.logicalAnd(tf.math.equal(header.get(0), begin), ctx.lessEqual(bits, 8));
    Operand<TInt32> from = ctx.add(header.get(0), ctx.select(wrong, ctx.mul(colours, 4), 0));
    Operand<TBool> known =
        tf.math.logicalAnd(
            tf.math.logicalOr(masked, ctx.equal(compression, 0)),
            ctx.any(tf.math.equal(bits, tf.array(1, 4, 8, 16, 24, 32)), 0));
    Operand<TInt32> rows = tf.math.abs(height);
    Operand<TInt32> lineBits = ctx.add(ctx.mul(width, bits), 31);
    Operand<TInt32> stride = ctx.mul(ctx.div(lineBits, 32), 4);
    Operand<TUint8> data = // nowhere, so that it fails, if the file is of another kind
        tf.slice(
            raw,
            tf.stack(List.of(ctx.select(known, from, -2))),
            tf.stack(List.of(ctx.mul(stride, rows))));
    Operand<TInt32> down = ctx.range(rows);
    Operand<TInt32> up = ctx.sub(ctx.sub(rows, 1), down);
    Operand<TUint8> lines = // [height, stride]
        ctx.gather(
            tf.reshape(data, tf.stack(List.of(rows, stride))),
            tf.select(ctx.greater(height, 0), up, down),
            0);
    Operand<TInt32> way =
        ctx.sum(tf.dtypes.cast(tf.math.greaterEqual(bits, tf.array(16, 24)), TInt32.class), 0);
    return GraphFunction.Branches.choose(
        ctx,
        way,
        List.of(
            lines,
            palette(ctx, raw, begin, tf.select(old, tf.constant(3), tf.constant(4)), colours),
            tf.select(masked, masks, tf.zerosLike(masks)),
            width,
            bits),
        List.of(
            (inner, in) -> indexed(inner, in),
            (inner, in) -> sixteen(inner, in),
            (inner, in) -> whole(inner, in)));
  }

  /** The numbers of the header from byte 10 on; 0 where the file ends before them. */
  private static List<? extends Operand<TInt32>> header(GraphContext ctx, Operand<TString> bytes) {
    Ops tf = ctx.tf();
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
      GraphContext ctx,
      Operand<TUint8> raw,
      Operand<TInt32> begin,
      Operand<TInt32> entry,
      Operand<TInt32> colours) {
    Ops tf = ctx.tf();
    Operand<TInt32> number = ctx.expandDims(ctx.range(tf.constant(256)), 1);
    Operand<TInt32> places =
        ctx.add(ctx.add(begin, ctx.mul(number, entry)), tf.array(2, 1, 0)); // [256, 3]
    Operand<TInt32> last = ctx.sub(tf.size(raw), 1);
    Operand<TUint8> found = ctx.gather(raw, tf.math.minimum(places, last), 0);
    return tf.select(tf.math.less(number, colours), found, tf.zerosLike(found));
  }

  private static Operand<TUint8> indexed(GraphContext ctx, List<Operand<?>> in) {
    Ops tf = ctx.tf();
    Operand<TUint8> lines = bytes(in.get(0));
    Operand<TInt32> bits = number(in.get(4));
    Operand<TInt32> shifts = // from the upper bits down
        tf.range(ctx.sub(8, bits), tf.constant(-1), tf.math.neg(bits));
    Operand<TInt32> mask = ctx.sub(ctx.powerOfTwo(bits), 1);
    Operand<TUint8> parts = // [H, stride, 8 / bits]
        tf.bitwise.bitwiseAnd(
            tf.bitwise.rightShift(ctx.expandDims(lines, 2), tf.dtypes.cast(shifts, TUint8.class)),
            tf.dtypes.cast(mask, TUint8.class));
    Operand<TInt32> height = ctx.at(tf.shape(lines), 0, 0);
    Operand<TUint8> indices =
        tf.slice(
            tf.reshape(parts, Shapes.of(ctx, Shapes.value(height), Shapes.size(-1))),
            tf.array(0, 0),
            Shapes.of(ctx, Shapes.size(-1), Shapes.value(number(in.get(3)))));
    return ctx.gather(bytes(in.get(1)), tf.dtypes.cast(indices, TInt32.class), 0); // [H, W, 3]
  }

  /** Five bits a channel, or six for green if the masks say so. */
  private static Operand<TUint8> sixteen(GraphContext ctx, List<Operand<?>> in) {
    Ops tf = ctx.tf();
    Operand<TInt32> masks = number(in.get(2));
    Operand<TBool> six = same(ctx, masks, 0xf800, 0x7e0, 0x1f);
    Operand<TBool> five =
        tf.math.logicalOr(same(ctx, masks, 0x7c00, 0x3e0, 0x1f), same(ctx, masks, 0, 0, 0));
    Operand<TUint8> pairs = words(ctx, in, tf.constant(2));
    Operand<TInt32> words = // [H, W, 1]
        ctx.expandDims(tf.dtypes.cast(tf.bitcast(pairs, TUint16.class), TInt32.class), 2);
    Operand<TInt32> levels = // [H, W, 3]
        tf.bitwise.bitwiseAnd(
            tf.bitwise.rightShift(words, tf.select(six, tf.array(11, 5, 0), tf.array(10, 5, 0))),
            tf.select(six, tf.array(31, 63, 31), tf.array(31, 31, 31)));
    // No table, so that reading it fails, for masks that nobody knows.
    Operand<TInt32> entries =
        tf.select(tf.math.logicalOr(six, five), tf.constant(64), tf.constant(0));
    Operand<TInt32> full = ctx.mul(ctx.range(entries), 255);
    Operand<TInt32> ofFive = ctx.minimum(ctx.div(full, 31), 255);
    Operand<TInt32> ofSix = ctx.div(full, 63);
    Operand<TInt32> tables = ctx.concat(0, ofFive, ofSix);
    Operand<TInt32> table = tf.select(six, tf.array(0, 64, 0), tf.array(0, 0, 0));
    return ctx.gather(tf.dtypes.cast(tables, TUint8.class), ctx.add(levels, table), 0);
  }

  private static Operand<TBool> same(GraphContext ctx, Operand<TInt32> masks, int... expected) {
    Ops tf = ctx.tf();
    return ctx.all(tf.math.equal(masks, tf.constant(expected)), 0);
  }

  /** Three or four bytes a pixel: blue, green, red, or where the masks say. */
  private static Operand<TUint8> whole(GraphContext ctx, List<Operand<?>> in) {
    Ops tf = ctx.tf();
    Operand<TInt32> masks = number(in.get(2));
    Operand<TInt32> at = // [3, 4]
        tf.dtypes.cast(
            tf.math.equal(ctx.expandDims(masks, 1), tf.array(0xff, 0xff00, 0xff0000, 0xff000000)),
            TInt32.class);
    Operand<TInt32> place = ctx.sum(ctx.mul(at, tf.array(0, 1, 2, 3)), 1);
    Operand<TBool> found = ctx.equal(ctx.sum(at, 1), 1);
    Operand<TInt32> channels = // nowhere, so that it fails, for masks that nobody knows
        tf.select(same(ctx, masks, 0, 0, 0), tf.array(2, 1, 0), ctx.select(found, place, 9));
    Operand<TUint8> words = words(ctx, in, ctx.div(number(in.get(4)), 8));
    return ctx.gather(words, channels, 2);
  }

  /** {@code [H, W, size]}. */
  private static Operand<TUint8> words(
      GraphContext ctx, List<Operand<?>> in, Operand<TInt32> size) {
    Ops tf = ctx.tf();
    Operand<TInt32> width = number(in.get(3));
    Operand<TUint8> used =
        tf.slice(
            bytes(in.get(0)),
            tf.array(0, 0),
            Shapes.of(ctx, Shapes.size(-1), Shapes.value(ctx.mul(width, size))));
    Operand<TInt32> height = ctx.at(tf.shape(used), 0, 0);
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
