package org.blip4j.tools.verify;

import java.util.Map;
import java.util.Optional;
import org.blip4j.graph.loss.Features;
import org.blip4j.graph.loss.HardNegatives;
import org.blip4j.graph.loss.ItcLoss;
import org.blip4j.graph.task.ImageTextBatch;
import org.blip4j.graph.task.PretrainModel;
import org.blip4j.graph.task.RetrievalModel;
import org.blip4j.graph.task.TaskModel;
import org.blip4j.ops.core.GraphContext;
import org.tensorflow.Operand;
import org.tensorflow.types.TFloat32;

/** The traces of training steps under the names that goldens use. */
final class PretrainLosses {
  private PretrainLosses() {}

  /** The losses of a model that compares images with texts. */
  static TrainingCheck.Losses of(TaskModel<ImageTextBatch> model) {
    if (model instanceof PretrainModel pretrain) {
      return (ctx, batch, given, names) -> {
        PretrainModel.Trace trace = pretrain.trace(ctx, batch, Optional.of(given));
        features(names, trace.online(), trace.momentumFeatures());
        contrastive(ctx, names, trace.itc());
        weights(names, trace.weights());
        names.put("loss_itm", one(ctx, trace.itm().loss()));
        names.put("itm_logits", trace.itm().logits());
        names.put("itm_labels", trace.itm().labels());
        names.put("loss_lm", one(ctx, trace.lm().loss()));
        names.put("lm_token_loss", trace.lm().tokenLoss());
        names.put("lm_logits", trace.lm().logits());
        names.put("decoder_targets", trace.lm().targets());
        return trace.step();
      };
    }
    RetrievalModel retrieval = (RetrievalModel) model;
    return (ctx, batch, given, names) -> {
      RetrievalModel.Trace trace = retrieval.trace(ctx, batch, Optional.of(given));
      features(names, trace.online(), trace.momentumFeatures());
      contrastive(ctx, names, trace.itc());
      weights(names, trace.weights());
      names.put("loss_itm", one(ctx, trace.itm().loss()));
      names.put("itm_logits", trace.itm().logits());
      names.put("itm_labels", trace.itm().labels());
      names.put("sim_targets", trace.hardTargets());
      names.put("idx_all", ctx.tf().expandDims(trace.allIdentities(), ctx.tf().constant(0)));
      names.put("mask_same_image", ctx.tf().math.sub(ctx.tf().constant(1f), trace.wrong()));
      return trace.step();
    };
  }

  private static void features(Map<String, Operand<?>> names, Features online, Features momentum) {
    names.put("image_feat", online.image());
    names.put("text_feat", online.text());
    names.put("image_feat_m", momentum.image());
    names.put("text_feat_m", momentum.text());
  }

  private static void contrastive(
      GraphContext ctx, Map<String, Operand<?>> names, ItcLoss.Result itc) {
    names.put("loss_ita", one(ctx, itc.loss()));
    names.put("loss_i2t", one(ctx, itc.lossImageToText()));
    names.put("loss_t2i", one(ctx, itc.lossTextToImage()));
    names.put("sim_i2t", itc.similarities().imageToText());
    names.put("sim_t2i", itc.similarities().textToImage());
    names.put("sim_i2t_m", itc.momentumSimilarities().imageToText());
    names.put("sim_t2i_m", itc.momentumSimilarities().textToImage());
    names.put("sim_i2t_targets", itc.targets().imageToText());
    names.put("sim_t2i_targets", itc.targets().textToImage());
  }

  private static void weights(Map<String, Operand<?>> names, HardNegatives.Weights weights) {
    names.put("weights_t2i", weights.imageForText());
    names.put("weights_i2t", weights.textForImage());
  }

  private static Operand<TFloat32> one(GraphContext ctx, Operand<TFloat32> scalar) {
    return ctx.tf().reshape(scalar, ctx.tf().constant(new int[] {1}));
  }
}
