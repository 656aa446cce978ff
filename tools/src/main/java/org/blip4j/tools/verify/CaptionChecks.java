package org.blip4j.tools.verify;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.blip4j.data.text.TokenBatch;
import org.blip4j.graph.generate.CaptionGenerator;
import org.blip4j.graph.loss.LmLoss;
import org.blip4j.graph.model.Blip;
import org.blip4j.graph.task.CaptionModel;
import org.blip4j.graph.task.ImageTextBatch;
import org.blip4j.graph.text.DecoderStep;
import org.blip4j.graph.vision.ImageStates;
import org.blip4j.ops.core.GraphContext;
import org.blip4j.ops.core.Mode;
import org.blip4j.ops.core.Shapes;
import org.blip4j.ops.core.Trace;
import org.blip4j.ops.decode.BeamSearch;
import org.blip4j.ops.decode.Decoded;
import org.blip4j.ops.decode.DecodingSettings;
import org.blip4j.ops.decode.Prompt;
import org.tensorflow.op.Ops;

/** Captions, their losses, and one step of sampling. */
final class CaptionChecks {
  private static final Pattern LOSS = Pattern.compile("(.*)\\.token_loss");
  private static final Pattern PROMPT = Pattern.compile("(?s).*prompt \"(.*)\"");
  private static final Tolerance SCORE = new Tolerance(1e-4, 0);

  private CaptionChecks() {}

  /**
   * Captions every image in every setting: ids, scores, all final hypotheses and the text itself;
   * the logits of the first step; the training loss of every group of outputs {@code
   * NAME.token_loss} and so on that describes a prompt; and, for Hugging Face, image states, logits
   * and loss of given captions.
   */
  static void check(GoldenRun run) throws IOException {
    GoldenModel model = GoldenModel.of(run);
    for (Map.Entry<String, JsonNode> output : run.described("outputs").properties()) {
      Matcher group = LOSS.matcher(output.getKey());
      Matcher prompt = PROMPT.matcher(output.getValue().path("meaning").asText());
      if (group.matches() && prompt.matches()) {
        loss(run, model, group.group(1), prompt.group(1));
      }
    }
    JsonNode upstream = run.cases().path("generation");
    List<GenerationCall> calls = GenerationCall.described(run);
    for (Map.Entry<String, JsonNode> call : upstream.properties()) {
      JsonNode settings = call.getValue().path("settings");
      calls.add(GenerationCall.upstream(call.getKey(), call.getKey() + ".", settings));
    }
    LmLoss.Settings settings = new LmLoss.Settings(0, model.labelSmoothing());
    try (GoldenGraph graph = new GoldenGraph(run, Mode.INFER)) {
      CaptionModel caption =
          graph.model(model.weights(), vars -> CaptionModel.create(vars, model.config(), settings));
      Values image = run.image();
      GraphContext ctx = graph.ctx();
      ImageStates images = caption.blip().vision().apply(ctx, graph.pixels(image));
      if (upstream.isMissingNode()) {
        given(run, model, graph, caption.blip(), images);
      }
      Writer writer = new Writer(graph, model, caption.blip(), images);
      writer.fetchFirstStep(model.node().path("default_prompt").asText());
      CaptionGenerator generator = CaptionGenerator.of(caption.blip(), (int) image.shape()[0]);
      calls.forEach(call -> writer.fetch(generator, call));
      Map<String, Values> computed = graph.compute();
      addCalls(run, model, calls, computed);
      for (GenerationCall call : calls) {
        if (upstream.has(call.name())) {
          checkTexts(run, model, call, upstream.path(call.name()), computed);
        }
      }
    }
    run.report();
  }

  /** Adds logits and loss of given captions. */
  private static void given(
      GoldenRun run, GoldenModel model, GoldenGraph graph, Blip blip, ImageStates images)
      throws IOException {
    TokenBatch captions = model.encode(run, "captions", "caption_input_ids");
    int dec = model.tokens().dec();
    run.own(Values.ids(captions.withFirstToken(dec)), "caption_input_ids");
    run.own(Values.mask(captions), "caption_attention_mask");
    TokenBatch prompt = model.whole(List.of(run.cases().path("prompt").asText()));
    run.own(Values.ids(prompt), "prompt_ids");
    run.given("logits_vocab_ids");
    Trace trace = new Trace();
    LmLoss.compute(
        graph.ctx().with(trace),
        blip.decoder(),
        graph.tokens(captions).withFirst(graph.ctx(), dec),
        blip.decoder().stack().project(graph.ctx(), images.attended()),
        new LmLoss.Settings(0, model.labelSmoothing()));
    graph.fetch("image_embeds", images.hidden());
    graph.fetch("", trace, Map.of("logits", "lm/logits", "loss", "lm/loss"));
  }

  /** Adds what described calls have given, and compares texts under every tokenizer. */
  static void addCalls(
      GoldenRun run, GoldenModel model, List<GenerationCall> calls, Map<String, Values> computed)
      throws IOException {
    for (GenerationCall call : calls) {
      Values ids = computed.get(call.ids());
      run.addIds(call.ids(), ids);
      for (Map.Entry<String, JsonNode> entry : run.cases().properties()) {
        if (entry.getKey().startsWith("texts_") && entry.getValue().isObject()) {
          String check = entry.getKey() + "." + call.name();
          run.texts(check, model.texts(ids), entry.getValue().path(call.name()));
        }
      }
    }
  }

  private static void loss(GoldenRun run, GoldenModel model, String group, String prompt)
      throws IOException {
    List<String> captions = run.strings("training_captions_without_prompt");
    TokenBatch batch =
        model.encode(run, captions.stream().map(text -> prompt + text).toList(), group + ".ids");
    run.add(group + ".ids", Values.ids(batch.withFirstToken(model.tokens().dec())));
    run.add(group + ".mask", Values.mask(batch));
    LmLoss.Settings settings =
        new LmLoss.Settings(model.prompt(prompt).length, model.labelSmoothing());
    try (GoldenGraph graph = new GoldenGraph(run, Mode.TRAIN)) {
      CaptionModel caption =
          graph.model(model.weights(), vars -> CaptionModel.create(vars, model.config(), settings));
      Trace trace = new Trace();
      caption.loss(
          graph.ctx().with(trace),
          new ImageTextBatch(
              graph.pixels(run.image()),
              graph.tokens(batch),
              graph.ctx().tf().constant(0f),
              Optional.empty()));
      for (String name : List.of("loss", "targets", "token_loss", "sequence_loss", "logits")) {
        graph.fetch(group + "." + name, trace.get("lm/" + name));
      }
      graph.compute();
    }
  }

  /** Adds generation to a graph whose images are encoded. */
  private record Writer(GoldenGraph graph, GoldenModel model, Blip blip, ImageStates images) {

    void fetch(CaptionGenerator generator, GenerationCall call) {
      GraphContext ctx = graph.ctx().in(call.name());
      Ops tf = ctx.tf();
      long[] start = model.prompt(call.prompt().orElse(""));
      Prompt prompt = Prompt.same(ctx, Shapes.dim(ctx, images.hidden(), 0), start);
      DecodingSettings.Beams settings = call.settings(start.length);
      Decoded best;
      if (settings.beams() > 1) {
        BeamSearch.Result result = generator.beams(ctx, images, prompt, settings);
        best = result.best();
        graph.fetch(call.name() + ".all.ids", result.all().ids());
        graph.fetch(call.name() + ".all.scores", result.all().scores());
        graph.fetch(call.name() + ".steps", tf.reshape(result.steps(), tf.constant(new int[] {1})));
      } else {
        best = generator.search(ctx, images, prompt, settings);
        // The model is run once for each id of the longest text that is not given.
        graph.fetch(call.name() + ".steps", ctx.sub(ctx.max(best.lengths(), 0), start.length));
      }
      graph.fetch(call.ids(), best.ids());
      graph.fetch(call.scores(), best.scores());
    }

    void fetchFirstStep(String prompt) {
      GraphContext ctx = graph.ctx().in("first_step");
      Prompt start = Prompt.same(ctx, Shapes.dim(ctx, images.hidden(), 0), model.prompt(prompt));
      graph.fetch(
          "first_step_logits",
          DecoderStep.create(ctx, blip.decoder(), images.attended(), 1)
              .start(ctx, start.ids())
              .logits());
    }
  }

  /** Compares the prompt, the texts with and without it, their lengths, and what was left over. */
  private static void checkTexts(
      GoldenRun run,
      GoldenModel model,
      GenerationCall call,
      JsonNode expected,
      Map<String, Values> computed) {
    String name = call.name();
    Values ids = computed.get(call.ids());
    String prompt = call.prompt().orElse("");
    long[] start = model.prompt(prompt);
    run.text(
        name + " prompt_ids",
        list(Arrays.copyOfRange(start, 1, start.length)),
        expected.path("prompt_ids").toString());
    List<String> texts = model.texts(ids);
    List<Integer> lengths = new ArrayList<>();
    List<Integer> ended = new ArrayList<>();
    for (int i = 0; i < texts.size(); i++) {
      long[] row = ids.row(i).longs();
      int length = 1;
      while (length < row.length && row[length] != model.tokens().sep()) {
        length++;
      }
      ended.add(length < row.length ? 1 : 0);
      lengths.add(Math.min(length + 1, row.length));
    }
    run.texts(name + " decoded_with_prompt", texts, expected.path("decoded_with_prompt"));
    run.texts(
        name + " captions",
        texts.stream()
            .map(text -> text.substring(Math.min(prompt.length(), text.length())))
            .toList(),
        expected.path("captions"));
    run.texts(name + " lengths_without_pad", lengths, expected.path("lengths_without_pad"));
    if (expected.has("ended_with_sep")) {
      run.texts(name + " ended_with_sep", ended, expected.path("ended_with_sep"));
    }
    if (expected.has("decoder_steps")) {
      String steps = Long.toString(computed.get(name + ".steps").longs()[0]);
      run.text(name + " decoder_steps", steps, expected.path("decoder_steps").asText());
    }
    if (expected.has("final_hypotheses")) {
      Values scores = computed.get(name + ".all.scores");
      JsonNode all = expected.path("final_hypotheses");
      checkHypotheses(
          run, model, name + " hypothesis ", all, computed.get(name + ".all.ids"), scores);
    }
  }

  /** Compares all hypotheses of every image: ids and score. */
  private static void checkHypotheses(
      GoldenRun run,
      GoldenModel model,
      String check,
      JsonNode expected,
      Values ids,
      Values scores) {
    long width = ids.shape()[ids.shape().length - 1];
    Values all = ids.reshape(ids.data().length / width, width);
    int next = 0;
    for (JsonNode image : expected) {
      for (JsonNode hypothesis : image) {
        if (next >= all.shape()[0]) {
          run.failed(check + next, "was not found");
          return;
        }
        long[] row = all.row(next).longs();
        int length = hypothesis.path("ids").size();
        boolean ends =
            Arrays.stream(row, Math.min(length, row.length), row.length)
                .allMatch(id -> id == model.tokens().pad() || id == model.tokens().sep());
        run.text(
            check + next + " ids",
            list(Arrays.copyOf(row, length)) + (ends ? "" : "..."),
            hypothesis.path("ids").toString());
        double score = hypothesis.path("score").doubleValue();
        run.compare(check + next + " score", scores.data()[next], score, SCORE);
        next++;
      }
    }
  }

  private static String list(long... ids) {
    return Arrays.toString(ids).replace(" ", "");
  }
}
