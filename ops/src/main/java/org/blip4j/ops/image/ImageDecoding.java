package org.blip4j.ops.image;

import java.util.List;
import org.blip4j.ops.core.GraphContext;
import org.blip4j.ops.core.GraphFunction;
import org.blip4j.ops.core.Shapes;
import org.tensorflow.Operand;
import org.tensorflow.op.Ops;
import org.tensorflow.op.image.DecodeImage;
import org.tensorflow.op.image.DecodeJpeg;
import org.tensorflow.types.TBool;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TInt32;
import org.tensorflow.types.TInt64;
import org.tensorflow.types.TString;
import org.tensorflow.types.TUint8;

/**
 * From the bytes of image files to the pixels that a vision transformer takes, inside the graph
 * (blip-spec 2.1, in training 5.8).
 *
 * <p>Each row stands alone: bytes that cannot be decoded give a status and pixels of 0 in their own
 * row and leave the others as they are. JPEG, PNG, GIF (first frame) and BMP are read, bit-equal to
 * Pillow (CMYK JPEG may differ by one level, and 16-bit grey PNG, which Pillow turns white, keeps
 * its upper bytes); alpha is dropped, grey replicated, the EXIF orientation ignored.
 *
 * <p>Everything runs on the CPU, one row per thread, and needs no initialisation, so it works
 * unchanged in an exported model.
 *
 * @param size S, the side of the square that images are resized to
 */
public record ImageDecoding(int size) {

  /** Checks the size. */
  public ImageDecoding {
    if (size < 1) {
      throw new IllegalArgumentException("image size is " + size + "; it must be 1 or more");
    }
  }

  /**
   * Decodes for evaluation: the whole image, resized.
   *
   * @param bytes {@code [B]} files
   */
  public DecodedImages apply(GraphContext context, Operand<TString> bytes) {
    GraphContext ctx = context.in("decode_images").onCpu();
    Shapes.require(bytes, "image bytes", -1);
    return decode(
        ctx,
        bytes,
        List.of(),
        (inner, row) ->
            List.of(BicubicResize.apply(inner, decodeOne(inner, string(row.get(0))), size)));
  }

  /**
   * Decodes for training: augmented and resized.
   *
   * @param bytes {@code [B]} files
   * @param seeds {@code [B, 2]} for each row its own; the same seed and file give the same pixels
   *     in any batch
   */
  public DecodedImages apply(
      GraphContext context,
      Operand<TString> bytes,
      Augmentation augmentation,
      Operand<TInt64> seeds) {
    GraphContext ctx = context.in("decode_images").onCpu();
    Shapes.require(bytes, "image bytes", -1);
    Shapes.require(seeds, "augmentation seeds", -1, 2);
    return decode(
        ctx,
        bytes,
        List.of(seeds),
        (inner, row) ->
            List.of(
                augmentation.apply(
                    inner, decodeOne(inner, string(row.get(0))), seed(row.get(1)), size)));
  }

  /**
   * Decodes one file, not resized; bytes that are no image fail the run.
   *
   * @param bytes a scalar
   * @return {@code [height, width, 3]}
   */
  public static Operand<TUint8> decodeOne(GraphContext context, Operand<TString> bytes) {
    GraphContext ctx = context.onCpu();
    Operand<TInt32> other =
        ctx.tf()
            .dtypes
            .cast(ctx.tf().math.logicalNot(ImageStatus.isJpegOrPng(ctx.tf(), bytes)), TInt32.class);
    return Branches.choose(
        ctx,
        other,
        List.of(bytes),
        List.of(
            (inner, in) ->
                List.of(
                    inner
                        .tf()
                        .image
                        .decodeJpeg(
                            string(in.get(0)),
                            DecodeJpeg.channels(3L),
                            DecodeJpeg.dctMethod("INTEGER_ACCURATE"))),
            (inner, in) -> List.of(decodeGifOrBmp(inner.tf(), string(in.get(0))))));
  }

  private static Operand<TUint8> decodeGifOrBmp(Ops tf, Operand<TString> bytes) {
    Operand<TUint8> image =
        tf.image.decodeImage(
            bytes, TUint8.class, DecodeImage.expandAnimations(false)); // [height, width, 1..4]
    Operand<TInt32> channels = tf.gather(tf.shape(image), tf.constant(2), tf.constant(0));
    Operand<TInt32> picked =
        tf.math.minimum(tf.constant(new int[] {0, 1, 2}), tf.math.sub(channels, tf.constant(1)));
    return tf.gather(image, picked, tf.constant(2));
  }

  private DecodedImages decode(
      GraphContext ctx, Operand<TString> bytes, List<Operand<?>> more, GraphFunction.Body row) {
    Ops tf = ctx.tf();
    Operand<TInt64> rows = tf.dtypes.cast(Shapes.dim(ctx, bytes, 0), TInt64.class);
    RobustMap.Survivors survivors = new RobustMap(size).run(ctx, bytes, more, row);
    Operand<TInt64> indices = tf.expandDims(survivors.indices(), tf.constant(1));
    Operand<TInt64> shape =
        tf.stack(
            List.of(rows, tf.constant((long) size), tf.constant((long) size), tf.constant(3L)));
    Operand<TFloat32> pixels =
        tf.scatterNd(indices, Normalization.apply(ctx, survivors.images()), shape);
    Operand<TBool> decoded =
        tf.scatterNd(
            indices,
            tf.fill(tf.shape(survivors.indices()), tf.constant(true)),
            tf.expandDims(rows, tf.constant(0)));
    return new DecodedImages(
        tf.reshape(pixels, tf.constant(new int[] {-1, size, size, 3})),
        ImageStatus.of(ctx, bytes, decoded));
  }

  @SuppressWarnings("unchecked") // rows are declared as strings
  private static Operand<TString> string(Operand<?> operand) {
    return (Operand<TString>) operand;
  }

  @SuppressWarnings("unchecked") // declared like the seeds
  private static Operand<TInt64> seed(Operand<?> operand) {
    return (Operand<TInt64>) operand;
  }
}
