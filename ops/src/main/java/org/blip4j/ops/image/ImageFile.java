package org.blip4j.ops.image;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import org.blip4j.ops.core.GraphContext;
import org.blip4j.ops.core.GraphFunction;
import org.tensorflow.Operand;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.op.Ops;
import org.tensorflow.op.core.Stack;
import org.tensorflow.op.image.DecodeJpeg;
import org.tensorflow.op.image.DecodePng;
import org.tensorflow.proto.DataType;
import org.tensorflow.types.TBool;
import org.tensorflow.types.TInt32;
import org.tensorflow.types.TInt64;
import org.tensorflow.types.TString;
import org.tensorflow.types.TUint16;
import org.tensorflow.types.TUint8;

/** One image file in the graph: its size by its header, and its pixels as Pillow shows them. */
final class ImageFile {
  private static final int CMYK = 4;
  private static final int HEAD = 32;

  /** Says that inks are stored as light; a marker of the file itself comes later and counts. */
  private static final String ADOBE = "\u00ff\u00ee\0\u000eAdobe\0d\0\0\0\0\0";

  private ImageFile() {}

  /**
   * Width and height of what the headers promise, {@code [B, 2]}; 0 where none can be read.
   *
   * @param bytes {@code [B]}
   */
  @SuppressWarnings("unchecked") // declared so
  static Operand<TInt64> sizes(GraphContext ctx, Operand<TString> bytes) {
    Ops tf = ctx.tf();
    Operand<TInt64> count = tf.dtypes.cast(tf.size(bytes), TInt64.class);
    // Others are emptied, since the reader of JPEG headers complains of them on standard error.
    Operand<TString> candidates =
        tf.select(ImageStatus.startsWith(ctx, bytes, ImageStatus.JPEG), bytes, tf.constant(""));
    RobustMap.Survivors jpeg =
        new RobustMap(List.of(candidates), tf.constant(16L))
            .run(
                ctx,
                new RobustMap.Step(
                    (inner, in) -> {
                      Operand<TInt32> shape = inner.tf().image.extractJpegShape(string(in.get(0)));
                      Operand<TInt32> size = inner.gather(shape, inner.tf().array(1, 0), 0);
                      return List.of(inner.tf().dtypes.cast(size, TInt64.class));
                    },
                    List.of(new GraphFunction.Input(DataType.DT_INT64, Shape.of(2)))));
    Operand<TInt64> sizes =
        tf.scatterNd(
            ctx.expandDims(jpeg.indices(), 1),
            (Operand<TInt64>) jpeg.values(),
            tf.stack(List.of(count, tf.constant(2L))));
    Operand<TInt32> zero = tf.constant(0);
    Operand<TInt32> head = tf.constant(HEAD);
    Operand<TString> heads = // longer than any header that is read
        tf.strings.substr(
            tf.strings.join(
                List.of(tf.strings.substr(bytes, zero, head), tf.constant("\0".repeat(HEAD)))),
            zero,
            head);
    Operand<TInt64> raw =
        tf.dtypes.cast(tf.io.decodeRaw(heads, TUint8.class), TInt64.class); // [B, HEAD]
    Operand<TInt64> gif =
        tf.stack(List.of(number(ctx, raw, 6, 7), number(ctx, raw, 8, 9)), Stack.axis(1L));
    Operand<TInt64> png =
        tf.stack(
            List.of(number(ctx, raw, 19, 18, 17, 16), number(ctx, raw, 23, 22, 21, 20)),
            Stack.axis(1L));
    Operand<TInt64> bmp = bmp(ctx, raw);
    sizes = tf.select(is(ctx, bytes, ImageStatus.GIF), gif, sizes);
    sizes = tf.select(is(ctx, bytes, ImageStatus.PNG), png, sizes);
    return tf.select(is(ctx, bytes, ImageStatus.BMP), bmp, sizes);
  }

  private static Operand<TBool> is(GraphContext ctx, Operand<TString> bytes, String start) {
    return ctx.expandDims(ImageStatus.startsWith(ctx, bytes, start), 1);
  }

  private static Operand<TInt64> bmp(GraphContext ctx, Operand<TInt64> raw) {
    Ops tf = ctx.tf();
    Operand<TInt64> signed = number(ctx, raw, 22, 23, 24, 25);
    Operand<TInt64> height =
        tf.select(ctx.greater(signed, (long) Integer.MAX_VALUE), ctx.sub(1L << 32, signed), signed);
    return tf.select(
        ctx.expandDims(ctx.equal(number(ctx, raw, 14, 15, 16, 17), 12L), 1),
        tf.stack(List.of(number(ctx, raw, 18, 19), number(ctx, raw, 20, 21)), Stack.axis(1L)),
        tf.stack(List.of(number(ctx, raw, 18, 19, 20, 21), height), Stack.axis(1L)));
  }

  /** A number of the bytes at some places, the lowest first, {@code [B]}. */
  private static Operand<TInt64> number(GraphContext ctx, Operand<TInt64> raw, int... places) {
    Ops tf = ctx.tf();
    long[] factors = {1, 1L << 8, 1L << 16, 1L << 24};
    Operand<TInt64> digits = ctx.gather(raw, tf.constant(places), 1);
    return ctx.sum(ctx.mul(digits, tf.constant(Arrays.copyOf(factors, places.length))), 1);
  }

  /**
   * The pixels, {@code [height, width, 3]}; fails if they cannot be decoded.
   *
   * @param bytes a scalar
   */
  static Operand<TUint8> pixels(GraphContext ctx, Operand<TString> bytes) {
    Operand<TInt32> kind = kind(ctx, bytes);
    Operand<TInt32> other = ctx.tf().math.minimum(kind, ctx.tf().constant(1));
    // In two stages, since all ways of one are made ready when the first of them is taken.
    return GraphFunction.Branches.choose(
        ctx,
        other,
        List.of(bytes, kind),
        List.of(
            (inner, in) -> jpeg(inner, string(in.get(0))),
            (inner, in) ->
                GraphFunction.Branches.choose(
                    inner,
                    inner.sub(number(in.get(1)), 1),
                    List.of(in.get(0)),
                    List.of(
                        (deep, file) ->
                            deep.tf()
                                .image
                                .decodePng(
                                    string(file.get(0)),
                                    new DecodePng.Options[] {DecodePng.channels(3L)}),
                        (deep, file) -> GifFile.pixels(deep, string(file.get(0))),
                        (deep, file) -> BmpFile.pixels(deep, string(file.get(0))),
                        (deep, file) -> deepGrey(deep, string(file.get(0)))))));
  }

  /** The number of the way; what is none of the others is left to the JPEG decoder to refuse. */
  private static Operand<TInt32> kind(GraphContext ctx, Operand<TString> bytes) {
    Ops tf = ctx.tf();
    Operand<TInt32> kind = tf.constant(0);
    String[] starts = {ImageStatus.PNG, ImageStatus.GIF, ImageStatus.BMP};
    for (int i = 0; i < starts.length; i++) {
      kind = ctx.select(ImageStatus.startsWith(ctx, bytes, starts[i]), i + 1, kind);
    }
    Operand<TInt32> begin = ctx.minimum(tf.strings.stringLength(bytes), 24);
    Operand<TString> depthAndColour = tf.strings.substr(bytes, begin, tf.constant(2));
    Operand<TBool> grey16 =
        tf.math.logicalAnd(
            ctx.equal(kind, 1), tf.math.equal(depthAndColour, tf.constant("\u0010\0")));
    return ctx.select(grey16, starts.length + 1, kind);
  }

  /** Pillow takes the inks of every CMYK file for stored as light, TensorFlow only Adobe's. */
  private static Operand<TUint8> jpeg(GraphContext ctx, Operand<TString> bytes) {
    Ops tf = ctx.tf();
    Operand<TInt32> components = ctx.at(tf.image.extractJpegShape(bytes), 2, 0);
    Operand<TString> marker =
        tf.select(
            ctx.equal(components, CMYK),
            tf.constant(StandardCharsets.ISO_8859_1, ADOBE),
            tf.constant(""));
    Operand<TInt32> two = tf.constant(2);
    Operand<TString> marked =
        tf.strings.join(
            List.of(
                tf.strings.substr(bytes, tf.constant(0), two),
                marker,
                tf.strings.substr(bytes, two, tf.constant(Integer.MAX_VALUE))));
    return tf.image.decodeJpeg(
        marked, DecodeJpeg.channels(3L), DecodeJpeg.dctMethod("INTEGER_ACCURATE"));
  }

  /** Of grey in 16 bits Pillow keeps levels up to 255 and makes white of all above. */
  private static Operand<TUint8> deepGrey(GraphContext ctx, Operand<TString> bytes) {
    Ops tf = ctx.tf();
    Operand<TUint16> levels = tf.image.decodePng(bytes, TUint16.class, DecodePng.channels(1L));
    Operand<TInt32> clipped = ctx.minimum(tf.dtypes.cast(levels, TInt32.class), 255);
    return ctx.gather(tf.dtypes.cast(clipped, TUint8.class), tf.array(0, 0, 0), 2);
  }

  @SuppressWarnings("unchecked") // declared so
  private static Operand<TInt32> number(Operand<?> operand) {
    return (Operand<TInt32>) operand;
  }

  @SuppressWarnings("unchecked") // declared so
  private static Operand<TString> string(Operand<?> operand) {
    return (Operand<TString>) operand;
  }
}
