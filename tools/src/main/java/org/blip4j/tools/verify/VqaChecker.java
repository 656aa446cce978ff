package org.blip4j.tools.verify;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.blip4j.data.text.Detokenizer;
import org.blip4j.graph.config.Task;
import org.blip4j.graph.generate.AnswerGenerator;
import org.blip4j.graph.generate.AnswerRanking;
import org.blip4j.graph.model.Blip;
import org.blip4j.graph.text.AttendedStates;
import org.blip4j.graph.text.TextStates;
import org.blip4j.graph.text.Tokens;
import org.blip4j.ops.core.GraphContext;
import org.blip4j.ops.core.Mode;
import org.blip4j.ops.decode.BeamSettings;
import org.blip4j.ops.decode.Decoded;
import org.blip4j.ops.decode.LengthLimits;
import org.blip4j.ops.decode.LengthNormalization;
import org.tensorflow.Operand;
import org.tensorflow.op.Ops;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TInt32;
import org.tensorflow.types.TInt64;

/**
 * Question answering: the training loss with its gradients ({@link VqaLossCheck}), the ranking of
 * given answers ({@link RankedAnswers}), and generated answers.
 *
 * <p>{@code batched_*} are upstream's answers of a padded batch, whose padding the decoder attends;
 * {@code alone_*} are what each question gives alone, and here in any batch.
 *
 * @param machine devices, threads and kernels
 */
record VqaChecker(GoldenGraph.Machine machine) implements GoldenChecker {
  private static final String[] MODES = {"batched", "alone"};

  @Override
  public void check(Golden golden, RowSink rows) throws IOException {
    GoldenConfig config = GoldenConfig.of(golden);
    if (config.integer("decoder_cross_attention_width") != config.blip().text().width()) {
      throw new IOException("config.json: decoder_cross_attention_width is not the text width");
    }
    GoldenTexts texts = GoldenTexts.of(golden);
    ExpectedOutputs outputs = new ExpectedOutputs(golden);
    VqaInputs inputs = VqaInputs.of(golden, texts, rows);
    new VqaLossCheck(machine, golden).run(inputs, outputs, rows);
    Map<String, Values> computed = run(golden, config, inputs);
    RankedAnswers ranked = RankedAnswers.of(computed, inputs.candidates(), outputs);
    ranked.addTo(outputs);
    ranked.compareTexts(golden, rows);
    Detokenizer detokenizer = new Detokenizer(texts.tokenizer().vocabulary());
    for (String mode : MODES) {
      String ids = "generate/" + mode + "_ids";
      Values found = computed.get(ids);
      outputs.add(ids, GeneratedTexts.withoutPadding(found, outputs.expected(ids).shape()[1]));
      String scores = "generate/" + mode + "_scores";
      outputs.add(scores, computed.get(scores));
      compareStrings(golden, mode, found, detokenizer, rows);
    }
    rows.accept(
        CheckRow.texts(
            golden.name(),
            "questions_where_batched_differs",
            differing(computed.get("generate/batched_ids"), computed.get("generate/alone_ids")),
            golden.cases().path("generate").path("questions_where_batched_differs").toString()));
    outputs.report(rows);
  }

  private Map<String, Values> run(Golden golden, GoldenConfig config, VqaInputs inputs)
      throws IOException {
    int size = config.vision().imageSize();
    int candidates = inputs.candidates().rows();
    try (GoldenGraph graph = GoldenGraph.create(Mode.INFER, machine)) {
      Blip blip = Blip.create(graph.vars(), config.blip(), Task.VQA);
      graph.load(golden.file("weights.pth"), graph.vars().all(), false);
      GraphContext ctx = graph.ctx();
      Operand<TFloat32> pixels = graph.floats("pixels", -1, size, size, 3);
      Operand<TInt64> ids = graph.longs("ids", -1, -1);
      Operand<TInt64> mask = graph.longs("mask", -1, -1);
      Operand<TInt64> answers = graph.longs("answers", -1, -1);
      Operand<TInt64> answerMask = graph.longs("answer_mask", -1, -1);
      TextStates questions =
          blip.answering().read(ctx, new Tokens(ids, mask), blip.vision().apply(ctx, pixels));
      AnswerRanking ranking = AnswerRanking.of(blip, config.number("label_smoothing"));
      AnswerRanking.Candidates list =
          new AnswerRanking.Candidates(
              new Tokens(answers, answerMask),
              everyone(ctx, inputs.questions().rows(), candidates));
      int kept = golden.cases().path("rank").path("k_test").intValue();
      Map<String, Operand<?>> fetches = new LinkedHashMap<>();
      RankedAnswers.fetch(fetches, "some.", rank(ctx.in("some"), ranking, questions, list, kept));
      RankedAnswers.fetch(
          fetches, "all.", rank(ctx.in("all"), ranking, questions, list, candidates));
      AnswerGenerator generator = AnswerGenerator.of(blip, inputs.questions().rows());
      BeamSettings settings = settings(golden.cases().path("generate"));
      Decoded batched =
          generator.search(
              ctx.in("batched"),
              new AttendedStates(questions.hidden(), Optional.empty()),
              settings);
      Decoded alone = generator.search(ctx.in("alone"), questions.attended(), settings);
      fetches.put("generate/batched_ids", batched.ids());
      fetches.put("generate/batched_scores", batched.scores());
      fetches.put("generate/alone_ids", alone.ids());
      fetches.put("generate/alone_scores", alone.scores());
      return graph.run(
          fetches,
          Map.of(
              pixels, inputs.image().channelsLast(),
              ids, GoldenTexts.ids(inputs.questions()),
              mask, GoldenTexts.mask(inputs.questions()),
              answers, GoldenTexts.ids(inputs.candidates()),
              answerMask, GoldenTexts.mask(inputs.candidates())));
    }
  }

  private static AnswerRanking.Result rank(
      GraphContext ctx,
      AnswerRanking ranking,
      TextStates questions,
      AnswerRanking.Candidates candidates,
      int most) {
    return ranking.rank(ctx, questions.attended(), candidates, ctx.tf().constant(most));
  }

  /** The whole list for each question. */
  private static Operand<TInt32> everyone(GraphContext ctx, int questions, int candidates) {
    int[][] rows = new int[questions][candidates];
    for (int[] row : rows) {
      Arrays.setAll(row, column -> column);
    }
    Ops tf = ctx.tf();
    return tf.constant(rows);
  }

  private static BeamSettings settings(JsonNode call) throws IOException {
    if (call.path("early_stopping").asBoolean() || call.path("length_penalty").asDouble(1) != 1) {
      throw new IOException("cases.json: early_stopping and length_penalty are not supported");
    }
    return new BeamSettings(
        call.path("num_beams").asInt(),
        new LengthLimits(call.path("min_length").asInt(), call.path("max_length").asInt()),
        call.path("repetition_penalty").asDouble(1),
        LengthNormalization.WHOLE);
  }

  private static void compareStrings(
      Golden golden, String mode, Values ids, Detokenizer detokenizer, RowSink rows)
      throws IOException {
    JsonNode expected = golden.cases().path("generate").path(mode + "_strings");
    int width = (int) ids.shape()[1];
    for (int i = 0; i < ids.shape()[0]; i++) {
      String text = detokenizer.decode(Arrays.copyOfRange(ids.longs(), i * width, (i + 1) * width));
      rows.accept(
          CheckRow.texts(
              golden.name(), mode + "_strings " + i, text, expected.path(i).asText("missing")));
    }
  }

  private static String differing(Values one, Values other) {
    List<Integer> rows = new ArrayList<>();
    for (int i = 0; i < one.shape()[0]; i++) {
      if (!Arrays.equals(one.rows(i, i + 1).data(), other.rows(i, i + 1).data())) {
        rows.add(i);
      }
    }
    return rows.toString().replace(" ", "");
  }
}
