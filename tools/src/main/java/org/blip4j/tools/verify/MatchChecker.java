package org.blip4j.tools.verify;

import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.Map;
import org.blip4j.data.text.TokenBatch;
import org.blip4j.graph.config.BlipConfig;
import org.blip4j.graph.config.Task;
import org.blip4j.graph.model.Blip;
import org.blip4j.graph.text.TextEncoder;
import org.blip4j.graph.text.Tokens;
import org.blip4j.graph.vision.ImageStates;
import org.blip4j.ops.core.GraphContext;
import org.blip4j.ops.core.Mode;
import org.tensorflow.Operand;
import org.tensorflow.op.linalg.MatMul;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TInt64;

/**
 * Compares every image with every text: features, cosine similarity, matching logits with [CLS] and
 * with [ENC] first, and the orders that follow.
 *
 * @param machine devices, threads and kernels
 */
record MatchChecker(GoldenGraph.Machine machine) implements GoldenChecker {
  @Override
  public void check(Golden golden, RowSink rows) throws IOException {
    BlipConfig config = GoldenConfig.of(golden).blip();
    ExpectedOutputs outputs = new ExpectedOutputs(golden);
    Values image = GoldenTensors.read(golden.file("inputs.safetensors")).get("image");
    TokenBatch texts =
        GoldenTexts.of(golden)
            .encode(GoldenTexts.strings(golden.cases().path("strings").path("texts")));
    outputs.add("input_ids", GoldenTexts.ids(texts));
    outputs.add("attention_mask", GoldenTexts.mask(texts));
    outputs.add(
        "input_ids_enc", GoldenTexts.ids(texts.withFirstToken(config.text().tokens().enc())));
    Map<String, Values> computed = run(golden, config, image, texts);
    computed.forEach(outputs::add);
    for (String ranked : new String[] {"itc.sim", "itm_cls.logits", "itm_enc.logits"}) {
      Values scores = computed.get(ranked);
      Values matches = ranked.equals("itc.sim") ? scores : scores.last(1);
      outputs.add(ranked.substring(0, ranked.indexOf('.')) + ".rank", matches.ranks());
    }
    outputs.report(rows);
  }

  private Map<String, Values> run(Golden golden, BlipConfig config, Values image, TokenBatch texts)
      throws IOException {
    int size = config.vision().imageSize();
    long images = image.shape()[0];
    try (GoldenGraph graph = GoldenGraph.create(Mode.INFER, machine)) {
      Blip blip = Blip.create(graph.vars(), config, Task.RETRIEVAL);
      graph.load(golden.file("weights.pth"), graph.vars().all(), false);
      GraphContext ctx = graph.ctx();
      Operand<TFloat32> pixels = graph.floats("pixels", -1, size, size, 3);
      Operand<TInt64> ids = graph.longs("ids", -1, -1);
      Operand<TInt64> mask = graph.longs("mask", -1, -1);
      Tokens tokens = new Tokens(ids, mask);
      ImageStates states = blip.vision().apply(ctx, pixels);
      Operand<TFloat32> imageFeatures = blip.matching().dual().imageFeatures(ctx, states);
      Operand<TFloat32> textFeatures = blip.matching().dual().textFeatures(ctx, tokens);
      Operand<TFloat32> cosine =
          ctx.tf().linalg.matMul(imageFeatures, textFeatures, MatMul.transposeB(true));
      Map<String, Operand<?>> fetches = new LinkedHashMap<>();
      fetches.put("image_embeds", states.hidden());
      fetches.put("image_feat", imageFeatures);
      fetches.put(
          "text_hidden",
          new TextEncoder(blip.matching().dual().text()).apply(ctx.in("whole"), tokens).hidden());
      fetches.put("text_feat", textFeatures);
      fetches.put("itc.sim", cosine);
      Pairs pairs = new Pairs(ctx, blip.matching(), states, images, texts.rows());
      pairs.fetch(fetches, "itm_cls.", tokens);
      pairs.fetch(fetches, "itm_enc.", tokens.withFirst(ctx, config.text().tokens().enc()));
      @SuppressWarnings("unchecked") // put there as floats
      Operand<TFloat32> match = (Operand<TFloat32>) fetches.get("itm_enc.match");
      fetches.put("eval_score", ctx.tf().math.add(match, cosine));
      return graph.run(
          fetches,
          Map.of(
              pixels, image.channelsLast(),
              ids, GoldenTexts.ids(texts),
              mask, GoldenTexts.mask(texts)));
    }
  }

  /** All pairs of images and texts, image by image. */
  private record Pairs(
      GraphContext outer, Blip.Matching matching, ImageStates states, long images, long texts) {

    void fetch(Map<String, Operand<?>> fetches, String prefix, Tokens tokens) {
      GraphContext ctx = outer.in(prefix.replace(".", ""));
      var tf = ctx.tf();
      int[] imageRows = new int[(int) (images * texts)];
      int[] textRows = new int[imageRows.length];
      for (int i = 0; i < imageRows.length; i++) {
        imageRows[i] = (int) (i / texts);
        textRows[i] = (int) (i % texts);
      }
      Tokens pairTokens = tokens.gather(ctx, tf.constant(textRows));
      ImageStates pairImages = states.gather(ctx, tf.constant(imageRows));
      Operand<TFloat32> logits =
          matching.itmLogits(ctx, pairTokens, tf.constant(imageRows), states); // [I*T, 2]
      Operand<TFloat32> hidden =
          matching
              .grounded()
              .apply(ctx.in("whole"), pairTokens, pairImages.attended())
              .firstState(ctx);
      long width = matching.grounded().stack().config().width();
      fetches.put(prefix + "logits", shaped(ctx, logits, 2));
      fetches.put(prefix + "hidden0", shaped(ctx, hidden, width));
      fetches.put(prefix + "prob", second(ctx, tf.nn.softmax(logits)));
      fetches.put(prefix + "match", second(ctx, logits));
    }

    private Operand<TFloat32> second(GraphContext ctx, Operand<TFloat32> rows) {
      var tf = ctx.tf();
      return tf.reshape(
          tf.gather(rows, tf.constant(1), tf.constant(1)), tf.constant(new long[] {images, texts}));
    }

    private Operand<TFloat32> shaped(GraphContext ctx, Operand<TFloat32> rows, long last) {
      return ctx.tf().reshape(rows, ctx.tf().constant(new long[] {images, texts, last}));
    }
  }
}
