package org.blip4j.graph.weights;

import java.io.IOException;

/** Takes the values of variables one after another, in our layout, row-major. */
public interface WeightSink {
  /** Takes a float variable. */
  void floats(VariableShape variable, float[] values) throws IOException;

  /** Takes an integer variable. */
  void longs(VariableShape variable, long[] values) throws IOException;
}
