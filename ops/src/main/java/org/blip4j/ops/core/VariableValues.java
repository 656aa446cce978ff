package org.blip4j.ops.core;

import org.tensorflow.Operand;
import org.tensorflow.types.family.TType;

/** Where a context takes the value of a variable from. */
public interface VariableValues {

  /** The value of the variable as an operand of the context's graph. */
  <T extends TType> Operand<T> of(Variable<T> variable);
}
