package org.blip4j.tools.verify;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import org.blip4j.data.text.TokenBatch;
import org.blip4j.graph.generate.AnswerRanking;
import org.tensorflow.Operand;

/**
 * The answers that a ranking kept, under the names of the outputs.
 *
 * <p>Upstream leaves open how candidates with equal first tokens are ordered, since they are
 * equally probable: there, and only there, the expected order is taken over.
 *
 * @param values by the names of the outputs
 * @param places of the highest score among the kept answers of each question
 */
// Arrays are compared nowhere.
@SuppressWarnings("ArrayRecordComponent")
record RankedAnswers(Map<String, Values> values, long[] places) {

  /** Names what a ranking gives. */
  static void fetch(Map<String, Operand<?>> fetches, String prefix, AnswerRanking.Result result) {
    fetches.put(prefix + "logits", result.firstLogits());
    fetches.put(prefix + "prob", result.probabilities());
    fetches.put(prefix + "kept", result.kept());
    fetches.put(prefix + "kept_prob", result.keptProbabilities());
    fetches.put(prefix + "scores", result.scores());
  }

  /** Puts what was fetched, with some and with all candidates kept, under the expected names. */
  static RankedAnswers of(
      Map<String, Values> computed, TokenBatch candidates, ExpectedOutputs outputs)
      throws IOException {
    Values kept = computed.get("some.kept");
    Values expected = outputs.expected("rank/topk_ids");
    Values scores = computed.get("some.scores");
    int most = (int) kept.shape()[1];
    if (Arrays.equals(kept.shape(), expected.shape())) {
      for (int row = 0; row < kept.shape()[0]; row++) {
        orderTies(row * most, most, kept.data(), scores.data(), expected.data(), candidates);
      }
    }
    Map<String, Values> values = new LinkedHashMap<>();
    values.put("rank/first_token_logits", computed.get("some.logits"));
    values.put("rank/first_token_prob", computed.get("some.prob"));
    values.put("rank/topk_ids", kept);
    values.put("rank/topk_prob", computed.get("some.kept_prob"));
    values.put("rank/topk_score", scores);
    values.put(
        "rank/all_scores", inListOrder(computed.get("all.kept"), computed.get("all.scores")));
    long[] places = new long[(int) kept.shape()[0]];
    double[] chosen = new double[places.length];
    for (int row = 0; row < places.length; row++) {
      for (int place = 1; place < most; place++) {
        if (scores.data()[row * most + place] > scores.data()[row * most + (int) places[row]]) {
          places[row] = place;
        }
      }
      chosen[row] = kept.data()[row * most + (int) places[row]];
    }
    values.put("rank/chosen_ids", new Values(new long[] {chosen.length}, chosen));
    return new RankedAnswers(values, places);
  }

  /** Swaps entries of equal first tokens until they stand as expected. */
  private static void orderTies(
      int start,
      int most,
      double[] kept,
      double[] scores,
      double[] expected,
      TokenBatch candidates) {
    for (int place = start; place < start + most; place++) {
      for (int other = place + 1; other < start + most; other++) {
        boolean tied = firstToken(candidates, kept[place]) == firstToken(candidates, kept[other]);
        if (tied && kept[place] != expected[place] && kept[other] == expected[place]) {
          swap(kept, place, other);
          swap(scores, place, other);
        }
      }
    }
  }

  private static long firstToken(TokenBatch candidates, double row) {
    int candidate = (int) row;
    return candidates.ids()[candidate * candidates.columns() + 1];
  }

  private static void swap(double[] numbers, int one, int other) {
    double kept = numbers[one];
    numbers[one] = numbers[other];
    numbers[other] = kept;
  }

  private static Values inListOrder(Values kept, Values scores) {
    int columns = (int) kept.shape()[1];
    double[] ordered = new double[kept.data().length];
    for (int i = 0; i < ordered.length; i++) {
      ordered[i / columns * columns + (int) kept.data()[i]] = scores.data()[i];
    }
    return new Values(kept.shape(), ordered);
  }

  /** Hands the values on. */
  void addTo(ExpectedOutputs outputs) {
    values.forEach(outputs::add);
  }

  /** Compares the answers themselves with those in {@code cases.json}. */
  void compareTexts(Golden golden, RowSink rows) throws IOException {
    JsonNode expected = golden.cases().path("rank");
    double[] chosen = values.get("rank/chosen_ids").data();
    for (int row = 0; row < chosen.length; row++) {
      rows.accept(
          CheckRow.texts(
              golden.name(),
              "chosen " + row,
              expected.path("answer_list").path((int) chosen[row]).asText(),
              expected.path("chosen").path(row).asText("missing")));
      rows.accept(
          CheckRow.texts(
              golden.name(),
              "chosen_position_in_topk " + row,
              Long.toString(places[row]),
              expected.path("chosen_position_in_topk").path(row).asText("missing")));
    }
  }
}
