package org.blip4j.ops.layer;

import org.blip4j.ops.core.GraphContext;
import org.blip4j.ops.core.Initializer;
import org.blip4j.ops.core.Shapes;
import org.blip4j.ops.core.Variable;
import org.blip4j.ops.core.VariableScope;
import org.tensorflow.Operand;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.op.Ops;
import org.tensorflow.op.math.Mean;
import org.tensorflow.op.nn.FusedBatchNorm;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TInt32;

/**
 * Layer normalisation over the last axis: (x - mean) / sqrt(variance + epsilon) * weight + bias,
 * with the population variance.
 *
 * <ul>
 *   <li>input and output {@code [..., W]}, rank 2 or 3
 *   <li>{@code weight [W]}, {@code bias [W]}
 * </ul>
 *
 * <p>Forms that agree to 1e-5. Stock graphs, which may come to a GPU, graphs with gradients and
 * bodies of functions have composed operations. Elsewhere it is the layer-norm kernel of the CPU:
 * by name where the context names kernels, and as the one pattern that the platform turns into it
 * where not. On a GPU the platform would do so, too, and then find that it has no such kernel
 * there.
 */
public final class LayerNorm {
  private final Variable<TFloat32> weight;
  private final Variable<TFloat32> bias;
  private final float epsilon;

  private LayerNorm(Variable<TFloat32> weight, Variable<TFloat32> bias, float epsilon) {
    this.weight = weight;
    this.bias = bias;
    this.epsilon = epsilon;
  }

  /** A normalisation that starts as the identity up to scale. */
  public static LayerNorm create(VariableScope vars, long width, double epsilon) {
    return new LayerNorm(
        vars.create("weight", Shape.of(width), Initializer.ones()),
        vars.create("bias", Shape.of(width), Initializer.zeros()),
        (float) epsilon);
  }

  /** Normalises the last axis. */
  public Operand<TFloat32> apply(GraphContext ctx, Operand<TFloat32> x) {
    if (ctx.namesKernels() && !ctx.inFunction()) {
      return ctx.op("_MklLayerNorm", "norm")
          .addInput(x.asOutput())
          .addInput(ctx.read(weight).asOutput())
          .addInput(ctx.read(bias).asOutput())
          .setAttr("epsilon", epsilon)
          .build()
          .output(0);
    }
    Operand<TFloat32> normal =
        ctx.training() || ctx.inFunction() || ctx.kernels().stock()
            ? composed(ctx, x)
            : recognisable(ctx, x);
    Operand<TFloat32> scaled = ctx.tf().math.mul(normal, ctx.read(weight));
    return Arithmetic.add(ctx, scaled, ctx.read(bias));
  }

  private Operand<TFloat32> composed(GraphContext ctx, Operand<TFloat32> x) {
    Ops tf = ctx.tf();
    Operand<TInt32> last = tf.constant(x.shape().numDimensions() - 1);
    Operand<TFloat32> mean = tf.math.mean(x, last, Mean.keepDims(true));
    Operand<TFloat32> centred = tf.math.sub(x, mean);
    Operand<TFloat32> variance = tf.math.mean(tf.math.square(centred), last, Mean.keepDims(true));
    Operand<TFloat32> inverse = tf.math.rsqrt(Arithmetic.add(ctx, variance, tf.constant(epsilon)));
    return tf.math.mul(centred, inverse);
  }

  /** Rows become channels of a batch normalisation with one image; see grappler's layout rules. */
  private Operand<TFloat32> recognisable(GraphContext ctx, Operand<TFloat32> x) {
    Ops tf = ctx.tf();
    long width = Shapes.known(x, x.shape().numDimensions() - 1);
    Operand<TInt32> shape = tf.shape(x);
    Operand<TFloat32> image = ctx.reshape(x, 1, -1, width, 1); // [1, N, W, 1]
    Operand<TInt32> rows = ctx.reshape(ctx.div(tf.size(x), width), 1);
    FusedBatchNorm<TFloat32, TFloat32> norm =
        tf.nn.fusedBatchNorm(
            image,
            ctx.fill(rows, 1f),
            ctx.fill(rows, 0f),
            tf.constant(new float[0]),
            tf.constant(new float[0]),
            FusedBatchNorm.epsilon(epsilon),
            FusedBatchNorm.dataFormat("NCHW"),
            FusedBatchNorm.isTraining(true));
    return tf.reshape(norm.y(), shape);
  }
}
