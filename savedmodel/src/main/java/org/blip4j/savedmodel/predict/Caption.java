package org.blip4j.savedmodel.predict;

import java.io.Serializable;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.blip4j.savedmodel.signature.ServingSignature;

/**
 * A caption of one image.
 *
 * @param text without the prompt; empty if the row failed
 * @param logProb the sum of the log-probabilities of the generated tokens
 * @param ids start token, prompt, text and the end token if it fitted in
 * @param status empty, or why the row failed: its image, or its prompt
 * @see Predictor
 */
public record Caption(String text, float logProb, List<Long> ids, String status)
    implements Serializable {
  /** Copies the tokens. */
  public Caption {
    ids = List.copyOf(ids);
  }

  /** Whether there is a caption. */
  public boolean ok() {
    return status.isEmpty();
  }

  static List<Caption> read(SignatureRunner.Outputs outputs, long padding) {
    List<Caption> captions =
        read(
            outputs.strings(ServingSignature.CAPTION_TEXT),
            outputs.floats(ServingSignature.LOG_PROB),
            outputs.longs(ServingSignature.TOKEN_IDS),
            padding);
    for (int i = 0; i < captions.size(); i++) {
      Caption one = captions.get(i);
      captions.set(i, new Caption(one.text(), one.logProb(), one.ids(), outputs.status(i)));
    }
    return captions;
  }

  /** Captions of rows none of which failed. */
  static List<Caption> read(List<String> texts, float[] logProbs, long[] ids, long padding) {
    int width = ids.length / texts.size();
    List<Caption> captions = new ArrayList<>();
    for (int i = 0; i < texts.size(); i++) {
      int end = (i + 1) * width;
      while (end > i * width && ids[end - 1] == padding) {
        end--;
      }
      List<Long> own = Arrays.stream(ids, i * width, end).boxed().toList();
      captions.add(new Caption(texts.get(i), logProbs[i], own, ""));
    }
    return captions;
  }
}
