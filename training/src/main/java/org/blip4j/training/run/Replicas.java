package org.blip4j.training.run;

import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableMap;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.blip4j.graph.task.TrainingStep;
import org.blip4j.ops.core.GraphContext;
import org.blip4j.ops.core.Shapes;
import org.blip4j.training.config.Cluster;
import org.tensorflow.Operand;
import org.tensorflow.OperationBuilder;
import org.tensorflow.Output;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TInt32;
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

  /** Numbers that are exchanged together, 16 MB. */
  private static final int TOGETHER = 4_000_000;

  /** More than a graph has operations that exchange values. */
  private static final int KEYS = 100_000;

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
   * {@link Cluster#rank}; of int64, float32 or float64. One dimension may vary from run to run.
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

  /** Sums of each. */
  ImmutableMap<String, Operand<?>> sums(GraphContext root, Map<String, Operand<?>> own) {
    GraphContext ctx = root.in("everywhere");
    ImmutableMap.Builder<String, Operand<?>> sums = ImmutableMap.builder();
    own.forEach((name, x) -> sums.put(name, sum(ctx, x)));
    return sums.buildOrThrow();
  }

  /**
   * Sums of each. Small ones are exchanged together: TensorFlow keeps a thread for every exchange
   * that is under way, hundreds where each weight has one of its own.
   *
   * @param own of known shapes
   */
  ImmutableList<Operand<TFloat32>> sums(GraphContext root, List<Operand<TFloat32>> own) {
    if (cluster.alone()) {
      return ImmutableList.copyOf(own);
    }
    GraphContext ctx = root.in("everywhere").onCpu();
    ImmutableList.Builder<Operand<TFloat32>> sums = ImmutableList.builder();
    List<Operand<TFloat32>> some = new ArrayList<>();
    long size = 0;
    for (Operand<TFloat32> x : own) {
      if (size + x.shape().size() > TOGETHER) {
        sums.addAll(together(ctx, some));
        some.clear();
        size = 0;
      }
      some.add(x);
      size += x.shape().size();
    }
    return sums.addAll(together(ctx, some)).build();
  }

  private List<Operand<TFloat32>> together(GraphContext ctx, List<Operand<TFloat32>> some) {
    if (some.size() < 2) {
      return some.stream().map(x -> sum(ctx, x)).toList();
    }
    Operand<TFloat32> all = sum(ctx, ctx.concat(0, some.stream().map(ctx::flat).toList()));
    List<Operand<TFloat32>> sums = new ArrayList<>();
    int from = 0;
    for (Operand<TFloat32> x : some) {
      int size = (int) x.shape().size();
      sums.add(ctx.reshape(ctx.slice(all, 0, from, size), x.shape().asArray()));
      from += size;
    }
    return sums;
  }

  /** A step whose diagnostics are the means over the processes. */
  TrainingStep mean(GraphContext root, TrainingStep own) {
    if (cluster.alone()) {
      return own;
    }
    GraphContext ctx = root.in("everywhere");
    Operand<TFloat32> means = mean(ctx, ctx.tf().stack(own.diagnostics().values()));
    ImmutableMap<String, Operand<TFloat32>> diagnostics =
        named(ctx, means, own.diagnostics().keySet().asList());
    return new TrainingStep(diagnostics.get("loss"), diagnostics, own.updates());
  }

  /** The numbers in a vector by name. */
  static ImmutableMap<String, Operand<TFloat32>> named(
      GraphContext ctx, Operand<TFloat32> vector, List<String> names) {
    ImmutableMap.Builder<String, Operand<TFloat32>> scalars = ImmutableMap.builder();
    for (int i = 0; i < names.size(); i++) {
      scalars.put(names.get(i), ctx.at(vector, i, 0));
    }
    return scalars.buildOrThrow();
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
        .addInput(key(cpu, x).asOutput())
        .addInputList(new Output<?>[0]) // ordering tokens: none, but they have to be given
        .setAttr("timeout_seconds", TIMEOUT);
  }

  /** TensorFlow takes the shape of the first values under a key for that of all. */
  private Operand<TInt32> key(GraphContext cpu, Operand<?> x) {
    Operand<TInt32> own = cpu.tf().constant(++key);
    for (int axis = 0; axis < x.shape().numDimensions(); axis++) {
      if (x.shape().get(axis) < 0) {
        return cpu.add(own, cpu.mul(Shapes.dim(cpu, x, axis), KEYS));
      }
    }
    return own;
  }
}
