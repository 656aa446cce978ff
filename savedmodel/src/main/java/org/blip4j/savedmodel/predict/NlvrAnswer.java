package org.blip4j.savedmodel.predict;

import java.util.ArrayList;
import java.util.List;
import org.blip4j.savedmodel.signature.ServingSignature;

/**
 * Whether a statement holds for two images.
 *
 * @param label {@code True} or {@code False}; empty if the row failed
 * @param probability of the label, so never less than a half; 0 if the row failed
 * @param status empty, or why the row failed, and for which image
 * @param note empty, or how the statement was cut
 */
public record NlvrAnswer(String label, float probability, String status, String note) {
  /** Whether both images and the statement were read. */
  public boolean ok() {
    return status.isEmpty();
  }

  static List<NlvrAnswer> read(SignatureRunner.Outputs outputs) {
    List<String> labels = outputs.strings(ServingSignature.LABEL);
    float[] probability = outputs.floats(ServingSignature.PROBABILITY);
    List<NlvrAnswer> answers = new ArrayList<>();
    for (int i = 0; i < labels.size(); i++) {
      answers.add(
          new NlvrAnswer(labels.get(i), probability[i], outputs.status(i), outputs.note(i)));
    }
    return answers;
  }
}
