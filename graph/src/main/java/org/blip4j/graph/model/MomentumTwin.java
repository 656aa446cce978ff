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
    Map<Variable<?>, Operand<?>> values = new LinkedHashMap<>();
    for (int i = 0; i < twin.variables().size(); i++) {
      Variable<TFloat32> follower = twin.variables().get(i);
      Operand<TFloat32> value = moved(ctx, ctx.read(follower), ctx.read(online.variables().get(i)));
      values.put(follower, ctx.tf().stopGradient(value));
    }
    return values;
  }

  /**
   * Stores the values after this step's update. They are computed again: kept from the twin's
   * encoding until the end of the step they would take as much memory as the twin.
   *
   * @param ctx a context whose control dependencies have read the twin, and before which no online
   *     weight is written
   */
  public List<Op> store(GraphContext ctx) {
    List<Op> writes = new ArrayList<>();
    for (int i = 0; i < twin.variables().size(); i++) {
      Variable<TFloat32> follower = twin.variables().get(i);
      Operand<TFloat32> leader = online.variables().get(i).readAgain(ctx);
      Operation write = follower.assign(ctx, moved(ctx, follower.readAgain(ctx), leader));
      writes.add(() -> write);
    }
    return List.copyOf(writes);
  }

  private Operand<TFloat32> moved(
      GraphContext ctx, Operand<TFloat32> follower, Operand<TFloat32> leader) {
    return ctx.add(ctx.mul(follower, (float) momentum), ctx.mul(leader, (float) (1 - momentum)));
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
