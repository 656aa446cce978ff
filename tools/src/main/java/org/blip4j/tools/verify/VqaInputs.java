package org.blip4j.tools.verify;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.blip4j.data.text.Padding;
import org.blip4j.data.text.TokenBatch;
import org.blip4j.data.text.WordPieceTokenizer;
import org.blip4j.graph.config.SpecialTokens;
import org.blip4j.graph.task.QuestionBatch;
import org.tensorflow.Operand;

/**
 * What a question-answering golden feeds, made from its strings and pictures; the stored ids are
 * there to be compared with.
 *
 * @param image {@code [B, C, H, W]}
 * @param questions beginning with [CLS]
 * @param answers of all questions one after another
 * @param answerRows the question of each answer
 * @param weights of the answers
 * @param candidates the answers to be ranked
 * @param gradientRows rows of the word tables whose gradients are stored
 */
record VqaInputs(
    Values image,
    TokenBatch questions,
    TokenBatch answers,
    Values answerRows,
    Values weights,
    TokenBatch candidates,
    Values gradientRows) {

  /** Makes the inputs and compares them with the stored ones. */
  static VqaInputs of(Golden golden, GoldenTexts texts, RowSink rows) throws IOException {
    GoldenTensors stored = GoldenTensors.read(golden.file("inputs.safetensors"));
    JsonNode cases = golden.cases();
    List<String> answers = new ArrayList<>();
    List<Double> weights = new ArrayList<>();
    List<Double> owners = new ArrayList<>();
    List<Double> counts = new ArrayList<>();
    JsonNode lists = cases.path("train").path("answers");
    for (int question = 0; question < lists.size(); question++) {
      answers.addAll(GoldenTexts.strings(lists.path(question)));
      for (JsonNode weight : cases.path("train").path("weights").path(question)) {
        weights.add((double) (float) weight.doubleValue());
        owners.add((double) question);
      }
      counts.add((double) lists.path(question).size());
    }
    VqaInputs made =
        new VqaInputs(
            stored.get("image"),
            texts.encode(GoldenTexts.strings(cases.path("questions"))),
            whole(texts, answers),
            vector(owners),
            vector(weights),
            whole(texts, GoldenTexts.strings(cases.path("rank").path("answer_list"))),
            stored.get("grad_row_ids"));
    SpecialTokens tokens = GoldenConfig.of(golden).blip().text().tokens();
    Map<String, Values> own =
        Map.of(
            "question_ids", GoldenTexts.ids(made.questions.withFirstToken(tokens.enc())),
            "question_mask", GoldenTexts.mask(made.questions),
            "answer_ids", GoldenTexts.ids(made.answers.withFirstToken(tokens.dec())),
            "answer_mask", GoldenTexts.mask(made.answers),
            "answer_count", vector(counts),
            "answer_weight", made.weights,
            "answer_list_ids", GoldenTexts.ids(made.candidates.withFirstToken(tokens.dec())),
            "answer_list_mask", GoldenTexts.mask(made.candidates));
    for (String name : stored.names()) {
      if (own.containsKey(name)) {
        rows.accept(
            TensorCheck.compare(
                golden.name(), name, own.get(name), stored.get(name), Tolerance.EXACT));
      }
    }
    return made;
  }

  /** Answers are neither cut nor padded to a maximum. */
  private static TokenBatch whole(GoldenTexts texts, List<String> answers) {
    return texts.tokenizer().encode(answers, Padding.longest(), WordPieceTokenizer.NO_LIMIT);
  }

  private static Values vector(List<Double> numbers) {
    return new Values(
        new long[] {numbers.size()}, numbers.stream().mapToDouble(Double::doubleValue).toArray());
  }

  /** What is fed to a training step. */
  Map<Operand<?>, Values> feeds(QuestionBatch batch) {
    return Map.of(
        batch.pixels(), image.channelsLast(),
        batch.questions().ids(), GoldenTexts.ids(questions),
        batch.questions().mask(), GoldenTexts.mask(questions),
        batch.answers().ids(), GoldenTexts.ids(answers),
        batch.answers().mask(), GoldenTexts.mask(answers),
        batch.rows(), answerRows,
        batch.weights(), weights);
  }
}
