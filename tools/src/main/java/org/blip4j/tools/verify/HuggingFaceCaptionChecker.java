package org.blip4j.tools.verify;

import java.io.IOException;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.blip4j.data.text.Padding;
import org.blip4j.data.text.TokenBatch;
import org.blip4j.graph.generate.CaptionGenerator;
import org.blip4j.graph.loss.LmLoss;
import org.blip4j.graph.task.CaptionModel;
import org.blip4j.graph.text.DecoderStep;
import org.blip4j.graph.text.Tokens;
import org.blip4j.graph.vision.ImageStates;
import org.blip4j.ops.core.GraphContext;
import org.blip4j.ops.core.Mode;
import org.blip4j.ops.core.Shapes;
import org.blip4j.ops.decode.BeamSettings;
import org.blip4j.ops.decode.Decoded;
import org.blip4j.ops.decode.Prompt;
import org.tensorflow.Operand;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TInt64;

/**
 * Runs a captioning model of Hugging Face: image states, logits and loss of given captions, the
 * first step, and every generation that is described, with its scores and texts.
 *
 * @param machine devices, threads and kernels
 */
record HuggingFaceCaptionChecker(GoldenGraph.Machine machine) implements GoldenChecker {
  @Override
  public void check(Golden golden, RowSink rows) throws IOException {
    HuggingFaceGolden folder = HuggingFaceGolden.open(golden);
    ExpectedOutputs outputs = new ExpectedOutputs(golden);
    folder.compareLongForm(rows);
    TokenBatch captions = folder.encode("captions", "caption_input_ids", rows);
    folder.compare("caption_attention_mask", GoldenTexts.mask(captions), rows);
    String prompt = golden.cases().path("prompt").asText();
    TokenBatch withEnd =
        folder
            .tokenizer()
            .encode(List.of(prompt), Padding.longest(), folder.config().text().maxPositions());
    folder.compare("prompt_ids", GoldenTexts.ids(withEnd), rows);
    List<GenerationCall> calls = GenerationCall.all(outputs);
    Map<String, Values> computed = run(folder, captions, calls);
    addLogits(computed, outputs);
    folder.add(calls, computed, outputs, rows);
    outputs.report(rows);
  }

  private Map<String, Values> run(
      HuggingFaceGolden folder, TokenBatch captions, List<GenerationCall> calls)
      throws IOException {
    Values image = folder.inputs().get("pixel_values");
    int size = folder.config().vision().imageSize();
    LmLoss.Settings loss = new LmLoss.Settings(0, folder.published().labelSmoothing());
    try (GoldenGraph graph = GoldenGraph.create(Mode.INFER, machine)) {
      CaptionModel model = CaptionModel.create(graph.vars(), folder.config(), loss);
      graph.load(folder.golden().path(), graph.vars().all(), false);
      GraphContext ctx = graph.ctx();
      Operand<TFloat32> pixels = graph.floats("pixels", -1, size, size, 3);
      Operand<TInt64> ids = graph.longs("ids", -1, -1);
      Operand<TInt64> mask = graph.longs("mask", -1, -1);
      ImageStates images = model.blip().vision().apply(ctx, pixels);
      Map<String, Operand<?>> fetches = new LinkedHashMap<>();
      fetches.put("image_embeds", images.hidden());
      LmLoss.Result given =
          LmLoss.compute(
              ctx,
              model.blip().decoder(),
              new Tokens(ids, mask).withFirst(ctx, folder.config().text().tokens().dec()),
              model.blip().decoder().stack().project(ctx, images.attended()),
              loss);
      fetches.put("logits", given.logits());
      fetches.put("loss", given.loss());
      GraphContext first = ctx.in("first_step");
      fetches.put(
          "first_step_logits",
          DecoderStep.create(first, model.blip().decoder(), images.attended(), 1)
              .start(first, start(first, folder, images, "").ids())
              .logits());
      CaptionGenerator generator = CaptionGenerator.of(model.blip(), (int) image.shape()[0]);
      for (GenerationCall call : calls) {
        GraphContext own = ctx.in(call.name());
        Prompt prompt = start(own, folder, images, call.prompt().orElse(""));
        BeamSettings settings = call.settings((int) prompt.ids().shape().get(1));
        Decoded decoded = generator.search(own, images, prompt, settings);
        fetches.put(call.ids(), decoded.ids());
        fetches.put(call.scores(), decoded.scores());
      }
      return graph.run(
          fetches,
          Map.of(
              pixels, image.channelsLast(),
              ids, GoldenTexts.ids(captions),
              mask, GoldenTexts.mask(captions)));
    }
  }

  /** [DEC] and the word pieces of a prompt, for every image. */
  private static Prompt start(
      GraphContext ctx, HuggingFaceGolden folder, ImageStates images, String prompt) {
    long[] ids = Arrays.stream(folder.tokenizer().encodePrompt(prompt)).asLongStream().toArray();
    return Prompt.same(ctx, Shapes.dim(ctx, images.hidden(), 0), ids);
  }

  private static void addLogits(Map<String, Values> computed, ExpectedOutputs outputs)
      throws IOException {
    Values logits = computed.get("logits"); // [B, T, V]
    outputs.add("image_embeds", computed.get("image_embeds"));
    outputs.add("first_step_logits", computed.get("first_step_logits"));
    outputs.add("logits_row0", logits.rows(0, 1).reshape(logits.shape()[1], logits.shape()[2]));
    long[] chosen = outputs.given("logits_vocab_ids").longs();
    outputs.add("logits_slice", logits.lastOf(chosen));
    outputs.add("logits_logsumexp", logits.logSumExp());
    outputs.add("loss", computed.get("loss").reshape(outputs.expected("loss").shape()));
  }
}
