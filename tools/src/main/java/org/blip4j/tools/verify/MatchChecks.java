package org.blip4j.tools.verify;

import com.google.common.collect.ImmutableMap;
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
import org.blip4j.graph.model.DualEncoder;
import org.blip4j.graph.text.ImageGroundedEncoder;
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

  /** What official goldens call the same as those of Hugging Face. */
  private static final ImmutableMap<String, String> OFFICIAL =
      ImmutableMap.of("text_hidden", "text_states", "itc.sim", "itc_cosine");

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
   * and with [ENC] first, the orders that follow, and, for Hugging Face, all with the padding
   * attended.
   */
  static void match(GoldenRun run) throws IOException {
    GoldenModel model = GoldenModel.of(run);
    TokenBatch texts = model.encode(run, "texts", "text_ids");
    int enc = model.tokens().enc();
    run.own(Values.ids(texts), "input_ids", "text_ids");
    run.own(Values.mask(texts), "attention_mask", "text_attention_mask");
    run.own(Values.ids(texts.withFirstToken(enc)), "input_ids_enc", "text_ids_enc");
    try (GoldenGraph graph = new GoldenGraph(run, Mode.INFER)) {
      Blip blip =
          graph.model(model.weights(), vars -> Blip.create(vars, model.config(), Task.RETRIEVAL));
      DualEncoder dual = blip.matching().dual();
      GraphContext ctx = graph.ctx();
      Values image = run.image();
      ImageStates states = blip.vision().apply(ctx, graph.pixels(image));
      Tokens tokens = graph.tokens(texts);
      Tokens open = new Tokens(tokens.ids(), ctx.tf().onesLike(tokens.mask()));
      Operand<TFloat32> images = dual.imageFeatures(ctx, states);
      Operand<TFloat32> features = dual.textFeatures(ctx, tokens);
      Operand<TFloat32> cosine = cosine(ctx, images, features);
      TextEncoder encoder = new TextEncoder(dual.text());
      graph.fetch("image_embeds", states.hidden());
      graph.fetch("image_feat", images);
      graph.fetch("text_feat", features);
      graph.fetch("text_states", encoder.apply(ctx.in("whole"), tokens).hidden());
      graph.fetch("itc_cosine", cosine);
      graph.fetch(
          "itc_cosine_nomask", cosine(ctx, images, dual.textFeatures(ctx.in("open"), open)));
      Pairs pairs = Pairs.of(ctx, blip.matching(), states, image.shape()[0], texts.rows());
      pairs.fetch(graph, "itm_cls", tokens);
      Operand<TFloat32> match = pairs.fetch(graph, "itm_enc", tokens.withFirst(ctx, enc));
      pairs.fetch(graph, "itm_cls_nomask", open);
      graph.fetch("eval_score", ctx.tf().math.add(match, cosine));
      Map<String, Values> computed = graph.compute();
      run.add("itc.rank", computed.get("itc_cosine").ranks());
      run.add("itm_cls.rank", computed.get("itm_cls.match").ranks());
      run.add("itm_enc.rank", computed.get("itm_enc.match").ranks());
      OFFICIAL.forEach((name, other) -> run.add(name, computed.get(other)));
    }
    run.report();
  }

  private static Operand<TFloat32> cosine(
      GraphContext ctx, Operand<TFloat32> images, Operand<TFloat32> texts) {
    return ctx.tf().linalg.matMul(images, texts, MatMul.transposeB(true)); // [I, T]
  }

  /**
   * All I images with all T texts, image by image.
   *
   * @param states of the images {@code [I, P, W]}
   * @param imageRows of each pair, {@code [I*T]}
   * @param textRows of each pair, {@code [I*T]}
   */
  private record Pairs(
      Blip.Matching matching,
      ImageStates states,
      Operand<TInt32> imageRows,
      Operand<TInt32> textRows,
      long images,
      long texts) {

    static Pairs of(
        GraphContext ctx, Blip.Matching matching, ImageStates states, long images, int texts) {
      int[] numbers = IntStream.range(0, (int) images * texts).toArray();
      return new Pairs(
          matching,
          states,
          ctx.tf().constant(IntStream.of(numbers).map(i -> i / texts).toArray()),
          ctx.tf().constant(IntStream.of(numbers).map(i -> i % texts).toArray()),
          images,
          texts);
    }

    /** Matching logits and what is made of them; returns the logits of a match, {@code [I, T]}. */
    Operand<TFloat32> fetch(GoldenGraph graph, String name, Tokens first) {
      GraphContext ctx = graph.ctx().in(name);
      Tokens tokens = first.gather(ctx, textRows);
      ImageStates gathered = states.gather(ctx, imageRows);
      ImageGroundedEncoder encoder = matching.grounded();
      Operand<TFloat32> hidden =
          encoder.apply(ctx.in("whole"), tokens, gathered.attended()).firstState(ctx); // [I*T, W]
      Operand<TFloat32> logits = matching.itmLogits(ctx, tokens, imageRows, states); // [I*T, 2]
      Operand<TFloat32> probability = ctx.at(ctx.tf().nn.softmax(logits), 1, 1);
      Operand<TFloat32> match = ctx.reshape(ctx.at(logits, 1, 1), images, texts);
      int width = encoder.stack().config().width();
      graph.fetch(name + ".logits", ctx.reshape(logits, images, texts, 2));
      graph.fetch(name + ".hidden0", ctx.reshape(hidden, images, texts, width));
      graph.fetch(name + ".prob", ctx.reshape(probability, images, texts));
      graph.fetch(name + ".match", match);
      // Goldens of Hugging Face are compared with each pair's image projected anew.
      Operand<TFloat32> anew = matching.itmLogits(ctx, tokens, gathered);
      graph.fetch(name.replace("itm", "itm_logits"), ctx.reshape(anew, images, texts, 2));
      return match;
    }
  }
}
