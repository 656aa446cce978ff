package org.blip4j.graph.weights;

import java.util.Objects;
import org.tensorflow.ndarray.Shape;

/**
 * A variable that a model has and wants filled.
 *
 * @param name our name
 * @param shape our shape, known in every axis
 */
public record VariableShape(String name, Shape shape) {
  public VariableShape {
    Objects.requireNonNull(name, "name");
    if (shape.isUnknown() || shape.hasUnknownDimension()) {
      throw new IllegalArgumentException("variable " + name + " has no fixed shape: " + shape);
    }
  }
}
