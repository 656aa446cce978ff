package org.blip4j.ops.image;

import java.util.ArrayList;
import java.util.List;
import org.blip4j.ops.core.GraphContext;
import org.blip4j.ops.core.GraphFunction;
import org.blip4j.ops.core.Shapes;
import org.tensorflow.Operand;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.op.Ops;
import org.tensorflow.proto.DataType;
import org.tensorflow.types.TBool;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TInt64;
import org.tensorflow.types.TString;
import org.tensorflow.types.TUint8;

/**
 * From the bytes of image files to the pixels that a vision transformer takes, inside the graph
 * (blip-spec 2.1, in training 5.8).
 *
 * <p>Each row stands alone: bytes that cannot be decoded, or of more than {@link #MOST_PIXELS},
 * give a status and pixels of 0 in their own row and leave the others as they are. Only what the
 * decoder refuses is such a row; any other error, such as a want of memory for the resize, ends the
 * run.
 *
 * <p>JPEG, PNG, GIF (first picture) and uncompressed BMP are read, bit-equal to Pillow's {@code
 * convert("RGB")} (CMYK JPEG may differ by one level): alpha and transparency are dropped, grey is
 * replicated, palettes are looked up, the EXIF orientation is ignored.
 *
 * <p>Everything runs on the CPU and needs no initialisation, so it works unchanged in an exported
 * model. Rows are decoded in parallel as long as their pixels stay within {@link #PIXELS_AT_ONCE}.
 *
 * @param size S, the side of the square that images are resized to
 */
public record ImageDecoding(int size) {
  /** As many pixels as Pillow reads without a warning. */
  public static final long MOST_PIXELS = 178_956_970;

  /** How many pixels may be in work at once, however many threads there are; one image always. */
  public static final long PIXELS_AT_ONCE = 1L << 26;

  private static final long PARALLEL_ROWS = 16;

  /**
   * A narrow or flat image counts as this wide and high, or as S: resizing holds a hundred bytes or
   * more for each line and each column, so that a few bytes could ask for gigabytes.
   */
  private static final long LEAST_SIDE = 384;

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
  public Result apply(GraphContext context, Operand<TString> bytes) {
    GraphContext ctx = context.in("decode_images").onCpu();
    Shapes.require(bytes, "image bytes", -1);
    return decode(
        ctx,
        List.of(bytes),
        (inner, in) -> List.of(BicubicResize.apply(inner, image(in.get(0)), size)));
  }

  /**
   * Decodes for training: augmented and resized.
   *
   * @param bytes {@code [B]} files
   * @param seeds {@code [B, 2]} for each row its own; the same seed and file give the same pixels
   *     in any batch
   */
  public Result apply(
      GraphContext context,
      Operand<TString> bytes,
      Augmentation augmentation,
      Operand<TInt64> seeds) {
    GraphContext ctx = context.in("decode_images").onCpu();
    Shapes.require(bytes, "image bytes", -1);
    Shapes.require(seeds, "augmentation seeds", -1, 2);
    return decode(
        ctx,
        List.of(bytes, seeds),
        (inner, in) -> List.of(augmentation.apply(inner, image(in.get(0)), seed(in.get(1)), size)));
  }

  /**
   * Decodes one file, not resized; bytes that are no image fail the run.
   *
   * @param bytes a scalar
   * @return {@code [height, width, 3]}
   */
  public static Operand<TUint8> decodeOne(GraphContext context, Operand<TString> bytes) {
    return ImageFile.pixels(context.onCpu(), bytes);
  }

  /**
   * Decodes files.
   *
   * @param rows the files, and what else {@code finish} is given of each
   * @param finish makes of an image one of the model's size
   */
  private Result decode(GraphContext ctx, List<Operand<?>> rows, GraphFunction.Body finish) {
    Ops tf = ctx.tf();
    Operand<TString> bytes = string(rows.get(0));
    Operand<TInt64> count = tf.dtypes.cast(Shapes.dim(ctx, bytes, 0), TInt64.class);
    Operand<TInt64> sizes = ImageFile.sizes(ctx, bytes); // [B, 2]
    Operand<TInt64> sides = // without an overflow of their product
        ctx.clip(sizes, Math.max(LEAST_SIDE, size), 1L << 31);
    Operand<TInt64> pixels = ctx.mul(ctx.at(sides, 0, 1), ctx.at(sides, 1, 1)); // [B]
    Operand<TBool> tooLarge = ctx.greater(pixels, MOST_PIXELS);
    List<Operand<?>> kept = new ArrayList<>(rows);
    kept.set(0, tf.select(tooLarge, tf.constant(""), bytes));
    Operand<TInt64> largest =
        ctx.max(ctx.concat(0, ctx.select(tooLarge, 0L, pixels), tf.array(1L)), 0);
    Operand<TInt64> parallel =
        ctx.clip(ctx.div(tf.constant(PIXELS_AT_ONCE), largest), 1L, PARALLEL_ROWS);
    List<GraphFunction.Input> decoded = new ArrayList<>();
    decoded.add(new GraphFunction.Input(DataType.DT_UINT8, Shape.of(-1, -1, 3)));
    rows.subList(1, rows.size())
        .forEach(
            more ->
                decoded.add(
                    new GraphFunction.Input(more.asOutput().dataType(), more.shape().tail())));
    RobustMap.Survivors survivors =
        new RobustMap(kept, parallel)
            .run(
                ctx,
                new RobustMap.Step(
                    (inner, in) -> {
                      List<Operand<?>> out = new ArrayList<>(in);
                      out.set(0, ImageFile.pixels(inner, string(in.get(0))));
                      return out;
                    },
                    decoded),
                new RobustMap.Step(
                    finish,
                    List.of(new GraphFunction.Input(DataType.DT_UINT8, Shape.of(size, size, 3)))));
    Operand<TInt64> indices = ctx.expandDims(survivors.indices(), 1);
    Operand<TInt64> shape =
        tf.stack(
            List.of(count, tf.constant((long) size), tf.constant((long) size), tf.constant(3L)));
    Operand<TFloat32> normalised =
        tf.scatterNd(indices, Normalization.apply(ctx, image(survivors.values())), shape);
    Operand<TBool> found =
        tf.scatterNd(
            indices,
            tf.fill(tf.shape(survivors.indices()), tf.constant(true)),
            ctx.expandDims(count, 0));
    return new Result(
        ctx.reshape(normalised, -1, size, size, 3),
        ImageStatus.of(ctx, new ImageStatus.Row(bytes, sizes, tooLarge, found)));
  }

  @SuppressWarnings("unchecked") // rows are declared as strings
  private static Operand<TString> string(Operand<?> operand) {
    return (Operand<TString>) operand;
  }

  @SuppressWarnings("unchecked") // declared so
  private static Operand<TUint8> image(Operand<?> operand) {
    return (Operand<TUint8>) operand;
  }

  @SuppressWarnings("unchecked") // declared like the seeds
  private static Operand<TInt64> seed(Operand<?> operand) {
    return (Operand<TInt64>) operand;
  }

  /**
   * A batch of decoded images, of which some rows may have failed.
   *
   * @param pixels {@code [B, S, S, 3]} normalised; all 0 in a failed row
   * @param status {@code [B]} empty, or what is wrong with the row's bytes
   */
  public record Result(Operand<TFloat32> pixels, Operand<TString> status) {

    /** Checks the shapes. */
    public Result {
      Shapes.require(pixels, "pixels", -1, -1, -1, 3);
      Shapes.require(status, "status", -1);
    }
  }

  /**
   * From bytes to the numbers that the model sees: to [0, 1], minus CLIP's mean, over its spread.
   */
  public static final class Normalization {
    private static final double[] MEAN = {0.48145466, 0.4578275, 0.40821073};
    private static final double[] DEVIATION = {0.26862954, 0.26130258, 0.27577711};

    private Normalization() {}

    /**
     * Normalises pixels.
     *
     * @param pixels {@code [..., width, 3]} red, green, blue
     * @return the same shape
     */
    public static Operand<TFloat32> apply(GraphContext ctx, Operand<TUint8> pixels) {
      Ops tf = ctx.tf();
      Shape shape = pixels.shape();
      int rank = shape.numDimensions();
      if (rank < 2 || shape.get(rank - 1) != 3) {
        throw new IllegalArgumentException(
            "pixels have shape " + shape + "; expected [..., width, 3]");
      }
      long width = shape.get(rank - 2);
      // A whole row of constants is added several times faster than three numbers are.
      int repeats = width > 0 ? Math.toIntExact(width) : 1;
      float[][] scale = new float[repeats][3];
      float[][] shift = new float[repeats][3];
      for (int i = 0; i < repeats; i++) {
        for (int c = 0; c < 3; c++) {
          scale[i][c] = (float) (1 / (255 * DEVIATION[c]));
          shift[i][c] = (float) (MEAN[c] / DEVIATION[c]);
        }
      }
      return ctx.sub(
          ctx.mul(tf.dtypes.cast(pixels, TFloat32.class), tf.constant(scale)), tf.constant(shift));
    }
  }
}
