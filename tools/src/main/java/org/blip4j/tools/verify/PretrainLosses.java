package org.blip4j.tools.verify;

import com.google.common.collect.ImmutableMap;
import org.blip4j.graph.task.ContrastiveTask;
import org.blip4j.graph.task.ImageTextBatch;
import org.blip4j.graph.task.PretrainModel;
import org.blip4j.graph.task.TaskModel;
import org.blip4j.graph.task.TrainingStep;
import org.blip4j.ops.core.GraphContext;
import org.blip4j.ops.core.Trace;
import org.tensorflow.Operand;

/** The traces of training steps under the names that goldens use. */
final class PretrainLosses {
  private PretrainLosses() {}

  private static final ImmutableMap<String, String> CONTRASTIVE =
      ImmutableMap.<String, String>builder()
          .put("image_feat", "image_features/normal")
          .put("text_feat", "text_features/normal")
          .put("image_feat_m", "momentum/image_features/normal")
          .put("text_feat_m", "momentum/text_features/normal")
          .put("loss_ita", "itc/loss")
          .put("loss_i2t", "itc/loss_i2t")
          .put("loss_t2i", "itc/loss_t2i")
          .put("sim_i2t", "itc/similarity_i2t")
          .put("sim_t2i", "itc/similarity_t2i")
          .put("sim_i2t_m", "itc/momentum_similarity_i2t")
          .put("sim_t2i_m", "itc/momentum_similarity_t2i")
          .put("sim_i2t_targets", "itc/targets_i2t")
          .put("sim_t2i_targets", "itc/targets_t2i")
          .put("weights_t2i", "negatives/image_weights")
          .put("weights_i2t", "negatives/text_weights")
          .put("loss_itm", "itm/loss")
          .put("itm_logits", "itm/logits")
          .put("itm_labels", "itm/labels")
          .buildOrThrow();

  private static final ImmutableMap<String, String> LANGUAGE =
      ImmutableMap.of(
          "loss_lm", "lm/loss",
          "lm_token_loss", "lm/token_loss",
          "lm_logits", "lm/logits",
          "decoder_targets", "lm/targets");

  /** The losses of a model that compares images with texts. */
  static TrainingCheck.Losses of(TaskModel<ImageTextBatch> model) {
    ContrastiveTask task = (ContrastiveTask) model;
    return (ctx, batch, given, names) -> {
      Trace trace = new Trace();
      TrainingStep step = task.step(ctx.with(trace), batch, given);
      CONTRASTIVE.forEach((name, traced) -> names.put(name, vector(ctx, trace.get(traced))));
      if (task instanceof PretrainModel) {
        LANGUAGE.forEach((name, traced) -> names.put(name, vector(ctx, trace.get(traced))));
      } else {
        names.put("sim_targets", trace.get("hard_targets"));
        names.put("idx_all", ctx.expandDims(trace.get("identities"), 0));
        names.put("mask_same_image", ctx.sub(1, trace.floats("negatives/wrong")));
      }
      return step;
    };
  }

  /** Goldens hold scalars as {@code [1]}. */
  private static Operand<?> vector(GraphContext ctx, Operand<?> operand) {
    return operand.shape().numDimensions() == 0 ? ctx.flat(operand) : operand;
  }
}
