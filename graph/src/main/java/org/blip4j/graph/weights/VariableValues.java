package org.blip4j.graph.weights;

import java.io.IOException;
import java.util.Collection;
import java.util.Objects;
import org.tensorflow.ndarray.Shape;

/** The variables of a model with their values, in our names and layout, read one at a time. */
public interface VariableValues {
  /** Every variable that has a value. */
  Collection<Wanted> variables();

  /** The value of a float variable, row-major. */
  float[] floats(String variable) throws IOException;

  /** The value of an integer variable, row-major. */
  long[] longs(String variable) throws IOException;

  /** Takes the values of variables one after another, in our layout, row-major. */
  interface Sink {
    /** Takes a float variable. */
    void floats(Wanted variable, float[] values) throws IOException;

    /** Takes an integer variable. */
    void longs(Wanted variable, long[] values) throws IOException;
  }

  /**
   * A variable that a model has and wants filled.
   *
   * @param name our name
   * @param shape our shape, known in every axis
   */
  record Wanted(String name, Shape shape) {
    public Wanted {
      Objects.requireNonNull(name, "name");
      if (shape.isUnknown() || shape.hasUnknownDimension()) {
        throw new IllegalArgumentException("variable " + name + " has no fixed shape: " + shape);
      }
    }
  }
}
