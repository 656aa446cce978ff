package org.blip4j.savedmodel.predict;

import java.util.Arrays;
import java.util.List;
import org.tensorflow.ndarray.NdArrays;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.ndarray.buffer.DataBuffers;
import org.tensorflow.types.TInt64;
import org.tensorflow.types.TString;

/**
 * Answers to choose from, the same for every question.
 *
 * @param candidates the answers
 * @param topK how many are kept by the probabilities of their first tokens, to be compared whole
 */
public record AnswerChoice(List<String> candidates, int topK) {
  /** The published number of kept answers. */
  public static final int PUBLISHED_TOP_K = 128;

  /** Checks the parts. */
  public AnswerChoice {
    candidates = List.copyOf(candidates);
    if (candidates.isEmpty()) {
      throw new IllegalArgumentException("the list of answers is empty; give at least one");
    }
    if (candidates.contains("")) {
      throw new IllegalArgumentException("one of the answers is empty; leave it away");
    }
    if (topK < 1) {
      throw new IllegalArgumentException(
          "top-k %d is less than 1; the published value is %d".formatted(topK, PUBLISHED_TOP_K));
    }
  }

  /** The candidates once for each row, {@code [B, N]}. */
  TString answers(int rows) {
    String[] all = new String[rows * candidates.size()];
    Arrays.setAll(all, i -> candidates.get(i % candidates.size()));
    Shape shape = Shape.of(rows, candidates.size());
    return TString.tensorOf(NdArrays.wrap(shape, DataBuffers.of(all, true, false)));
  }

  /** {@code topK} once for each row, {@code [B]}. */
  TInt64 topK(int rows) {
    long[] all = new long[rows];
    Arrays.fill(all, topK);
    return SignatureRunner.numbers(all);
  }
}
