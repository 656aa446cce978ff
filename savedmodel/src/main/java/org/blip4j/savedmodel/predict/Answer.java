package org.blip4j.savedmodel.predict;

import java.util.ArrayList;
import java.util.List;
import org.blip4j.savedmodel.signature.ServingSignature;

/**
 * An answer to a question about an image.
 *
 * @param text empty if the row failed
 * @param logProb the sum of the log-probabilities of its tokens
 * @param status empty, or why the row failed
 * @param note empty, or how the question was cut
 */
public record Answer(String text, float logProb, String status, String note) {
  /** Whether there is an answer. */
  public boolean ok() {
    return status.isEmpty();
  }

  static List<Answer> read(SignatureRunner.Outputs outputs) {
    List<String> texts = outputs.strings(ServingSignature.ANSWER);
    float[] logProbs = outputs.floats(ServingSignature.LOG_PROB);
    List<Answer> answers = new ArrayList<>();
    for (int i = 0; i < texts.size(); i++) {
      answers.add(new Answer(texts.get(i), logProbs[i], outputs.status(i), outputs.note(i)));
    }
    return answers;
  }
}
