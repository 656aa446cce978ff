package org.blip4j.tools.verify;

import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.Map;
import org.blip4j.data.text.TokenBatch;
import org.blip4j.graph.config.Task;
import org.blip4j.graph.model.Blip;
import org.blip4j.graph.text.TextEncoder;
import org.blip4j.graph.text.Tokens;
import org.blip4j.graph.vision.ImageStates;
import org.blip4j.ops.core.GraphContext;
import org.blip4j.ops.core.Mode;
import org.tensorflow.Operand;
import org.tensorflow.op.Ops;
import org.tensorflow.op.linalg.MatMul;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TInt64;

/**
 * Runs a retrieval model of Hugging Face: features, cosines and matching logits of every image with
 * every text, with [CLS] and with [ENC] first, with the padding masked and attended.
 *
 * @param machine devices, threads and kernels
 */
record HuggingFaceMatchChecker(GoldenGraph.Machine machine) implements GoldenChecker {
  @Override
  public void check(Golden golden, RowSink rows) throws IOException {
    HuggingFaceGolden folder = HuggingFaceGolden.open(golden);
    ExpectedOutputs outputs = new ExpectedOutputs(golden);
    folder.compareLongForm(rows);
    TokenBatch texts = folder.encode("texts", "text_ids", rows);
    folder.compare("text_attention_mask", GoldenTexts.mask(texts), rows);
    long enc = folder.config().text().tokens().enc();
    folder.compare("text_ids_enc", GoldenTexts.ids(texts.withFirstToken(enc)), rows);
    run(folder, texts).forEach(outputs::add);
    outputs.report(rows);
  }

  private Map<String, Values> run(HuggingFaceGolden folder, TokenBatch texts) throws IOException {
    Values image = folder.inputs().get("pixel_values");
    int size = folder.config().vision().imageSize();
    try (GoldenGraph graph = GoldenGraph.create(Mode.INFER, machine)) {
      Blip blip = Blip.create(graph.vars(), folder.config(), Task.RETRIEVAL);
      graph.load(folder.golden().path(), graph.vars().all(), false);
      GraphContext ctx = graph.ctx();
      Operand<TFloat32> pixels = graph.floats("pixels", -1, size, size, 3);
      Operand<TInt64> ids = graph.longs("ids", -1, -1);
      Operand<TInt64> mask = graph.longs("mask", -1, -1);
      Tokens tokens = new Tokens(ids, mask);
      Tokens open = new Tokens(ids, ctx.tf().onesLike(mask));
      ImageStates states = blip.vision().apply(ctx, pixels);
      Map<String, Operand<?>> fetches = new LinkedHashMap<>();
      fetches.put("image_embeds", states.hidden());
      Operand<TFloat32> imageFeatures = blip.matching().dual().imageFeatures(ctx, states);
      fetches.put("image_feat", imageFeatures);
      fetches.put("text_feat", blip.matching().dual().textFeatures(ctx, tokens));
      fetches.put(
          "text_states",
          new TextEncoder(blip.matching().dual().text()).apply(ctx.in("whole"), tokens).hidden());
      fetches.put("itc_cosine", cosine(ctx.in("masked"), blip, imageFeatures, tokens));
      fetches.put("itc_cosine_nomask", cosine(ctx.in("open"), blip, imageFeatures, open));
      Pairs pairs = new Pairs(blip.matching(), states, image.shape()[0], texts.rows());
      Tokens encoded = tokens.withFirst(ctx, folder.config().text().tokens().enc());
      fetches.put("itm_logits_cls", pairs.logits(ctx.in("cls"), tokens));
      fetches.put("itm_logits_enc", pairs.logits(ctx.in("enc"), encoded));
      fetches.put("itm_logits_cls_nomask", pairs.logits(ctx.in("cls_open"), open));
      return graph.run(
          fetches,
          Map.of(
              pixels, image.channelsLast(),
              ids, GoldenTexts.ids(texts),
              mask, GoldenTexts.mask(texts)));
    }
  }

  private static Operand<TFloat32> cosine(
      GraphContext ctx, Blip blip, Operand<TFloat32> images, Tokens tokens) {
    Operand<TFloat32> texts = blip.matching().dual().textFeatures(ctx, tokens);
    return ctx.tf().linalg.matMul(images, texts, MatMul.transposeB(true)); // [I, T]
  }

  /** All pairs of images and texts, image by image. */
  private record Pairs(Blip.Matching matching, ImageStates states, long images, long texts) {
    Operand<TFloat32> logits(GraphContext ctx, Tokens tokens) {
      Ops tf = ctx.tf();
      int[] imageRows = new int[(int) (images * texts)];
      int[] textRows = new int[imageRows.length];
      for (int i = 0; i < imageRows.length; i++) {
        imageRows[i] = (int) (i / texts);
        textRows[i] = (int) (i % texts);
      }
      Operand<TFloat32> logits =
          matching.itmLogits(
              ctx,
              tokens.gather(ctx, tf.constant(textRows)),
              states.gather(ctx, tf.constant(imageRows))); // [I*T, 2]
      return tf.reshape(logits, tf.constant(new long[] {images, texts, 2}));
    }
  }
}
