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

  /** Pixels that a picture may make of a smaller screen: before it is read, only that is known. */
  private static final long BEYOND_SCREEN = 1L << 22;

  private final GraphContext ctx;
  private final Ops tf;
  private final Operand<TString> bytes;
  private final Operand<TInt32> raw; // the file and two bytes more
  private final Operand<TInt32> zero;

  private GifFile(GraphContext ctx, Operand<TString> bytes) {
    this.ctx = ctx;
    this.tf = ctx.tf();
    this.bytes = bytes;
    this.zero = tf.constant(0);
    Operand<TUint8> file = ctx.flat(tf.io.decodeRaw(bytes, TUint8.class));
    this.raw = ctx.concat(0, tf.dtypes.cast(file, TInt32.class), tf.array(0, 0));
  }

  /** The pixels, {@code [height, width, 3]}; fails if they cannot be decoded. */
  static Operand<TUint8> pixels(GraphContext ctx, Operand<TString> bytes) {
    return new GifFile(ctx, bytes).pixels();
  }

  private Operand<TUint8> pixels() {
    Operand<TInt32> flags = at(tf.constant(10));
    Operand<TInt32> bits = ctx.add(ctx.bitAnd(flags, 7), 1);
    Operand<TInt32> table = // bytes of the palette
        ctx.select(ctx.greaterEqual(flags, 128), ctx.mul(ctx.powerOfTwo(bits), 3), 0);
    List<Operand<?>> found = firstPicture(ctx.add(table, HEADER));
    return pixels(number(found.get(0)), number(found.get(1)));
  }

  /**
   * Where the description of the first picture stands, and the block before it that says what is
   * transparent (-1 if there is none). One block or one part of a block an iteration.
   */
  private List<Operand<?>> firstPicture(Operand<TInt32> start) {
    return WhileLoop.run(
        ctx,
        WhileLoop.Execution.CALLED,
        List.of(
            LoopVariable.of(start),
            LoopVariable.of(tf.constant(-1)),
            LoopVariable.of(tf.constant(false))),
        (inner, in) -> {
          Operand<TInt32> byteHere = inner.gather(inner.capture(raw), number(in.get(0)), 0);
          Operand<TBool> extension = inner.equal(byteHere, (int) '!');
          return List.of(inner.tf().math.logicalOr(flag(in.get(2)), extension));
        },
        (inner, in) -> {
          Ops ops = inner.tf();
          Operand<TInt32> at = number(in.get(0));
          Operand<TBool> inside = flag(in.get(2));
          Operand<TInt32> two = // here and next
              inner.gather(inner.capture(raw), inner.add(at, ops.array(0, 1)), 0);
          Operand<TInt32> size = inner.at(two, 0, 0);
          Operand<TInt32> label = inner.at(two, 1, 0);
          Operand<TBool> controls =
              ops.math.logicalAnd(ops.math.logicalNot(inside), inner.equal(label, 0xf9));
          Operand<TInt32> step = inner.select(inside, inner.add(size, 1), 2);
          Operand<TBool> more =
              ops.math.logicalOr(ops.math.logicalNot(inside), inner.greater(size, 0));
          return List.of(inner.add(at, step), ops.select(controls, at, number(in.get(1))), more);
        });
  }

  private Operand<TUint8> pixels(Operand<TInt32> picture, Operand<TInt32> control) {
    List<? extends Operand<TInt32>> screen = shorts(tf.constant(6), 2);
    List<? extends Operand<TInt32>> placed = shorts(ctx.add(picture, 1), 4);
    Operand<TInt32> left = placed.get(0);
    Operand<TInt32> top = placed.get(1);
    Operand<TInt32> right = tf.math.maximum(screen.get(0), ctx.add(left, placed.get(2)));
    Operand<TInt32> bottom = tf.math.maximum(screen.get(1), ctx.add(top, placed.get(3)));
    Operand<TInt64> known = ctx.maximum(area(screen.get(0), screen.get(1)), BEYOND_SCREEN);
    Operand<TBool> bomb = tf.math.greater(area(right, bottom), known);
    Operand<TInt32> width = tf.select(bomb, zero, right);
    Operand<TInt32> height = tf.select(bomb, zero, bottom);
    Operand<TInt32> flagsAt = ctx.add(control, 3);
    Operand<TInt32> flags = at(ctx.maximum(flagsAt, 0));
    Operand<TBool> transparent =
        tf.math.logicalAnd(ctx.greaterEqual(control, 0), ctx.equal(ctx.bitAnd(flags, 1), 1));
    Operand<TInt32> index = at(ctx.add(control, 6));
    Operand<TUint8> decoded =
        tf.image.decodeImage(
            opaque(picture, transparent, flagsAt, bomb),
            TUint8.class,
            DecodeImage.expandAnimations(false));
    Operand<TUint8> colour = colour(picture, ctx.select(transparent, index, 0));
    Operand<TInt32> rows = places(height, top);
    Operand<TInt32> columns = places(width, left);
    Operand<TUint8> moved = // [height, width, 3]
        ctx.gather(
            ctx.gather(decoded, clipped(rows, placed.get(3)), 0),
            clipped(columns, placed.get(2)),
            1);
    Operand<TBool> covered = // [height, width]
        tf.math.logicalAnd(
            ctx.expandDims(within(rows, placed.get(3)), 1), within(columns, placed.get(2)));
    return tf.select(ctx.expandDims(covered, 2), moved, colour);
  }

  private Operand<TInt64> area(Operand<TInt32> width, Operand<TInt32> height) {
    return ctx.mul(tf.dtypes.cast(width, TInt64.class), tf.dtypes.cast(height, TInt64.class));
  }

  /** The file with its first picture at the upper left corner and no transparency before it. */
  private Operand<TString> opaque(
      Operand<TInt32> picture,
      Operand<TBool> transparent,
      Operand<TInt32> flagsAt,
      Operand<TBool> bomb) {
    Operand<TInt32> cut = tf.select(transparent, flagsAt, picture);
    Operand<TInt32> after = ctx.add(cut, tf.dtypes.cast(transparent, TInt32.class));
    Operand<TInt32> even = ctx.bitAnd(at(cut), 0xfe);
    Operand<TString> flags =
        tf.select(
            transparent,
            ctx.gather(tf.constant(StandardCharsets.ISO_8859_1, letters()), even, 0),
            tf.constant(""));
    Operand<TInt32> many = tf.constant(Integer.MAX_VALUE);
    return tf.strings.join(
        List.of(
            tf.strings.substr(bytes, zero, cut),
            flags,
            tf.strings.substr(bytes, after, ctx.sub(ctx.add(picture, 1), after)),
            tf.constant("\0\0\0\0"),
            tf.strings.substr( // nothing, so that it fails, of too large a picture
                bytes, ctx.add(picture, 5), ctx.select(bomb, 0, many))));
  }

  /** For each place of the screen that in the picture. */
  private Operand<TInt32> places(Operand<TInt32> size, Operand<TInt32> start) {
    return ctx.sub(ctx.range(size), start);
  }

  private Operand<TInt32> clipped(Operand<TInt32> places, Operand<TInt32> size) {
    return tf.clipByValue(places, zero, ctx.sub(size, 1));
  }

  private Operand<TBool> within(Operand<TInt32> places, Operand<TInt32> size) {
    return tf.math.logicalAnd(ctx.greaterEqual(places, 0), tf.math.less(places, size));
  }

  /** A colour of the picture's own palette or else of the file's, {@code [3]}. */
  private Operand<TUint8> colour(Operand<TInt32> picture, Operand<TInt32> index) {
    Operand<TInt32> own = at(ctx.add(picture, 9));
    Operand<TInt32> begin = ctx.select(ctx.greaterEqual(own, 128), ctx.add(picture, 10), HEADER);
    Operand<TInt32> first = ctx.add(begin, ctx.mul(index, 3));
    return tf.dtypes.cast(ctx.gather(raw, ctx.add(first, tf.array(0, 1, 2)), 0), TUint8.class);
  }

  private Operand<TInt32> at(Operand<TInt32> place) {
    return ctx.gather(raw, place, 0);
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
