package org.blip4j.savedmodel.predict;

import java.util.ArrayList;
import java.util.List;
import org.blip4j.savedmodel.signature.ServingSignature;

/**
 * An answer to a question about an image.
 *
 * @param text empty if the image is unreadable
 * @param logProb the sum of the log-probabilities of its tokens
 * @param status empty, or what was wrong with the image
 */
public record Answer(String text, float logProb, String status) {
  /** Whether there is an answer. */
  public boolean ok() {
    return status.isEmpty();
  }

  static List<Answer> read(Outputs outputs) {
    List<String> texts = outputs.strings(ServingSignature.ANSWER);
    List<String> status = outputs.strings(ServingSignature.STATUS);
    float[] logProbs = outputs.floats(ServingSignature.LOG_PROB);
    List<Answer> answers = new ArrayList<>();
    for (int i = 0; i < texts.size(); i++) {
      answers.add(new Answer(texts.get(i), logProbs[i], status.get(i)));
    }
    return answers;
  }
}
