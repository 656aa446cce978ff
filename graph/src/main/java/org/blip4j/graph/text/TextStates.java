package org.blip4j.graph.text;

import java.util.Optional;
import org.blip4j.ops.core.GraphContext;
import org.blip4j.ops.core.Shapes;
import org.tensorflow.Operand;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TInt64;

/**
 * States of the last text layer; there is no pooler.
 *
 * @param hidden {@code [B, T, W]}; rows of padding are computed, too
 * @param mask {@code [B, T]}, 1 = a token
 */
public record TextStates(Operand<TFloat32> hidden, Operand<TInt64> mask) {

  /** Checks the ranks. */
  public TextStates {
    Shapes.require(hidden, "text states", -1, -1, -1);
    Shapes.require(mask, "text mask", -1, -1);
  }

  /** The states of the first tokens, {@code [B, W]}: the state of the sentence. */
  public Operand<TFloat32> firstState(GraphContext ctx) {
    return ctx.at(hidden, 0, 1);
  }

  /** What another text attends: these states without their padding. */
  public Attended.States attended() {
    return new Attended.States(hidden, Optional.of(mask));
  }
}
