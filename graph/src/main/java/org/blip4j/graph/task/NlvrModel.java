package org.blip4j.graph.task;

import com.google.common.collect.ImmutableMap;
import org.blip4j.graph.config.BlipConfig;
import org.blip4j.graph.config.Task;
import org.blip4j.graph.model.Blip;
import org.blip4j.graph.vision.ImageStates;
import org.blip4j.ops.core.GraphContext;
import org.blip4j.ops.core.Shapes;
import org.blip4j.ops.core.VariableScope;
import org.blip4j.ops.loss.CrossEntropy;
import org.tensorflow.Operand;
import org.tensorflow.op.Ops;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TInt32;
import org.tensorflow.types.TInt64;

/**
 * Reasoning about two images: cross-entropy of true and false (NLVR2, blip-spec 7.5). Both images
 * go through the one image encoder.
 *
 * <p>Traced: {@code images}, all first ones, then all second ones, {@code [2B, P, W]}; {@code
 * logits} {@code [B, 2]}; and the layers of the text.
 */
public final class NlvrModel implements TaskModel<ImagePairBatch> {
  private final Blip blip;

  private NlvrModel(VariableScope vars, BlipConfig config) {
    this.blip = Blip.create(vars, config, Task.NLVR);
  }

  /** Creates the variables of reasoning about two images. */
  public static NlvrModel create(VariableScope vars, BlipConfig config) {
    return new NlvrModel(vars, config);
  }

  @Override
  public Blip blip() {
    return blip;
  }

  @Override
  public ImagePairBatch feeds(GraphContext ctx, TaskBatch.Sizes sizes) {
    return ImagePairBatch.feeds(ctx, sizes);
  }

  @Override
  public Encoded encode(GraphContext ctx, ImagePairBatch batch) {
    ImageStates images =
        blip.vision()
            .apply(ctx.blocks(2), ctx.concat(0, batch.first(), batch.second())); // [2B, P, W]
    ctx.trace("images", images.hidden());
    return Encoded.apart((second, none) -> losses(second, batch, images));
  }

  private TrainingStep losses(GraphContext ctx, ImagePairBatch batch, ImageStates images) {
    Ops tf = ctx.tf();
    Operand<TInt32> rows = Shapes.dim(ctx, batch.tokens().ids(), 0);
    Operand<TInt32> all = tf.math.add(rows, rows);
    Blip.Judging.Pair pair =
        blip.judging()
            .project(
                ctx, images.gather(ctx, ctx.range(rows)), images.gather(ctx, ctx.range(rows, all)));
    Operand<TFloat32> logits =
        ctx.trace("logits", blip.judging().judge(ctx, batch.tokens(), pair)); // [B, 2]
    Operand<TFloat32> loss = ctx.mean(CrossEntropy.hard(ctx, logits, batch.labels(), 0), 0);
    return TrainingStep.withoutWrites(
        loss, ImmutableMap.of("accuracy", accuracy(ctx, logits, batch.labels())));
  }

  private static Operand<TFloat32> accuracy(
      GraphContext ctx, Operand<TFloat32> logits, Operand<TInt64> labels) {
    Ops tf = ctx.tf();
    Operand<TInt64> judged = ctx.argMax(logits, 1);
    return ctx.mean(tf.dtypes.cast(tf.math.equal(judged, labels), TFloat32.class), 0);
  }
}
