package org.blip4j.graph.model;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.blip4j.graph.config.BlipConfig;
import org.blip4j.ops.core.GraphContext;
import org.blip4j.ops.core.Variable;
import org.blip4j.ops.core.VariableScope;
import org.tensorflow.Operand;
import org.tensorflow.Operation;
import org.tensorflow.op.Op;
import org.tensorflow.op.Ops;
import org.tensorflow.types.TFloat32;

/**
 * A second dual encoder that follows the online one: m = momentum m + (1 - momentum) online (He et
 * al. 2020; blip-spec 5.2).
 */
public final class MomentumTwin {
  private final DualEncoder online;
  private final DualEncoder twin;
  private final double momentum;

  private MomentumTwin(DualEncoder online, DualEncoder twin, double momentum) {
    this.online = online;
    this.twin = twin;
    this.momentum = momentum;
  }

  public static MomentumTwin create(
      VariableScope vars, BlipConfig config, DualEncoder online, double momentum) {
    return new MomentumTwin(online, DualEncoder.createMomentum(vars, config), momentum);
  }

  /** The encoders that follow. */
  public DualEncoder encoder() {
    return twin;
  }

  /**
   * The values after this step's update, from the online weights as they are before the gradient
   * step. A context with these values encodes with the updated twin.
   */
  public Map<Variable<?>, Operand<?>> updated(GraphContext outer) {
    GraphContext ctx = outer.in("momentum");
    Ops tf = ctx.tf();
    Operand<TFloat32> keep = tf.constant((float) momentum);
    Operand<TFloat32> take = tf.constant((float) (1 - momentum));
    Map<Variable<?>, Operand<?>> values = new LinkedHashMap<>();
    for (int i = 0; i < twin.variables().size(); i++) {
      Variable<TFloat32> follower = twin.variables().get(i);
      Operand<TFloat32> kept = tf.math.mul(ctx.read(follower), keep);
      Operand<TFloat32> taken = tf.math.mul(ctx.read(online.variables().get(i)), take);
      values.put(follower, tf.stopGradient(ctx.add(kept, taken)));
    }
    return values;
  }

  /** Stores updated values. */
  public List<Op> store(GraphContext ctx, Map<Variable<?>, Operand<?>> values) {
    List<Op> writes = new ArrayList<>();
    for (Variable<TFloat32> follower : twin.variables()) {
      @SuppressWarnings("unchecked") // put there for a float variable
      Operand<TFloat32> value = (Operand<TFloat32>) values.get(follower);
      Operation write = follower.assign(ctx, value);
      writes.add(() -> write);
    }
    return List.copyOf(writes);
  }

  /** Makes the twin equal to the online encoders, as at the start of training. */
  public List<Op> copyFromOnline(GraphContext ctx) {
    List<Op> writes = new ArrayList<>();
    for (int i = 0; i < twin.variables().size(); i++) {
      Operation write =
          twin.variables().get(i).assign(ctx, online.variables().get(i).readAgain(ctx));
      writes.add(() -> write);
    }
    return List.copyOf(writes);
  }
}
