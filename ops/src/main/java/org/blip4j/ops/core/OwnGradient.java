package org.blip4j.ops.core;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Stream;
import org.tensorflow.GraphOperation;
import org.tensorflow.Operand;
import org.tensorflow.Output;
import org.tensorflow.TensorFlow;
import org.tensorflow.op.Ops;
import org.tensorflow.proto.DataType;
import org.tensorflow.types.TFloat32;

/**
 * A result whose gradient is written by hand, in place of what TensorFlow derives from each
 * operation: it holds less until the backward pass, and takes fewer passes over memory.
 *
 * <p>The result goes through an {@code IdentityN} beside all that its gradient needs. TensorFlow
 * has no gradient of that operation; the one that is registered here looks the rule up by the
 * operation's name, so that a section that is computed a second time ({@link Section}) keeps it.
 */
public final class OwnGradient {
  private static final String TYPE = "IdentityN";
  private static final String PREFIX = "own_gradient_";
  private static final String CUT = PREFIX + "cut";
  private static final Map<String, OwnGradient> DEFINED = new ConcurrentHashMap<>();

  static {
    TensorFlow.registerCustomGradient(TYPE, OwnGradient::gradients);
  }

  private final String name;
  private final Rule rule;

  /** How gradients are computed. */
  @FunctionalInterface
  public interface Rule {
    /**
     * Adds the operations. They must not ask an operand for its shape: the graph is locked, and
     * would wait for itself.
     *
     * @param ctx of no kernels and variables
     * @param operands those of the result, then what was kept; none is computed from before the
     *     gradient is there
     * @param gradient of the result
     * @return of each operand of the result, in their order
     */
    List<Operand<TFloat32>> gradients(
        GraphContext ctx, List<Operand<TFloat32>> operands, Operand<TFloat32> gradient);
  }

  private OwnGradient(String name, Rule rule) {
    this.name = name;
    this.rule = rule;
  }

  /**
   * Defines a rule, once in a process.
   *
   * @param name of letters, unique
   */
  public static OwnGradient define(String name, Rule rule) {
    OwnGradient gradient = new OwnGradient(name, rule);
    if (DEFINED.putIfAbsent(PREFIX + name, gradient) != null) {
      throw new IllegalStateException("two rules are named " + name);
    }
    return gradient;
  }

  /**
   * The result with this gradient.
   *
   * @param operands what it was computed from, each with a gradient
   * @param kept what else the rule needs
   */
  public Operand<TFloat32> of(
      GraphContext ctx,
      Operand<TFloat32> result,
      List<Operand<TFloat32>> operands,
      Operand<?>... kept) {
    List<Output<?>> inputs = new ArrayList<>();
    inputs.add(cut(ctx, result));
    operands.forEach(operand -> inputs.add(operand.asOutput()));
    Stream.of(kept).forEach(operand -> inputs.add(cut(ctx, operand)));
    return ctx.op(TYPE, PREFIX + name)
        .addInputList(inputs.toArray(new Output<?>[0]))
        .setAttr("T", inputs.stream().map(Output::dataType).toArray(DataType[]::new))
        .build()
        .output(0);
  }

  /** Whether an operation only keeps TensorFlow from deriving a gradient of what has its own. */
  static boolean cuts(GraphOperation operation) {
    String path = operation.name();
    return path.startsWith(CUT, path.lastIndexOf('/') + 1);
  }

  private static Output<?> cut(GraphContext ctx, Operand<?> x) {
    return ctx.op("StopGradient", CUT).addInput(x.asOutput()).build().output(0);
  }

  /** One gradient for each input of an {@code IdentityN}; a number where none is needed. */
  private static List<Operand<?>> gradients(
      Ops tf, GraphOperation operation, List<Output<?>> given) {
    String path = operation.name();
    String last = path.substring(path.lastIndexOf('/') + 1).replaceFirst("(_\\d+)+$", "");
    OwnGradient own = DEFINED.get(last);
    if (own == null) { // an IdentityN that someone else has put there
      return List.copyOf(given);
    }
    GraphContext ctx = GraphContext.gradients(operation.env(), tf);
    Operand<TFloat32> gradient = asFloat(given.get(0));
    List<Operand<TFloat32>> operands = new ArrayList<>();
    for (int i = 1; i < operation.numInputs(); i++) {
      operands.add(
          asFloat(
              ctx.op("Identity", "kept")
                  .addInput(operation.input(i))
                  .addControlInput(gradient.op())
                  .build()
                  .output(0)));
    }
    List<Operand<?>> all = new ArrayList<>();
    all.add(tf.constant(0));
    all.addAll(own.rule.gradients(ctx, operands, gradient));
    all.addAll(Collections.nCopies(operation.numInputs() - all.size(), tf.constant(0)));
    return all;
  }

  @SuppressWarnings("unchecked") // rules know what they have kept
  private static Operand<TFloat32> asFloat(Output<?> output) {
    return (Operand<TFloat32>) output;
  }
}
