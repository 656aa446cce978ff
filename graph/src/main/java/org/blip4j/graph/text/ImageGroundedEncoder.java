package org.blip4j.graph.text;

import java.util.List;
import org.blip4j.ops.attention.AttentionMask;
import org.blip4j.ops.core.GraphContext;
import org.blip4j.ops.core.Shapes;
import org.tensorflow.Operand;
import org.tensorflow.op.Ops;
import org.tensorflow.types.TBool;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TInt32;
import org.tensorflow.types.family.TType;

/**
 * Second mode of MED: the image-grounded encoder. Self-attention in both directions,
 * cross-attention to the image. Texts begin with [ENC]. Used for ITM, VQA questions and NLVR2.
 *
 * @param stack the layers, the same objects as the unimodal encoder's
 */
public record ImageGroundedEncoder(MedStack stack) {

  /** Encodes texts, each with the image in its row. */
  public TextStates apply(GraphContext ctx, Tokens tokens, Attended.States image) {
    return apply(ctx, tokens, stack.project(ctx.in("match"), image));
  }

  /** Encodes texts with images that were projected before. */
  public TextStates apply(GraphContext ctx, Tokens tokens, Attended image) {
    return read(ctx, tokens, List.of(image));
  }

  /**
   * Encodes texts, each with two images in its row.
   *
   * @param first the first images, projected as sequence 0
   * @param second the second images, projected as sequence 1
   */
  public TextStates apply(GraphContext ctx, Tokens tokens, Attended first, Attended second) {
    return read(ctx, tokens, List.of(first, second));
  }

  /**
   * The states of the first tokens {@code [N, W]} of texts, each with the projected image in its
   * row or as {@link Attended#beside} says: the last layer computes nothing else. For training.
   */
  public Operand<TFloat32> firstStates(GraphContext outer, Tokens tokens, Attended images) {
    GraphContext ctx = outer.in("match").application("match");
    return stack.firstOfWhole(ctx, tokens, List.of(images));
  }

  private TextStates read(GraphContext outer, Tokens tokens, List<Attended> images) {
    GraphContext ctx = outer.in("match").application("match");
    AttentionMask mask = AttentionMask.padding(ctx, tokens.mask(), AttentionMask.SELF_HIDDEN);
    return new TextStates(stack.run(ctx, tokens, mask, images), tokens.mask());
  }

  /**
   * The states of the first tokens {@code [N, W]} of texts read with an image each. For inference:
   * no more is computed than they need, and the texts of an image share its keys.
   *
   * @param rows {@code [N]}, which of the images each text has
   * @param images U images, projected before
   */
  public Operand<TFloat32> sentenceStates(
      GraphContext outer, Tokens tokens, Operand<TInt32> rows, Attended images) {
    GraphContext ctx = outer.in("match");
    Operand<TInt32> count = Shapes.dim(ctx, images.layers().get(0).keys(), 0);
    PairGrid grid = PairGrid.of(ctx, tokens, rows, count);
    Operand<TFloat32> states =
        stack.firstStates(ctx, grid.tokens(), List.of(images.gather(ctx, grid.images()))); // [M, W]
    return ctx.gather(states, grid.places(), 0);
  }

  /**
   * Pairs of images and texts laid out so that the texts of an image are adjacent and every image
   * has as many places, some of which may be empty. Where that would leave more places than twice
   * the pairs, each pair has a place and an image of its own instead.
   *
   * @param tokens {@code [M, T]}; the mask of an empty place is 0 throughout
   * @param places {@code [N]}, the place of each pair
   * @param images {@code [B]}, the image of each group of M / B places
   */
  record PairGrid(Tokens tokens, Operand<TInt32> places, Operand<TInt32> images) {

    /**
     * Lays pairs out.
     *
     * @param tokens of N pairs
     * @param rows {@code [N]}, the image of each
     * @param count the number of images, a scalar
     */
    static PairGrid of(
        GraphContext outer, Tokens tokens, Operand<TInt32> rows, Operand<TInt32> count) {
      GraphContext ctx = outer.in("pair_grid");
      Ops tf = ctx.tf();
      Operand<TInt32> pairs = Shapes.dim(ctx, tokens.ids(), 0);
      Operand<TInt32> numbers = ctx.range(count); // [U]
      Operand<TInt32> belongs =
          tf.dtypes.cast(tf.math.equal(ctx.expandDims(rows, 1), numbers), TInt32.class); // [N, U]
      Operand<TInt32> before = ctx.cumsumBefore(belongs, 0); // [N, U]
      Operand<TInt32> rank = ctx.sum(ctx.mul(before, belongs), 1); // [N], in its image
      Operand<TInt32> most = ctx.add(ctx.max(ctx.maximum(rank, 0), 0), 1);

      Operand<TBool> grouped = tf.math.lessEqual(ctx.mul(count, most), ctx.mul(pairs, 2));
      Operand<TInt32> places =
          ctx.select(grouped, ctx.add(ctx.mul(rows, most), rank), ctx.range(pairs)); // [N]
      Operand<TInt32> groups = ctx.select(grouped, count, pairs);
      Operand<TInt32> start = ctx.select(grouped, 0, count);
      Operand<TInt32> images =
          ctx.gather(
              ctx.concat(0, numbers, rows), ctx.range(start, ctx.add(start, groups)), 0); // [B]
      Operand<TInt32> all = ctx.mul(groups, ctx.select(grouped, most, 1));
      Operand<TInt32> shape =
          Shapes.of(ctx, Shapes.value(all), Shapes.sizeOf(ctx, tokens.ids(), 1)); // [M, T]
      return new PairGrid(
          new Tokens(put(ctx, places, tokens.ids(), shape), put(ctx, places, tokens.mask(), shape)),
          places,
          images);
    }

    private static <T extends TType> Operand<T> put(
        GraphContext ctx, Operand<TInt32> places, Operand<T> values, Operand<TInt32> shape) {
      Ops tf = ctx.tf();
      return tf.scatterNd(ctx.expandDims(places, 1), values, shape);
    }
  }
}
