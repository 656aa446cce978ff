package org.blip4j.ops.image;

import java.nio.charset.StandardCharsets;
import java.util.List;
import org.blip4j.ops.core.GraphContext;
import org.blip4j.ops.core.WhileLoop;
import org.blip4j.ops.core.WhileLoop.LoopVariable;
import org.tensorflow.Operand;
import org.tensorflow.op.Ops;
import org.tensorflow.op.image.DecodeImage;
import org.tensorflow.types.TBool;
import org.tensorflow.types.TInt32;
import org.tensorflow.types.TInt64;
import org.tensorflow.types.TString;
import org.tensorflow.types.TUint16;
import org.tensorflow.types.TUint8;

/**
 * The first picture of a GIF file in the graph, as Pillow shows it: transparent pixels have the
 * colour that the palette gives them, and so has what the picture leaves free of the screen (the
 * first colour if none is transparent). TensorFlow's kernel makes both black and takes the largest
 * picture for the screen, so it is told of no transparency and of no place.
 */
final class GifFile {
  private static final int HEADER = 13;

  private final Ops tf;
  private final Operand<TString> bytes;
  private final Operand<TInt32> raw; // the file and two bytes more
  private final Operand<TInt32> zero;

  private GifFile(Ops tf, Operand<TString> bytes) {
    this.tf = tf;
    this.bytes = bytes;
    this.zero = tf.constant(0);
    Operand<TUint8> file = tf.reshape(tf.io.decodeRaw(bytes, TUint8.class), tf.array(-1));
    this.raw = tf.concat(List.of(tf.dtypes.cast(file, TInt32.class), tf.array(0, 0)), zero);
  }

  /** The pixels, {@code [height, width, 3]}; fails if they cannot be decoded. */
  static Operand<TUint8> pixels(GraphContext ctx, Operand<TString> bytes) {
    return new GifFile(ctx.tf(), bytes).pixels(ctx);
  }

  private Operand<TUint8> pixels(GraphContext ctx) {
    Operand<TInt32> flags = at(tf.constant(10));
    Operand<TInt32> bits =
        tf.math.add(tf.bitwise.bitwiseAnd(flags, tf.constant(7)), tf.constant(1));
    Operand<TInt32> table = // bytes of the palette
        tf.select(
            tf.math.greaterEqual(flags, tf.constant(128)),
            tf.math.mul(tf.constant(3), tf.bitwise.leftShift(tf.constant(1), bits)),
            zero);
    List<Operand<?>> found = firstPicture(ctx, tf.math.add(table, tf.constant(HEADER)));
    return pixels(number(found.get(0)), number(found.get(1)));
  }

  /**
   * Where the description of the first picture stands, and the block before it that says what is
   * transparent (-1 if there is none). One block or one part of a block an iteration.
   */
  private List<Operand<?>> firstPicture(GraphContext ctx, Operand<TInt32> start) {
    return WhileLoop.run(
        ctx,
        WhileLoop.Execution.CALLED,
        List.of(
            LoopVariable.of(start),
            LoopVariable.of(tf.constant(-1)),
            LoopVariable.of(tf.constant(false))),
        (inner, in) -> {
          Operand<TInt32> byteHere =
              inner.tf().gather(inner.capture(raw), number(in.get(0)), inner.tf().constant(0));
          Operand<TBool> extension =
              inner.tf().math.equal(byteHere, inner.tf().constant((int) '!'));
          return List.of(inner.tf().math.logicalOr(flag(in.get(2)), extension));
        },
        (inner, in) -> {
          Ops ops = inner.tf();
          Operand<TInt32> at = number(in.get(0));
          Operand<TBool> inside = flag(in.get(2));
          Operand<TInt32> two = // here and next
              ops.gather(inner.capture(raw), ops.math.add(at, ops.array(0, 1)), ops.constant(0));
          Operand<TInt32> size = ops.gather(two, ops.constant(0), ops.constant(0));
          Operand<TInt32> label = ops.gather(two, ops.constant(1), ops.constant(0));
          Operand<TBool> controls =
              ops.math.logicalAnd(
                  ops.math.logicalNot(inside), ops.math.equal(label, ops.constant(0xf9)));
          Operand<TInt32> step =
              ops.select(inside, ops.math.add(size, ops.constant(1)), ops.constant(2));
          Operand<TBool> more =
              ops.math.logicalOr(
                  ops.math.logicalNot(inside), ops.math.greater(size, ops.constant(0)));
          return List.of(ops.math.add(at, step), ops.select(controls, at, number(in.get(1))), more);
        });
  }

  private Operand<TUint8> pixels(Operand<TInt32> picture, Operand<TInt32> control) {
    List<? extends Operand<TInt32>> screen = shorts(tf.constant(6), 2);
    List<? extends Operand<TInt32>> placed = shorts(tf.math.add(picture, tf.constant(1)), 4);
    Operand<TInt32> left = placed.get(0);
    Operand<TInt32> top = placed.get(1);
    Operand<TInt32> width = tf.math.maximum(screen.get(0), tf.math.add(left, placed.get(2)));
    Operand<TInt32> height = tf.math.maximum(screen.get(1), tf.math.add(top, placed.get(3)));
    Operand<TInt32> flagsAt = tf.math.add(control, tf.constant(3));
    Operand<TInt32> flags = at(tf.math.maximum(flagsAt, zero));
    Operand<TBool> transparent =
        tf.math.logicalAnd(
            tf.math.greaterEqual(control, zero),
            tf.math.equal(tf.bitwise.bitwiseAnd(flags, tf.constant(1)), tf.constant(1)));
    Operand<TInt32> index = at(tf.math.add(control, tf.constant(6)));
    Operand<TUint8> decoded =
        tf.image.decodeImage(
            opaque(picture, transparent, flagsAt, bomb(width, height)),
            TUint8.class,
            DecodeImage.expandAnimations(false));
    Operand<TUint8> colour = colour(picture, tf.select(transparent, index, zero));
    Operand<TInt32> rows = places(height, top);
    Operand<TInt32> columns = places(width, left);
    Operand<TUint8> moved = // [height, width, 3]
        tf.gather(
            tf.gather(decoded, clipped(rows, placed.get(3)), zero),
            clipped(columns, placed.get(2)),
            tf.constant(1));
    Operand<TBool> covered = // [height, width]
        tf.math.logicalAnd(
            tf.expandDims(within(rows, placed.get(3)), tf.constant(1)),
            within(columns, placed.get(2)));
    return tf.select(tf.expandDims(covered, tf.constant(2)), moved, colour);
  }

  private Operand<TBool> bomb(Operand<TInt32> width, Operand<TInt32> height) {
    Operand<TInt64> area =
        tf.math.mul(tf.dtypes.cast(width, TInt64.class), tf.dtypes.cast(height, TInt64.class));
    return tf.math.greater(area, tf.constant(ImageDecoding.MOST_PIXELS));
  }

  /** The file with its first picture at the upper left corner and no transparency before it. */
  private Operand<TString> opaque(
      Operand<TInt32> picture,
      Operand<TBool> transparent,
      Operand<TInt32> flagsAt,
      Operand<TBool> bomb) {
    Operand<TInt32> cut = tf.select(transparent, flagsAt, picture);
    Operand<TInt32> after = tf.math.add(cut, tf.dtypes.cast(transparent, TInt32.class));
    Operand<TInt32> even = tf.bitwise.bitwiseAnd(at(cut), tf.constant(0xfe));
    Operand<TString> flags =
        tf.select(
            transparent,
            tf.gather(tf.constant(StandardCharsets.ISO_8859_1, letters()), even, zero),
            tf.constant(""));
    Operand<TInt32> many = tf.constant(Integer.MAX_VALUE);
    return tf.strings.join(
        List.of(
            tf.strings.substr(bytes, zero, cut),
            flags,
            tf.strings.substr(
                bytes, after, tf.math.sub(tf.math.add(picture, tf.constant(1)), after)),
            tf.constant("\0\0\0\0"),
            tf.strings.substr( // nothing, so that it fails, of too large a picture
                bytes, tf.math.add(picture, tf.constant(5)), tf.select(bomb, zero, many))));
  }

  /** For each place of the screen that in the picture. */
  private Operand<TInt32> places(Operand<TInt32> size, Operand<TInt32> start) {
    return tf.math.sub(tf.range(zero, size, tf.constant(1)), start);
  }

  private Operand<TInt32> clipped(Operand<TInt32> places, Operand<TInt32> size) {
    return tf.clipByValue(places, zero, tf.math.sub(size, tf.constant(1)));
  }

  private Operand<TBool> within(Operand<TInt32> places, Operand<TInt32> size) {
    return tf.math.logicalAnd(tf.math.greaterEqual(places, zero), tf.math.less(places, size));
  }

  /** A colour of the picture's own palette or else of the file's, {@code [3]}. */
  private Operand<TUint8> colour(Operand<TInt32> picture, Operand<TInt32> index) {
    Operand<TInt32> own = at(tf.math.add(picture, tf.constant(9)));
    Operand<TInt32> begin =
        tf.select(
            tf.math.greaterEqual(own, tf.constant(128)),
            tf.math.add(picture, tf.constant(10)),
            tf.constant(HEADER));
    Operand<TInt32> first = tf.math.add(begin, tf.math.mul(index, tf.constant(3)));
    return tf.dtypes.cast(
        tf.gather(raw, tf.math.add(first, tf.array(0, 1, 2)), zero), TUint8.class);
  }

  private Operand<TInt32> at(Operand<TInt32> place) {
    return tf.gather(raw, place, zero);
  }

  private List<? extends Operand<TInt32>> shorts(Operand<TInt32> place, int count) {
    Operand<TString> part = tf.strings.substr(bytes, place, tf.constant(2 * count));
    Operand<TUint16> numbers = tf.io.decodeRaw(part, TUint16.class);
    return tf.unstack(tf.dtypes.cast(numbers, TInt32.class), (long) count).output();
  }

  /** All bytes, each a string. */
  private static String[] letters() {
    String[] letters = new String[256];
    for (int i = 0; i < letters.length; i++) {
      letters[i] = String.valueOf((char) i);
    }
    return letters;
  }

  @SuppressWarnings("unchecked") // declared so
  private static Operand<TInt32> number(Operand<?> operand) {
    return (Operand<TInt32>) operand;
  }

  @SuppressWarnings("unchecked") // declared so
  private static Operand<TBool> flag(Operand<?> operand) {
    return (Operand<TBool>) operand;
  }
}
