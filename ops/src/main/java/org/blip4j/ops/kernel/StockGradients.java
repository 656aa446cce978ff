package org.blip4j.ops.kernel;

import java.util.List;
import org.blip4j.ops.core.GraphContext;
import org.blip4j.ops.core.OwnGradient;
import org.blip4j.ops.core.Shapes;
import org.tensorflow.Operand;
import org.tensorflow.op.Ops;
import org.tensorflow.types.TFloat32;

/**
 * What stock operations are composed of in training, with gradients written by hand. Derived
 * operation by operation they would hold up to five arrays for a norm and four for a GELU, some of
 * them computed long before they are needed, and multiply matrices of attention with the slowest of
 * TensorFlow's kernels.
 */
final class StockGradients {
  private static final float TWO_OVER_ROOT_PI = (float) (2 / Math.sqrt(Math.PI));

  private static final OwnGradient PRODUCT = OwnGradient.define("product", StockGradients::product);
  private static final OwnGradient GELU = OwnGradient.define("gelu", StockGradients::gelu);
  private static final OwnGradient NORM = OwnGradient.define("norm", StockGradients::norm);

  private StockGradients() {}

  /** {@code x y} over the last two axes: holds both. */
  static Operand<TFloat32> product(GraphContext ctx, Operand<TFloat32> x, Operand<TFloat32> y) {
    return PRODUCT.of(ctx, multiply(ctx, x, y, false, false), List.of(x, y));
  }

  /** oneDNN has a kernel of version 2 alone; derived gradients are of version 3. */
  static Operand<TFloat32> multiply(
      GraphContext ctx, Operand<TFloat32> x, Operand<TFloat32> y, boolean turnX, boolean turnY) {
    return ctx.op("BatchMatMulV2", "matmul")
        .addInput(x.asOutput())
        .addInput(y.asOutput())
        .setAttr("adj_x", turnX)
        .setAttr("adj_y", turnY)
        .build()
        .output(0);
  }

  private static List<Operand<TFloat32>> product(
      GraphContext ctx, List<Operand<TFloat32>> operands, Operand<TFloat32> gradient) {
    return List.of(
        multiply(ctx, gradient, operands.get(1), false, true),
        multiply(ctx, operands.get(0), gradient, true, false));
  }

  /** The exact GELU: holds {@code x}. */
  static Operand<TFloat32> gelu(GraphContext ctx, Operand<TFloat32> x, Operand<TFloat32> result) {
    return GELU.of(ctx, result, List.of(x));
  }

  /** (1 + erf(t)) / 2 + t exp(-t^2) / sqrt(pi), t = x / sqrt(2). */
  private static List<Operand<TFloat32>> gelu(
      GraphContext ctx, List<Operand<TFloat32>> operands, Operand<TFloat32> gradient) {
    Ops tf = ctx.tf();
    Operand<TFloat32> t = ctx.mul(operands.get(0), StockKernels.SQRT_HALF);
    Operand<TFloat32> bell = tf.math.exp(tf.math.neg(tf.math.square(t)));
    Operand<TFloat32> density = ctx.mul(tf.math.mul(t, bell), TWO_OVER_ROOT_PI);
    Operand<TFloat32> slope = ctx.add(ctx.add(tf.math.erf(t), density), 1);
    return List.of(tf.math.mul(ctx.mul(gradient, 0.5), slope));
  }

  /**
   * Layer norm of rows: holds them, normalised, and a number for each.
   *
   * @param result {@code [N, W]}
   * @param operands rows {@code [N, W]}, weight and bias {@code [W]}
   * @param normal rows of mean 0 and variance 1
   * @param scale what they were multiplied by, {@code [N, 1]}
   */
  static Operand<TFloat32> norm(
      GraphContext ctx,
      Operand<TFloat32> result,
      List<Operand<TFloat32>> operands,
      Operand<TFloat32> normal,
      Operand<TFloat32> scale) {
    Operand<TFloat32> share = ctx.tf().constant(1f / Shapes.known(normal, 1));
    return NORM.of(ctx, result, operands, normal, scale, share);
  }

  /**
   * With g = dy w: dx = scale (g - mean(g) - normal mean(g normal)), dw = sum(dy normal), db =
   * sum(dy).
   */
  private static List<Operand<TFloat32>> norm(
      GraphContext ctx, List<Operand<TFloat32>> operands, Operand<TFloat32> gradient) {
    Ops tf = ctx.tf();
    Operand<TFloat32> weight = operands.get(1);
    Operand<TFloat32> normal = operands.get(3);
    Operand<TFloat32> scale = operands.get(4);
    Operand<TFloat32> column =
        ctx.expandDims(tf.math.mul(weight, operands.get(5)), 1); // [W, 1], for means
    Operand<TFloat32> along = tf.math.mul(gradient, normal); // [N, W]
    Operand<TFloat32> mean = tf.linalg.matMul(gradient, column); // [N, 1]
    Operand<TFloat32> slope = tf.linalg.matMul(along, column); // [N, 1]
    Operand<TFloat32> rest =
        tf.math.sub(tf.math.sub(tf.math.mul(gradient, weight), tf.math.mul(normal, slope)), mean);
    return List.of(tf.math.mul(rest, scale), tf.nn.biasAddGrad(along), tf.nn.biasAddGrad(gradient));
  }
}
