package org.blip4j.training.run;

import org.blip4j.ops.core.GraphContext;
import org.blip4j.training.config.Cluster;
import org.tensorflow.Operand;
import org.tensorflow.OperationBuilder;
import org.tensorflow.Output;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.family.TType;

/**
 * Operations that exchange values among the processes of a {@link Cluster}, each of which has the
 * same graph; of a process on its own they return what they are given.
 *
 * <p>They are TensorFlow's collective operations of the second version (the third one kills the
 * JVM) on the CPU. Operations that belong together have one key, which is counted in the order of
 * building: so all processes have to build alike, and to run alike. None has a gradient.
 */
final class Replicas {
  private static final int GROUP = 1;

  /**
   * How long an operation waits for the others, in seconds: for the slowest to start, to rewrite
   * its graph, or to read its data.
   */
  static final float TIMEOUT = 600;

  private final Cluster cluster;
  private int key;

  Replicas(Cluster cluster) {
    this.cluster = cluster;
  }

  /** The processes. */
  Cluster cluster() {
    return cluster;
  }

  /**
   * The rows of all processes, {@code [processes b, ...]} of {@code x [b, ...]}, in the order of
   * {@link Cluster#rank}; of int64, float32 or float64.
   */
  <T extends TType> Operand<T> gather(GraphContext ctx, Operand<T> x) {
    if (cluster.alone()) {
      return x;
    }
    GraphContext cpu = ctx.onCpu();
    long[] shape = x.shape().asArray();
    shape[0] = shape[0] < 0 ? shape[0] : shape[0] * cluster.size();
    Output<T> all = with(cpu, x, "CollectiveGatherV2", "gather").build().output(0);
    return cpu.tf().ensureShape(all, Shape.of(shape));
  }

  /** The sum over the processes, the same to the bit on each. */
  <T extends TType> Operand<T> sum(GraphContext ctx, Operand<T> x) {
    return cluster.alone() ? x : reduce(ctx, x, "Id");
  }

  /** The mean over the processes, likewise. */
  Operand<TFloat32> mean(GraphContext ctx, Operand<TFloat32> x) {
    return cluster.alone() ? x : reduce(ctx, x, "Div");
  }

  private <T extends TType> Operand<T> reduce(GraphContext ctx, Operand<T> x, String last) {
    return with(ctx.onCpu(), x, "CollectiveReduceV2", "reduce")
        .setAttr("merge_op", "Add")
        .setAttr("final_op", last)
        .build()
        .output(0);
  }

  private OperationBuilder with(GraphContext cpu, Operand<?> x, String type, String name) {
    return cpu.op(type, name)
        .addInput(x.asOutput())
        .addInput(cpu.tf().constant(cluster.size()).asOutput())
        .addInput(cpu.tf().constant(GROUP).asOutput())
        .addInput(cpu.tf().constant(++key).asOutput())
        .addInputList(new Output<?>[0]) // ordering tokens: none, but they have to be given
        .setAttr("timeout_seconds", TIMEOUT);
  }
}
