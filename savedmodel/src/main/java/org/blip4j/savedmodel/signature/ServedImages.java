package org.blip4j.savedmodel.signature;

import com.google.common.base.Supplier;
import org.blip4j.graph.model.Blip;
import org.blip4j.graph.vision.ImageStates;
import org.blip4j.graph.vision.VisionTransformer;
import org.blip4j.ops.core.GraphContext;
import org.blip4j.ops.core.Shapes;
import org.blip4j.ops.image.ImageDecoding;
import org.tensorflow.Operand;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.op.Ops;
import org.tensorflow.types.TBool;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TInt32;
import org.tensorflow.types.TString;

/**
 * The images of a call, each decoded and encoded once however many rows it is in: a call with every
 * pair of N images and M texts, or with many seeds for one image, costs N encodings.
 *
 * @param bytes the input of files, {@code [B]}
 * @param pixels the input that may be given instead, {@code [B, S, S, 3]}, normalised
 * @param states of the U distinct images, {@code [U, P, W]}
 * @param classStates gives the states of their class tokens alone, {@code [U, W]}: less work where
 *     nothing else is read
 * @param rows {@code [B]} which distinct image a row has
 * @param status {@code [B]}
 */
record ServedImages(
    Operand<TString> bytes,
    Operand<TFloat32> pixels,
    ImageStates states,
    Supplier<Operand<TFloat32>> classStates,
    Operand<TInt32> rows,
    Operand<TString> status) {

  static ServedImages create(GraphContext outer, Blip blip) {
    GraphContext ctx = outer.in("images");
    return input(outer, ctx, blip).encoded(ctx, blip);
  }

  /**
   * The images of one input for two models, each of which encodes them.
   *
   * @throws IllegalArgumentException if the models take images of different sizes
   */
  static Pair createShared(GraphContext outer, Blip first, Blip second) {
    int side = first.config().vision().imageSize();
    int other = second.config().vision().imageSize();
    if (side != other) {
      throw new IllegalArgumentException(
          "one model takes images of %d pixels, the other of %d; give models of one image size"
              .formatted(side, other));
    }
    GraphContext ctx = outer.in("images");
    ImageInput input = input(outer, ctx, first);
    return new Pair(input.encoded(ctx.in("first"), first), input.encoded(ctx.in("second"), second));
  }

  private static ImageInput input(GraphContext outer, GraphContext ctx, Blip blip) {
    return ImageInput.create(
        outer, ctx, blip, ServingSignature.IMAGE_BYTES, ServingSignature.PIXELS);
  }

  /** An input of images before it is encoded. */
  private record ImageInput(
      Operand<TString> bytes,
      Operand<TFloat32> pixels,
      Operand<TFloat32> checked,
      Operand<TInt32> rows,
      Operand<TString> status) {

    static ImageInput create(
        GraphContext outer, GraphContext ctx, Blip blip, String files, String tensors) {
      Operand<TString> bytes = ServedInputs.bytes(outer, files);
      ServedInputs.Distinct distinct =
          ServedInputs.Distinct.of(ctx, ServedInputs.vector(ctx, bytes, files));
      int side = blip.config().vision().imageSize();
      ImageDecoding.Result decoded = new ImageDecoding(side).apply(ctx, distinct.values());
      Operand<TFloat32> pixels =
          ServedInputs.instead(outer, tensors, decoded.pixels(), Shape.of(-1, side, side, 3));
      return new ImageInput(
          bytes,
          pixels,
          ServedInputs.rowsOf(ctx, pixels, tensors, side, side, 3),
          distinct.rowsWith(ctx, pixels),
          distinct.statusWith(ctx, decoded.status(), pixels));
    }

    ServedImages encoded(GraphContext ctx, Blip blip) {
      VisionTransformer.Encoded encoded = blip.vision().encode(ctx, checked);
      return served(ctx, encoded.states(), () -> blip.vision().classStates(ctx, encoded));
    }

    ServedImages served(GraphContext ctx, ImageStates states) {
      return served(ctx, states, () -> states.classState(ctx));
    }

    ServedImages served(
        GraphContext ctx, ImageStates states, Supplier<Operand<TFloat32>> classStates) {
      return new ServedImages(
          bytes,
          pixels,
          states,
          classStates,
          rows,
          ctx.onCpu().tf().gather(status, rows, ctx.tf().constant(0)));
    }
  }

  /** Two images a row, or one for each of two models. */
  record Pair(ServedImages left, ServedImages right) {}

  /** Two inputs of images, all encoded in one application. */
  static Pair createPair(GraphContext outer, Blip blip) {
    GraphContext ctx = outer.in("images");
    Ops tf = ctx.tf();
    ImageInput left =
        ImageInput.create(
            outer, ctx, blip, ServingSignature.LEFT_BYTES, ServingSignature.LEFT_PIXELS);
    ImageInput right =
        ImageInput.create(
            outer, ctx, blip, ServingSignature.RIGHT_BYTES, ServingSignature.RIGHT_PIXELS);
    Operand<TFloat32> lefts = left.checked();
    Operand<TFloat32> rights = right.checked();
    ImageStates states = blip.vision().apply(ctx, ctx.concat(0, lefts, rights));
    Operand<TInt32> border = Shapes.dim(ctx, lefts, 0);
    Operand<TInt32> end = tf.math.add(border, Shapes.dim(ctx, rights, 0));
    Operand<TInt32> one = tf.constant(1);
    return new Pair(
        left.served(ctx, states.gather(ctx, tf.range(tf.constant(0), border, one))),
        right.served(ctx, states.gather(ctx, tf.range(border, end, one))));
  }

  /** The same, where a call fails that has another number of rows than of other images. */
  ServedImages asManyAs(GraphContext ctx, String name, ServedImages others, String of) {
    return new ServedImages(
        bytes,
        pixels,
        states,
        classStates,
        ServedInputs.perRow(ctx, rows, name, others.rows, of),
        ServedInputs.perRow(ctx, status, name, others.rows, of));
  }

  /** The states of each row's image, {@code [B, P, W]}. */
  ImageStates perRow(GraphContext ctx) {
    return states.gather(ctx, rows);
  }

  /** Which rows have an image, {@code [B]}. */
  Operand<TBool> readable(GraphContext ctx) {
    return ctx.onCpu().tf().math.equal(status, ctx.tf().array(""));
  }
}
