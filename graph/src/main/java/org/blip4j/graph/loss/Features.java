package org.blip4j.graph.loss;

import org.blip4j.ops.core.Shapes;
import org.tensorflow.Operand;
import org.tensorflow.types.TFloat32;

/**
 * Image and text features of a batch of pairs, of length 1.
 *
 * @param image {@code [B, E]}
 * @param text {@code [B, E]}
 */
public record Features(Operand<TFloat32> image, Operand<TFloat32> text) {
  /** Checks the ranks. */
  public Features {
    Shapes.require(image, "image features", -1, -1);
    Shapes.require(text, "text features", -1, -1);
  }
}
