package org.blip4j.graph.vision;

import java.util.Optional;
import org.blip4j.graph.text.Attended;
import org.blip4j.ops.core.GraphContext;
import org.blip4j.ops.core.Shapes;
import org.tensorflow.Operand;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.family.TNumber;

/**
 * States of images after the final normalisation, class token first.
 *
 * @param hidden {@code [B, P, W]}
 */
public record ImageStates(Operand<TFloat32> hidden) {

  /** Checks the rank. */
  public ImageStates {
    Shapes.require(hidden, "image states", -1, -1, -1);
  }

  /** The states of the class tokens, {@code [B, W]}. */
  public Operand<TFloat32> classState(GraphContext ctx) {
    return ctx.at(hidden, 0, 1);
  }

  /** The states of some of the images, in the order of the given row numbers. */
  public ImageStates gather(GraphContext ctx, Operand<? extends TNumber> rows) {
    return new ImageStates(ctx.gather(hidden, rows, 0));
  }

  /** What text attends: all states, none hidden. */
  public Attended.States attended() {
    return new Attended.States(hidden, Optional.empty());
  }
}
