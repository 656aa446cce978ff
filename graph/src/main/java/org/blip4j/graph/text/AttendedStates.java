package org.blip4j.graph.text;

import java.util.Optional;
import org.blip4j.ops.core.Shapes;
import org.tensorflow.Operand;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TInt64;

/**
 * A sequence that cross-attention reads: image states, or question states with their padding.
 *
 * @param hidden {@code [B, S, W]}
 * @param mask {@code [B, S]}, 1 = attend; empty if all are visible
 */
public record AttendedStates(Operand<TFloat32> hidden, Optional<Operand<TInt64>> mask) {

  /** Checks the ranks. */
  public AttendedStates {
    Shapes.require(hidden, "attended states", -1, -1, -1);
    mask.ifPresent(present -> Shapes.require(present, "attended mask", -1, -1));
  }
}
