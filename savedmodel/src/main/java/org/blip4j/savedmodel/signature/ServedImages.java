package org.blip4j.savedmodel.signature;

import com.google.common.base.Supplier;
import org.blip4j.graph.model.Blip;
import org.blip4j.graph.vision.ImageStates;
import org.blip4j.graph.vision.VisionTransformer;
import org.blip4j.ops.core.GraphContext;
import org.blip4j.ops.core.Shapes;
import org.blip4j.ops.image.ImageDecoding;
import org.tensorflow.Operand;
import org.tensorflow.Operation;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.op.Ops;
import org.tensorflow.op.core.Placeholder;
import org.tensorflow.proto.DataType;
import org.tensorflow.types.TBool;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TInt32;
import org.tensorflow.types.TString;

/**
 * The images of a call, each decoded and encoded once however many rows it is in: a call with every
 * pair of N images and M texts, or with many seeds for one image, costs N encodings.
 *
 * @param bytes the input, {@code [B]}
 * @param states of the U distinct images, {@code [U, P, W]}
 * @param classStates gives the states of their class tokens alone, {@code [U, W]}: less work where
 *     nothing else is read
 * @param rows {@code [B]} which distinct image a row has
 * @param status {@code [B]}
 */
record ServedImages(
    Operand<TString> bytes,
    ImageStates states,
    Supplier<Operand<TFloat32>> classStates,
    Operand<TInt32> rows,
    Operand<TString> status) {

  static ServedImages create(GraphContext outer, Blip blip) {
    GraphContext ctx = outer.in("images");
    ImageInput input = ImageInput.create(outer, ctx, blip, ServingSignature.IMAGE_BYTES);
    VisionTransformer.Encoded encoded = blip.vision().encode(ctx, input.decoded().pixels());
    return input.served(ctx, encoded.states(), () -> blip.vision().classStates(ctx, encoded));
  }

  /** An input of image files before it is encoded. */
  private record ImageInput(
      Operand<TString> bytes, Distinct distinct, ImageDecoding.Result decoded) {

    static ImageInput create(GraphContext outer, GraphContext ctx, Blip blip, String name) {
      Operand<TString> bytes =
          outer.tf().withName(name).placeholder(TString.class, Placeholder.shape(Shape.of(-1)));
      Distinct distinct = Distinct.of(ctx, bytes);
      ImageDecoding decoding = new ImageDecoding(blip.config().vision().imageSize());
      return new ImageInput(bytes, distinct, decoding.apply(ctx, distinct.values()));
    }

    ServedImages served(GraphContext ctx, ImageStates states) {
      return served(ctx, states, () -> states.classState(ctx));
    }

    ServedImages served(
        GraphContext ctx, ImageStates states, Supplier<Operand<TFloat32>> classStates) {
      return new ServedImages(
          bytes,
          states,
          classStates,
          distinct.rows(),
          ctx.onCpu().tf().gather(decoded.status(), distinct.rows(), ctx.tf().constant(0)));
    }
  }

  /** Two images a row. */
  record Pair(ServedImages left, ServedImages right) {}

  /** Two inputs of images, all encoded in one application. */
  static Pair createPair(GraphContext outer, Blip blip) {
    GraphContext ctx = outer.in("images");
    Ops tf = ctx.tf();
    ImageInput left = ImageInput.create(outer, ctx, blip, ServingSignature.LEFT_BYTES);
    ImageInput right = ImageInput.create(outer, ctx, blip, ServingSignature.RIGHT_BYTES);
    Operand<TFloat32> lefts = left.decoded().pixels();
    Operand<TFloat32> rights = right.decoded().pixels();
    ImageStates states = blip.vision().apply(ctx, ctx.concat(0, lefts, rights));
    Operand<TInt32> border = Shapes.dim(ctx, lefts, 0);
    Operand<TInt32> end = tf.math.add(border, Shapes.dim(ctx, rights, 0));
    Operand<TInt32> one = tf.constant(1);
    return new Pair(
        left.served(ctx, states.gather(ctx, tf.range(tf.constant(0), border, one))),
        right.served(ctx, states.gather(ctx, tf.range(border, end, one))));
  }

  /** The states of each row's image, {@code [B, P, W]}. */
  ImageStates perRow(GraphContext ctx) {
    return states.gather(ctx, rows);
  }

  /** Which rows have an image, {@code [B]}. */
  Operand<TBool> readable(GraphContext ctx) {
    return ctx.onCpu().tf().math.equal(status, ctx.tf().array(""));
  }

  /**
   * Strings without repetitions.
   *
   * @param values {@code [U]} in the order of their first rows
   * @param rows {@code [B]} which of them a row has
   */
  record Distinct(Operand<TString> values, Operand<TInt32> rows) {

    /** The distinct values of {@code strings [B]}. */
    static Distinct of(GraphContext ctx, Operand<TString> strings) {
      Operation unique =
          ctx.onCpu()
              .op("Unique", "unique")
              .addInput(strings.asOutput())
              .setAttr("out_idx", DataType.DT_INT32)
              .build();
      return new Distinct(unique.output(0), unique.output(1));
    }

    /** What each row has of {@code [U]} strings. */
    Operand<TString> perRow(GraphContext ctx, Operand<TString> strings) { // [B]
      return ctx.onCpu().tf().gather(strings, rows, ctx.tf().constant(0));
    }
  }
}
