package org.blip4j.graph.weights;

import java.io.IOException;
import java.util.Collection;

/** The variables of a model with their values, in our names and layout, read one at a time. */
public interface VariableValues {
  /** Every variable that has a value. */
  Collection<VariableShape> variables();

  /** The value of a float variable, row-major. */
  float[] floats(String variable) throws IOException;

  /** The value of an integer variable, row-major. */
  long[] longs(String variable) throws IOException;

  /** Takes the values of variables one after another, in our layout, row-major. */
  interface Sink {
    /** Takes a float variable. */
    void floats(VariableShape variable, float[] values) throws IOException;

    /** Takes an integer variable. */
    void longs(VariableShape variable, long[] values) throws IOException;
  }
}
