package org.blip4j.training.optimize;

import com.google.common.collect.ImmutableMap;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.blip4j.ops.core.GraphContext;
import org.blip4j.ops.core.Variable;
import org.tensorflow.Operand;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.op.Ops;
import org.tensorflow.types.TFloat32;

/**
 * The norm of the gradients together and of each part of the model, and gradients scaled down to a
 * largest norm.
 *
 * @param gradients scaled if the norm is above the limit
 * @param norm before scaling, of those in the scope, a scalar
 * @param partNorms before scaling, of each part of the model, scalars by the first name of the
 *     part's variables ({@code visual_encoder}, {@code temp})
 */
public record GradientClip(
    List<Operand<TFloat32>> gradients,
    Operand<TFloat32> norm,
    ImmutableMap<String, Operand<TFloat32>> partNorms) {
  private static final float GUARD = 1e-6f;

  /** Which gradients are clipped. */
  public enum Scope {
    /** All, as PyTorch does. */
    ALL,
    /**
     * All but those of scalars, that is of the temperature: its gradient can be a hundred times
     * that of all others together, and would decide how much of theirs is left.
     */
    WITHOUT_SCALARS;

    boolean includes(Shape shape) {
      return this == ALL || !scalar(shape);
    }
  }

  /**
   * Measures and, if there is a limit, clips as PyTorch's {@code clip_grad_norm_}: factor min(1,
   * limit / (norm + 1e-6)).
   *
   * @param gradients one for each of the weights, in their order
   * @param weights whose gradients they are
   */
  public static GradientClip apply(
      GraphContext outer,
      List<Operand<TFloat32>> gradients,
      List<Variable<TFloat32>> weights,
      Optional<Double> limit,
      Scope scope) {
    GraphContext ctx = outer.in("clip");
    Ops tf = ctx.tf();
    Map<String, List<Operand<TFloat32>>> halves = new LinkedHashMap<>();
    List<Operand<TFloat32>> inScope = new ArrayList<>();
    for (int i = 0; i < gradients.size(); i++) {
      Operand<TFloat32> half = tf.nn.l2Loss(gradients.get(i));
      halves.computeIfAbsent(part(weights.get(i)), name -> new ArrayList<>()).add(half);
      if (scope.includes(weights.get(i).shape())) {
        inScope.add(half);
      }
    }
    ImmutableMap.Builder<String, Operand<TFloat32>> parts = ImmutableMap.builder();
    halves.forEach((name, some) -> parts.put(name, norm(tf, some)));
    Operand<TFloat32> norm = norm(tf, inScope);
    if (limit.isEmpty()) {
      return new GradientClip(List.copyOf(gradients), norm, parts.buildOrThrow());
    }
    Operand<TFloat32> factor =
        tf.math.minimum(
            tf.constant(1f),
            tf.math.div(
                tf.constant(limit.get().floatValue()), tf.math.add(norm, tf.constant(GUARD))));
    List<Operand<TFloat32>> scaled = new ArrayList<>();
    for (int i = 0; i < gradients.size(); i++) {
      scaled.add(
          scope.includes(weights.get(i).shape())
              ? tf.math.mul(gradients.get(i), factor)
              : gradients.get(i));
    }
    return new GradientClip(List.copyOf(scaled), norm, parts.buildOrThrow());
  }

  /** Whether a weight is a scalar: of all of BLIP's, only the temperature is. */
  static boolean scalar(Shape shape) {
    return shape.numDimensions() == 0;
  }

  private static String part(Variable<TFloat32> weight) {
    int slash = weight.name().indexOf('/');
    return slash < 0 ? weight.name() : weight.name().substring(0, slash);
  }

  /**
   * The parts are summed as one tensor: {@code AddN} begins with whichever of its terms nothing
   * else needs any more, so that a sum of terms with other readers would depend on which was ready
   * first.
   */
  private static Operand<TFloat32> norm(Ops tf, List<Operand<TFloat32>> halves) {
    Operand<TFloat32> sum = tf.sum(tf.stack(halves), tf.constant(0));
    return tf.math.sqrt(tf.math.mul(sum, tf.constant(2f)));
  }
}
