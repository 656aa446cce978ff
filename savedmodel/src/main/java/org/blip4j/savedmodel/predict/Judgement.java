package org.blip4j.savedmodel.predict;

import java.util.ArrayList;
import java.util.List;
import org.blip4j.savedmodel.signature.ServingSignature;

/**
 * Whether a statement holds for two images.
 *
 * @param label {@code True} or {@code False}; empty if an image is unreadable
 * @param probability of the label, so never less than a half; 0 if an image is unreadable
 * @param status empty, or what was wrong with which image
 */
public record Judgement(String label, float probability, String status) {
  /** Whether both images were read. */
  public boolean ok() {
    return status.isEmpty();
  }

  static List<Judgement> read(Outputs outputs) {
    List<String> labels = outputs.strings(ServingSignature.LABEL);
    List<String> status = outputs.strings(ServingSignature.STATUS);
    float[] probability = outputs.floats(ServingSignature.PROBABILITY);
    List<Judgement> judged = new ArrayList<>();
    for (int i = 0; i < labels.size(); i++) {
      judged.add(new Judgement(labels.get(i), probability[i], status.get(i)));
    }
    return judged;
  }
}
