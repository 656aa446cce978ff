package org.blip4j.tools.verify;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.Map;
import org.blip4j.data.text.Detokenizer;
import org.blip4j.data.text.WordPieceTokenizer;
import org.blip4j.graph.config.Task;
import org.blip4j.graph.generate.CaptionGenerator;
import org.blip4j.graph.model.Blip;
import org.blip4j.graph.text.DecoderStep;
import org.blip4j.graph.vision.ImageStates;
import org.blip4j.ops.core.GraphContext;
import org.blip4j.ops.core.Mode;
import org.blip4j.ops.core.Shapes;
import org.blip4j.ops.decode.BeamSearch;
import org.blip4j.ops.decode.BeamSettings;
import org.blip4j.ops.decode.Decoded;
import org.blip4j.ops.decode.LengthLimits;
import org.blip4j.ops.decode.LengthNormalization;
import org.blip4j.ops.decode.Prompt;
import org.tensorflow.Operand;
import org.tensorflow.op.Ops;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TInt32;

/**
 * Captions every image in every setting: ids, scores, all final hypotheses and the text itself; the
 * logits of the first step; and the training losses ({@link CaptionLossCheck}).
 *
 * @param machine devices, threads and kernels
 */
record CaptionChecker(GoldenGraph.Machine machine) implements GoldenChecker {
  @Override
  public void check(Golden golden, RowSink rows) throws IOException {
    GoldenConfig config = GoldenConfig.of(golden);
    GoldenTexts texts = GoldenTexts.of(golden);
    ExpectedOutputs outputs = new ExpectedOutputs(golden);
    Values image = GoldenTensors.read(golden.file("inputs.safetensors")).get("image");
    JsonNode settings = golden.cases().path("generation");
    CaptionLossCheck losses = new CaptionLossCheck(machine, golden, texts);
    losses.run(image, outputs);
    Map<String, Values> computed = run(golden, config, texts.tokenizer(), image);
    outputs.add("first_step_logits", computed.get("first_step_logits"));
    GeneratedTexts generated =
        new GeneratedTexts(
            golden.name(),
            new Detokenizer(texts.tokenizer().vocabulary()),
            config.blip().text().tokens());
    for (Map.Entry<String, JsonNode> example : settings.properties()) {
      String name = example.getKey();
      Values ids = computed.get(name + ".ids");
      Values wanted = outputs.expected(name + ".ids");
      outputs.add(name + ".ids", GeneratedTexts.withoutPadding(ids, wanted.shape()[1]));
      outputs.add(name + ".scores", computed.get(name + ".scores"));
      generated.checkPrompt(name, example.getValue(), texts.tokenizer(), rows);
      generated.checkTexts(name, example.getValue(), ids, rows);
      generated.checkSteps(name, example.getValue(), computed.get(name + ".steps"), rows);
      if (example.getValue().has("final_hypotheses")) {
        generated.checkHypotheses(
            name,
            example.getValue().path("final_hypotheses"),
            computed.get(name + ".all.ids"),
            computed.get(name + ".all.scores"),
            rows);
      }
    }
    outputs.report(rows);
  }

  private Map<String, Values> run(
      Golden golden, GoldenConfig config, WordPieceTokenizer tokenizer, Values image)
      throws IOException {
    int size = config.vision().imageSize();
    try (GoldenGraph graph = GoldenGraph.create(Mode.INFER, machine)) {
      Blip blip = Blip.create(graph.vars(), config.blip(), Task.CAPTION);
      graph.load(golden.file("weights.pth"), graph.vars().all(), false);
      GraphContext ctx = graph.ctx();
      Operand<TFloat32> pixels = graph.floats("pixels", -1, size, size, 3);
      ImageStates images = blip.vision().apply(ctx, pixels);
      CaptionGenerator generator = CaptionGenerator.of(blip, (int) image.shape()[0]);
      Map<String, Operand<?>> fetches = new LinkedHashMap<>();
      for (Map.Entry<String, JsonNode> example : golden.cases().path("generation").properties()) {
        JsonNode s = example.getValue().path("settings");
        BeamSettings settings =
            new BeamSettings(
                s.path("num_beams").asInt(),
                new LengthLimits(s.path("min_length").asInt(), s.path("max_length").asInt()),
                s.path("repetition_penalty").asDouble(1),
                LengthNormalization.WHOLE);
        String name = example.getKey();
        GraphContext own = ctx.in(name);
        Prompt prompt = prompt(own, images, tokenizer, s.path("prompt").asText());
        Decoded best;
        if (settings.beams() > 1) {
          BeamSearch.Result result = generator.beams(own, images, prompt, settings);
          best = result.best();
          fetches.put(name + ".all.ids", result.all().ids());
          fetches.put(name + ".all.scores", result.all().scores());
          fetches.put(name + ".steps", result.steps());
        } else {
          best = generator.search(own, images, prompt, settings);
          fetches.put(name + ".steps", rowSteps(own.tf(), best, prompt));
        }
        fetches.put(name + ".ids", best.ids());
        fetches.put(name + ".scores", best.scores());
      }
      GraphContext first = ctx.in("first_step");
      Prompt prompt =
          prompt(first, images, tokenizer, config.node().path("default_prompt").asText());
      fetches.put(
          "first_step_logits",
          DecoderStep.create(first, blip.decoder(), images.attended(), 1)
              .start(first, prompt.ids())
              .logits());
      return graph.run(fetches, Map.of(pixels, image.channelsLast()));
    }
  }

  /** Without beams the model is run once for each id of the longest text that is not given. */
  private static Operand<TInt32> rowSteps(Ops tf, Decoded decoded, Prompt prompt) {
    return tf.math.sub(
        tf.reduceMax(decoded.lengths(), tf.constant(0)),
        tf.constant((int) Shapes.known(prompt.ids(), 1)));
  }

  private static Prompt prompt(
      GraphContext ctx, ImageStates images, WordPieceTokenizer tokenizer, String prompt) {
    int[] ids = tokenizer.encodePrompt(prompt);
    long[] longs = new long[ids.length];
    for (int i = 0; i < ids.length; i++) {
      longs[i] = ids[i];
    }
    return Prompt.same(ctx, Shapes.dim(ctx, images.hidden(), 0), longs);
  }
}
