package org.blip4j.ops.core;

import java.util.Optional;
import java.util.function.Function;
import org.tensorflow.Operand;
import org.tensorflow.types.TFloat32;

/**
 * A matrix that rows are multiplied with, and what kernels may do to it.
 *
 * @param value gives {@code [in, out]}, or {@code [out, in]} if turned, in a context
 * @param turned whether it is used transposed
 * @param reducible whether products with it may be computed in fewer bits
 * @param variable the variable that it is, if it is one as a whole
 */
public record Weight(
    Function<GraphContext, Operand<TFloat32>> value,
    boolean turned,
    boolean reducible,
    Optional<Variable<TFloat32>> variable) {

  /** A variable {@code [in, out]}, in as many bits as the kernels like. */
  public static Weight of(Variable<TFloat32> kernel) {
    return new Weight(ctx -> ctx.read(kernel), false, true, Optional.of(kernel));
  }

  /** A variable {@code [in, out]} that is always used in float32. */
  public static Weight exact(Variable<TFloat32> kernel) {
    return new Weight(ctx -> ctx.read(kernel), false, false, Optional.of(kernel));
  }

  /** A variable {@code [out, in]} that is always used in float32, such as a table of words. */
  public static Weight table(Variable<TFloat32> table) {
    return new Weight(ctx -> ctx.read(table), true, false, Optional.of(table));
  }

  /** A value {@code [in, out]} that was computed in the graph, such as a reshaped variable. */
  public static Weight of(Operand<TFloat32> computed) {
    return new Weight(ctx -> ctx.capture(computed), false, true, Optional.empty());
  }

  /** The matrix as an operand of the context's graph. */
  public Operand<TFloat32> in(GraphContext ctx) {
    return value.apply(ctx);
  }
}
