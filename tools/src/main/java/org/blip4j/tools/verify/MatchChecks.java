package org.blip4j.tools.verify;

import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import org.blip4j.data.text.TokenBatch;
import org.blip4j.graph.config.Task;
import org.blip4j.graph.config.VitConfig;
import org.blip4j.graph.model.Blip;
import org.blip4j.graph.text.TextEncoder;
import org.blip4j.graph.text.Tokens;
import org.blip4j.graph.vision.ImageStates;
import org.blip4j.graph.vision.VisionTransformer;
import org.blip4j.ops.core.GraphContext;
import org.blip4j.ops.core.Mode;
import org.blip4j.ops.core.Trace;
import org.tensorflow.Operand;
import org.tensorflow.op.linalg.MatMul;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TInt32;

/** Images alone, and images compared with texts: official models and those of Hugging Face. */
final class MatchChecks {
  private static final Pattern IMAGE = Pattern.compile("(size(\\d+)\\.)image");

  private MatchChecks() {}

  /**
   * Runs the image encoder at every size for which there is an input {@code sizeN.image}; position
   * embeddings of other sizes are interpolated as the weights are read.
   */
  static void vision(GoldenRun run) throws IOException {
    VitConfig config = GoldenModel.vision(run.golden().config());
    for (Map.Entry<String, Values> input : run.inputs().all().entrySet()) {
      Matcher size = IMAGE.matcher(input.getKey());
      if (!size.matches()) {
        throw new IOException("inputs.safetensors has an unknown input " + input.getKey());
      }
      VitConfig sized = config.withImageSize(Integer.parseInt(size.group(2)));
      try (GoldenGraph graph = new GoldenGraph(run, Mode.INFER)) {
        VisionTransformer vision =
            graph.model(
                run.golden().file("weights.pth"),
                vars -> VisionTransformer.create(vars.child("visual_encoder"), sized));
        Trace trace = new Trace();
        vision.apply(graph.ctx().with(trace), graph.pixels(input.getValue()));
        Map<String, String> names = new LinkedHashMap<>();
        trace.all().keySet().forEach(name -> names.put(name.replace("vision/", ""), name));
        names.put("final", names.remove("states"));
        graph.fetch(size.group(1), trace, names);
        graph.fetch(
            size.group(1) + "pos_embed", graph.vars().get("visual_encoder/pos_embed").value());
        graph.compute();
      }
    }
    run.report();
  }

  /**
   * Compares every image with every text: features, cosine similarity, matching logits with [CLS]
   * and with [ENC] first, and the orders that follow.
   */
  static void official(GoldenRun run) throws IOException {
    GoldenModel model = GoldenModel.official(run.golden());
    TokenBatch texts = model.encode(Golden.strings(run.cases().path("strings").path("texts")));
    run.add("input_ids", Values.ids(texts));
    run.add("attention_mask", Values.mask(texts));
    run.add("input_ids_enc", Values.ids(texts.withFirstToken(model.tokens().enc())));
    try (GoldenGraph graph = new GoldenGraph(run, Mode.INFER)) {
      Pairs pairs = Pairs.of(graph, model, run.inputs().get("image"), texts);
      GraphContext ctx = graph.ctx();
      Operand<TFloat32> cosine = pairs.fetchFeatures(graph, "text_hidden", "itc.sim");
      pairs.fetchLogits(graph, "itm_cls.", pairs.tokens());
      Operand<TFloat32> match =
          pairs.fetchLogits(graph, "itm_enc.", pairs.tokens().withFirst(ctx, model.tokens().enc()));
      graph.fetch("eval_score", ctx.tf().math.add(match, cosine));
      Map<String, Values> computed = graph.compute();
      run.add("itc.rank", computed.get("itc.sim").ranks());
      run.add("itm_cls.rank", computed.get("itm_cls.match").ranks());
      run.add("itm_enc.rank", computed.get("itm_enc.match").ranks());
    }
    run.report();
  }

  /** The same of Hugging Face, with the padding masked and attended. */
  static void huggingFace(GoldenRun run) throws IOException {
    GoldenModel model = GoldenModel.huggingFace(run);
    TokenBatch texts =
        model.encode(Golden.strings(run.cases().path("texts")), run.inputs().get("text_ids"));
    int enc = model.tokens().enc();
    run.made(
        Map.of(
            "text_ids", Values.ids(texts),
            "text_attention_mask", Values.mask(texts),
            "text_ids_enc", Values.ids(texts.withFirstToken(enc))));
    try (GoldenGraph graph = new GoldenGraph(run, Mode.INFER)) {
      Pairs pairs = Pairs.of(graph, model, run.inputs().get("pixel_values"), texts);
      GraphContext ctx = graph.ctx();
      Tokens open = new Tokens(pairs.tokens().ids(), ctx.tf().onesLike(pairs.tokens().mask()));
      pairs.fetchFeatures(graph, "text_states", "itc_cosine");
      graph.fetch("itc_cosine_nomask", pairs.cosine(ctx.in("open"), open));
      graph.fetch("itm_logits_cls", pairs.logits(ctx.in("cls"), pairs.tokens()));
      graph.fetch(
          "itm_logits_enc", pairs.logits(ctx.in("enc"), pairs.tokens().withFirst(ctx, enc)));
      graph.fetch("itm_logits_cls_nomask", pairs.logits(ctx.in("cls_open"), open));
      graph.compute();
    }
    run.report();
  }

  /**
   * All I images with all T texts, image by image.
   *
   * @param tokens {@code [T, L]}
   * @param images states {@code [I, P, W]}
   * @param imageRows of each pair, {@code [I*T]}
   * @param textRows of each pair, {@code [I*T]}
   */
  private record Pairs(
      Blip.Matching matching,
      Tokens tokens,
      ImageStates states,
      Operand<TFloat32> imageFeatures,
      Operand<TInt32> imageRows,
      Operand<TInt32> textRows,
      long images,
      long texts) {

    static Pairs of(GoldenGraph graph, GoldenModel model, Values image, TokenBatch texts)
        throws IOException {
      Blip blip =
          graph.model(model.weights(), vars -> Blip.create(vars, model.config(), Task.RETRIEVAL));
      GraphContext ctx = graph.ctx();
      ImageStates states = blip.vision().apply(ctx, graph.pixels(image));
      int columns = texts.rows();
      IntStream pairs = IntStream.range(0, (int) image.shape()[0] * columns);
      int[] numbers = pairs.toArray();
      return new Pairs(
          blip.matching(),
          graph.tokens(texts),
          states,
          blip.matching().dual().imageFeatures(ctx, states),
          ctx.tf().constant(IntStream.of(numbers).map(i -> i / columns).toArray()),
          ctx.tf().constant(IntStream.of(numbers).map(i -> i % columns).toArray()),
          image.shape()[0],
          columns);
    }

    /** Features under the names that all goldens use, and cosines, which are returned. */
    Operand<TFloat32> fetchFeatures(GoldenGraph graph, String textStates, String cosines) {
      GraphContext ctx = graph.ctx();
      TextEncoder encoder = new TextEncoder(matching.dual().text());
      Operand<TFloat32> textFeatures = matching.dual().textFeatures(ctx, tokens);
      Operand<TFloat32> cosine =
          ctx.tf().linalg.matMul(imageFeatures, textFeatures, MatMul.transposeB(true));
      graph.fetch("image_embeds", states.hidden());
      graph.fetch("image_feat", imageFeatures);
      graph.fetch("text_feat", textFeatures);
      graph.fetch(textStates, encoder.apply(ctx.in("whole"), tokens).hidden());
      graph.fetch(cosines, cosine);
      return cosine;
    }

    /** Matching logits and what is made of them; returns the logits of a match, {@code [I, T]}. */
    Operand<TFloat32> fetchLogits(GoldenGraph graph, String prefix, Tokens first) {
      GraphContext ctx = graph.ctx().in(prefix.replace(".", ""));
      Tokens pairTokens = first.gather(ctx, textRows);
      Operand<TFloat32> logits = matching.itmLogits(ctx, pairTokens, imageRows, states); // [I*T, 2]
      Operand<TFloat32> hidden =
          matching
              .grounded()
              .apply(ctx.in("whole"), pairTokens, states.gather(ctx, imageRows).attended())
              .firstState(ctx);
      Operand<TFloat32> match = ctx.reshape(ctx.at(logits, 1, 1), images, texts);
      graph.fetch(prefix + "logits", ctx.reshape(logits, images, texts, 2));
      graph.fetch(
          prefix + "hidden0",
          ctx.reshape(hidden, images, texts, matching.grounded().stack().config().width()));
      graph.fetch(
          prefix + "prob", ctx.reshape(ctx.at(ctx.tf().nn.softmax(logits), 1, 1), images, texts));
      graph.fetch(prefix + "match", match);
      return match;
    }

    Operand<TFloat32> cosine(GraphContext ctx, Tokens others) {
      Operand<TFloat32> features = matching.dual().textFeatures(ctx, others);
      return ctx.tf().linalg.matMul(imageFeatures, features, MatMul.transposeB(true)); // [I, T]
    }

    /** Matching logits with each pair's image projected anew, {@code [I, T, 2]}. */
    Operand<TFloat32> logits(GraphContext ctx, Tokens first) {
      Operand<TFloat32> logits =
          matching.itmLogits(
              ctx, first.gather(ctx, textRows), states.gather(ctx, imageRows)); // [I*T, 2]
      return ctx.reshape(logits, images, texts, 2);
    }
  }
}
