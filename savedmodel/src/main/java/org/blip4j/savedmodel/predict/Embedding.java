package org.blip4j.savedmodel.predict;

import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.List;
import org.blip4j.savedmodel.signature.ServingSignature;

/**
 * A feature in the space that images and texts share.
 *
 * @param values E numbers, the vector's length is 1; zeros if the image is unreadable
 * @param status empty, or what was wrong with the image
 */
public record Embedding(FloatBuffer values, String status) {
  /** Makes the values unchangeable. */
  public Embedding {
    values = values.asReadOnlyBuffer();
  }

  /** A copy of the values. */
  public float[] toArray() {
    float[] copy = new float[values.remaining()];
    values.duplicate().get(copy);
    return copy;
  }

  /** Whether there is a feature. */
  public boolean ok() {
    return status.isEmpty();
  }

  static List<Embedding> read(Outputs outputs) {
    List<String> status = outputs.strings(ServingSignature.STATUS);
    float[] values = outputs.floats(ServingSignature.EMBEDDING);
    int width = values.length / status.size();
    List<Embedding> embeddings = new ArrayList<>();
    for (int i = 0; i < status.size(); i++) {
      embeddings.add(
          new Embedding(FloatBuffer.wrap(values, i * width, width).slice(), status.get(i)));
    }
    return embeddings;
  }
}
