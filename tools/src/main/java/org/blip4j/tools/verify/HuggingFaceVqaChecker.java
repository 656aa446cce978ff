package org.blip4j.tools.verify;

import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.blip4j.data.text.Padding;
import org.blip4j.data.text.TokenBatch;
import org.blip4j.graph.config.Task;
import org.blip4j.graph.generate.AnswerGenerator;
import org.blip4j.graph.loss.LmLoss;
import org.blip4j.graph.model.Blip;
import org.blip4j.graph.text.AttendedStates;
import org.blip4j.graph.text.TextStates;
import org.blip4j.graph.text.Tokens;
import org.blip4j.graph.vision.ImageStates;
import org.blip4j.ops.core.GraphContext;
import org.blip4j.ops.core.Mode;
import org.blip4j.ops.decode.Decoded;
import org.tensorflow.Operand;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TInt64;

/**
 * Runs a question-answering model of Hugging Face: states of images and questions, logits and loss
 * of given answers, and every generation that is described, with its scores and texts.
 *
 * <p>There a question keeps [CLS] as its first token, and generation attends the padding of the
 * batch; here both are done for the comparison alone.
 *
 * @param machine devices, threads and kernels
 */
record HuggingFaceVqaChecker(GoldenGraph.Machine machine) implements GoldenChecker {
  private static final String ENC = "question_ids_enc";

  @Override
  public void check(Golden golden, RowSink rows) throws IOException {
    HuggingFaceGolden folder = HuggingFaceGolden.open(golden);
    ExpectedOutputs outputs = new ExpectedOutputs(golden);
    folder.compareLongForm(rows);
    TokenBatch questions = folder.encode("questions", "question_ids", rows);
    int enc = folder.config().text().tokens().enc();
    folder.compare(ENC, GoldenTexts.ids(questions.withFirstToken(enc)), rows);
    folder.compare("question_attention_mask", GoldenTexts.mask(questions), rows);
    TokenBatch answers = answers(folder);
    folder.compare("answer_ids", GoldenTexts.ids(answers), rows);
    folder.compare("answer_attention_mask", GoldenTexts.mask(answers), rows);
    List<GenerationCall> calls = GenerationCall.all(outputs);
    Map<String, Values> computed = run(folder, questions, answers, calls, outputs);
    addLogits(computed.remove("logits"), answers, outputs);
    computed.forEach(outputs::add);
    folder.add(calls, computed, outputs, rows);
    outputs.report(rows);
  }

  /** As wide as the stored ones; the comparison shows whether that is the width of the longest. */
  private static TokenBatch answers(HuggingFaceGolden folder) throws IOException {
    int columns = (int) folder.inputs().get("answer_ids").shape()[1];
    return folder
        .tokenizer()
        .encode(folder.strings("answers"), Padding.maxLength(), columns)
        .withFirstToken(folder.config().text().tokens().dec());
  }

  private Map<String, Values> run(
      HuggingFaceGolden folder,
      TokenBatch questions,
      TokenBatch answers,
      List<GenerationCall> calls,
      ExpectedOutputs outputs)
      throws IOException {
    Values image = folder.inputs().get("pixel_values");
    int size = folder.config().vision().imageSize();
    try (GoldenGraph graph = GoldenGraph.create(Mode.INFER, machine)) {
      Blip blip = Blip.create(graph.vars(), folder.config(), Task.VQA);
      graph.load(folder.golden().path(), graph.vars().all(), false);
      GraphContext ctx = graph.ctx();
      Operand<TFloat32> pixels = graph.floats("pixels", -1, size, size, 3);
      Operand<TInt64> ids = graph.longs("ids", -1, -1);
      Operand<TInt64> mask = graph.longs("mask", -1, -1);
      Operand<TInt64> answerIds = graph.longs("answer_ids", -1, -1);
      Operand<TInt64> answerMask = graph.longs("answer_mask", -1, -1);
      ImageStates images = blip.vision().apply(ctx, pixels);
      Blip.Answering answering = blip.answering();
      Tokens tokens = new Tokens(ids, mask);
      TextStates cls = answering.questions().apply(ctx.in("cls"), tokens, images.attended());
      TextStates enc = answering.read(ctx.in("enc"), tokens, images);
      LmLoss.Result given =
          LmLoss.compute(
              ctx,
              answering.answers(),
              new Tokens(answerIds, answerMask),
              answering.answers().stack().project(ctx, cls.attended()),
              new LmLoss.Settings(0, folder.published().labelSmoothing()));
      Map<String, Operand<?>> fetches = new LinkedHashMap<>();
      fetches.put("image_embeds", images.hidden());
      fetches.put("question_states", cls.hidden());
      fetches.put("question_states_enc", enc.hidden());
      fetches.put("logits", given.logits());
      fetches.put("loss", ctx.tf().reshape(given.loss(), ctx.tf().constant(new int[] {1})));
      AnswerGenerator generator = AnswerGenerator.of(blip, questions.rows());
      for (GenerationCall call : calls) {
        TextStates states = outputs.described(call.ids()).contains(ENC) ? enc : cls;
        Decoded decoded =
            generator.search(
                ctx.in(call.name()),
                new AttendedStates(states.hidden(), Optional.empty()),
                call.settings(1));
        fetches.put(call.ids(), decoded.ids());
        if (call.beams() > 1) {
          fetches.put(call.scores(), decoded.scores());
        }
      }
      return graph.run(
          fetches,
          Map.of(
              pixels, image.channelsLast(),
              ids, GoldenTexts.ids(questions),
              mask, GoldenTexts.mask(questions),
              answerIds, GoldenTexts.ids(answers),
              answerMask, GoldenTexts.mask(answers)));
    }
  }

  private static void addLogits(Values logits, TokenBatch answers, ExpectedOutputs outputs) {
    int columns = (int) logits.shape()[1];
    int vocabulary = (int) logits.shape()[2];
    outputs.add("answer_logits_row0", logits.rows(0, 1).reshape(columns, vocabulary));
    outputs.add("answer_logits_logsumexp", logits.logSumExp());
    double[] next = new double[answers.rows() * (columns - 1)];
    for (int row = 0; row < answers.rows(); row++) {
      for (int column = 0; column + 1 < columns; column++) {
        int at = row * columns + column;
        long target = answers.ids()[at + 1];
        next[row * (columns - 1) + column] = logits.data()[at * vocabulary + (int) target];
      }
    }
    outputs.add("answer_target_logits", new Values(new long[] {answers.rows(), columns - 1}, next));
  }
}
