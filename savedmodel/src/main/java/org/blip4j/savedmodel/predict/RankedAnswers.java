package org.blip4j.savedmodel.predict;

import java.util.ArrayList;
import java.util.List;
import org.blip4j.savedmodel.signature.ServingSignature;

/**
 * The answers that were kept of a list, the best first.
 *
 * @param answers none if the image is unreadable
 * @param status empty, or what was wrong with the image
 */
public record RankedAnswers(List<Ranked> answers, String status) {

  /**
   * One answer.
   *
   * @param text as it stood in the list
   * @param logProb the sum of the log-probabilities of its tokens
   * @param score what answers are ordered by: the same with the label smoothing of training
   */
  public record Ranked(String text, float logProb, float score) {}

  /** Copies the list. */
  public RankedAnswers {
    answers = List.copyOf(answers);
  }

  /** Whether there are answers. */
  public boolean ok() {
    return status.isEmpty();
  }

  static List<RankedAnswers> read(Outputs outputs) {
    List<String> status = outputs.strings(ServingSignature.STATUS);
    List<String> texts = outputs.strings(ServingSignature.ANSWERS);
    float[] logProbs = outputs.floats(ServingSignature.LOG_PROBS);
    float[] scores = outputs.floats(ServingSignature.SCORES);
    int width = texts.size() / status.size();
    List<RankedAnswers> rows = new ArrayList<>();
    for (int row = 0; row < status.size(); row++) {
      List<Ranked> kept = new ArrayList<>();
      for (int at = row * width; at < (row + 1) * width; at++) {
        if (!texts.get(at).isEmpty()) {
          kept.add(new Ranked(texts.get(at), logProbs[at], scores[at]));
        }
      }
      rows.add(new RankedAnswers(kept, status.get(row)));
    }
    return rows;
  }
}
