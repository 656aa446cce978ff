package org.blip4j.ops.layer;

import org.blip4j.ops.core.GraphContext;
import org.tensorflow.Operand;
import org.tensorflow.types.TFloat32;

/** A matrix product of rows {@code [N, in]} and what follows it in one kernel. */
sealed interface BiasedProduct permits MatrixProduct, QuantizedProduct {

  /** {@code rows kernel + bias}, {@code [N, out]}. */
  Operand<TFloat32> withBias(GraphContext ctx, Operand<TFloat32> bias);

  /** {@code gelu(rows kernel + bias)}. */
  Operand<TFloat32> withBiasAndGelu(GraphContext ctx, Operand<TFloat32> bias);

  /** {@code rows kernel + bias + sum}, {@code sum [N, out]}; the sum is one of float32. */
  Operand<TFloat32> withBiasAndSum(GraphContext ctx, Operand<TFloat32> bias, Operand<TFloat32> sum);
}
