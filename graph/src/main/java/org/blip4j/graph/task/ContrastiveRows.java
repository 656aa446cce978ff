package org.blip4j.graph.task;

import com.google.common.collect.ImmutableMap;
import org.blip4j.graph.loss.HardNegatives;
import org.blip4j.graph.loss.ItcLoss;
import org.blip4j.graph.loss.ItmLoss;
import org.blip4j.graph.text.Attended;
import org.blip4j.graph.text.MedStack;
import org.blip4j.graph.text.Tokens;
import org.blip4j.graph.vision.ImageStates;
import org.blip4j.ops.core.BatchPart;
import org.blip4j.ops.core.GraphContext;
import org.blip4j.ops.core.Shapes;
import org.tensorflow.Operand;
import org.tensorflow.types.TBool;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TInt32;

/**
 * Rows of a batch of pairs whose contrastive and matching losses are computed.
 *
 * @param batch what the step is given of them
 * @param temperature after clamping, a scalar
 * @param images their states, with gradient
 * @param online their features, with gradient
 * @param gathered what is known of all rows of the batch
 */
record ContrastiveRows(
    ImageTextBatch batch,
    Operand<TFloat32> temperature,
    ImageStates images,
    ItcLoss.Features online,
    Encoded.Gathered gathered) {
  /** The name of image states among what is gathered. */
  static final String STATES = "image_states";

  private static final String SLOW_IMAGES = "momentum_images";
  private static final String SLOW_TEXTS = "momentum_texts";
  private static final String IDS = "ids";
  private static final String MASK = "mask";

  /** The texts of the whole batch. */
  Tokens allTexts() {
    return new Tokens(gathered.all(IDS), gathered.all(MASK));
  }

  /** The number of each row in the whole batch, {@code [b]}. */
  Operand<TInt32> numbers(GraphContext ctx) {
    return gathered.part().isPresent()
        ? gathered.part().get().numbers(ctx)
        : ctx.range(Shapes.dim(ctx, batch.tokens().ids(), 0));
  }

  /** Rows of the whole batch, a scalar. */
  Operand<TInt32> ofAll(GraphContext ctx) {
    return gathered
        .part()
        .map(BatchPart::of)
        .orElseGet(() -> Shapes.dim(ctx, batch.tokens().ids(), 0));
  }

  /** 1 where a row's text differs from another one of the batch, {@code [b, B]}. */
  Operand<TFloat32> differentTexts(GraphContext ctx) {
    Operand<TBool> equal =
        ctx.tf()
            .math
            .equal(
                ctx.expandDims(allTexts().ids(), 0),
                ctx.expandDims(batch.tokens().ids(), 1)); // [b, B, T]
    return ctx.tf().dtypes.cast(ctx.tf().math.logicalNot(ctx.all(equal, 2)), TFloat32.class);
  }

  /** What is gathered of each row, without gradient. */
  static ImmutableMap<String, Operand<?>> features(ItcLoss.Features slow, Tokens tokens) {
    return ImmutableMap.of(
        SLOW_IMAGES, slow.image(), SLOW_TEXTS, slow.text(), IDS, tokens.ids(), MASK, tokens.mask());
  }

  /** Features of these rows from the updated twin, without gradient. */
  ItcLoss.Features slow(GraphContext ctx) {
    return new ItcLoss.Features(gathered.own(ctx, SLOW_IMAGES), gathered.own(ctx, SLOW_TEXTS));
  }

  /** The same of the whole batch. */
  static ItcLoss.Features allSlow(Encoded.Gathered gathered) {
    return new ItcLoss.Features(gathered.all(SLOW_IMAGES), gathered.all(SLOW_TEXTS));
  }

  /**
   * What cross-attention reads.
   *
   * @param images of the rows, projected
   * @param pairs that are judged
   */
  record Grounded(Attended images, ItmLoss.Pairs pairs) {}

  /**
   * Projects the images of the rows once, for matching and writing. A part's wrong images may be
   * those of other parts: they are projected beside its own.
   */
  Grounded grounded(GraphContext outer, MedStack stack, long enc, HardNegatives negatives) {
    if (gathered.part().isEmpty()) {
      Attended projected = stack.project(outer, images.attended());
      Tokens texts = batch.tokens().withFirst(outer.in("itm"), enc);
      return new Grounded(projected, ItmLoss.Pairs.of(outer, texts, projected, negatives));
    }
    GraphContext ctx = outer.in("itm");
    Operand<TFloat32> all = gathered.all(STATES);
    ImageStates wrong = new ImageStates(ctx.gather(all, negatives.imageForText(), 0)); // [b, P, W]
    Attended own = stack.project(outer, images.attended());
    Attended others = stack.project(ctx.in("wrong"), wrong.attended());
    Tokens tokens = batch.tokens();
    Tokens texts =
        tokens
            .concat(ctx, tokens)
            .concat(ctx, allTexts().gather(ctx, negatives.textForImage())); // [3b, T]
    return new Grounded(own, new ItmLoss.Pairs(texts.withFirst(ctx, enc), own.beside(others)));
  }
}
