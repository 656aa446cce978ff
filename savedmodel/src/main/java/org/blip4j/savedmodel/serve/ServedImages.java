package org.blip4j.savedmodel.serve;

import org.blip4j.graph.model.Blip;
import org.blip4j.graph.vision.ImageStates;
import org.blip4j.ops.core.GraphContext;
import org.blip4j.ops.image.DecodedImages;
import org.blip4j.ops.image.ImageDecoding;
import org.tensorflow.Operand;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.op.core.Placeholder;
import org.tensorflow.types.TBool;
import org.tensorflow.types.TInt32;
import org.tensorflow.types.TString;

/**
 * The images of a call, each decoded and encoded once however many rows it is in: a call with every
 * pair of N images and M texts, or with many seeds for one image, costs N encodings.
 *
 * @param bytes the input, {@code [B]}
 * @param states of the U distinct images, {@code [U, P, W]}
 * @param rows {@code [B]} which distinct image a row has
 * @param status {@code [B]}
 */
record ServedImages(
    Operand<TString> bytes, ImageStates states, Operand<TInt32> rows, Operand<TString> status) {

  static ServedImages create(GraphContext outer, Blip blip) {
    GraphContext ctx = outer.in("images");
    Operand<TString> bytes =
        outer
            .tf()
            .withName(ServingSignature.IMAGE_BYTES)
            .placeholder(TString.class, Placeholder.shape(Shape.of(-1)));
    Distinct distinct = Distinct.of(ctx, bytes);
    DecodedImages decoded =
        new ImageDecoding(blip.config().vision().imageSize()).apply(ctx, distinct.values());
    return new ServedImages(
        bytes,
        blip.vision().apply(ctx, decoded.pixels()),
        distinct.rows(),
        ctx.onCpu().tf().gather(decoded.status(), distinct.rows(), ctx.tf().constant(0)));
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
