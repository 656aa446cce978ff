package org.blip4j.training.run;

import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableMap;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.blip4j.graph.task.TaskBatch;
import org.blip4j.graph.task.TrainingStep;
import org.blip4j.ops.core.GraphContext;
import org.blip4j.ops.core.Variable;
import org.tensorflow.Operand;
import org.tensorflow.Operation;
import org.tensorflow.Result;
import org.tensorflow.Session;
import org.tensorflow.Tensor;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.ndarray.buffer.DataBuffers;
import org.tensorflow.op.Op;
import org.tensorflow.proto.DataType;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TInt32;
import org.tensorflow.types.TInt64;
import org.tensorflow.types.family.TType;

/**
 * A batch that is computed part after part, so that only one part's activations are held, with one
 * update at the end. Up to three kinds of run come before it:
 *
 * <ol>
 *   <li>each part is encoded: what losses need of all rows is kept;
 *   <li>the losses of each part, with the rows of all: gradients of weights are added up, those at
 *       the rows that were gathered, too;
 *   <li>each part is encoded again, and the gradients at its rows flow through its encoder.
 * </ol>
 *
 * <p>A task whose rows need nothing of each other has the second kind alone.
 */
final class Accumulation {
  private final Rows rows;
  private final Exchange exchange;
  private final Operand<TFloat32> values;
  private final Operand<TFloat32> means;
  private final Map<Variable<TFloat32>, Variable<TFloat32>> sums = new LinkedHashMap<>();
  private final Adding losses;
  private final Adding encoders;
  private final TrainingStep step;

  /**
   * Parts of a batch.
   *
   * @param parts their number
   * @param own rows of this process
   * @param processes that have as many each, and compute a part of them at the same time
   * @param first number of a part's first row among the own ones, to be fed
   */
  record Rows(int parts, int own, int processes, Operand<TInt32> first) {}

  /**
   * Rows that leave the graph and come back, all by name.
   *
   * @param gathered of a part of each process
   * @param all of the batch, to be fed
   * @param backs gradients at {@code all}, from a part's losses
   * @param given their sum, to be fed
   * @param everywhere the sum over all processes of what is fed there
   */
  record Exchange(
      ImmutableMap<String, Operand<?>> gathered,
      ImmutableMap<String, Operand<?>> all,
      ImmutableMap<String, Operand<TFloat32>> backs,
      ImmutableMap<String, Operand<?>> given,
      ImmutableMap<String, Operand<?>> everywhere) {}

  /** Gradients of a part by weight: of its losses, and of what flows through its encoders. */
  record Gradients(
      Map<Variable<TFloat32>, Operand<TFloat32>> losses,
      Map<Variable<TFloat32>, Operand<TFloat32>> encoders) {}

  /** What adds gradients: the first part sets the sums. */
  private record Adding(Operation first, Operation next) {
    Operation of(int part) {
      return part == 0 ? first : next;
    }
  }

  /**
   * Adds sums of gradients, in variables that no checkpoint holds.
   *
   * @param part diagnostics and writes of a part
   */
  Accumulation(
      GraphContext root, Rows rows, Exchange exchange, TrainingStep part, Gradients gradients) {
    GraphContext ctx = root.in("accumulated");
    this.rows = rows;
    this.exchange = exchange;
    this.values = ctx.tf().stack(part.diagnostics().values());
    this.losses = adding(ctx.in("losses"), gradients.losses());
    this.encoders = adding(ctx.in("encoders"), gradients.encoders());
    ImmutableList<String> names = part.diagnostics().keySet().asList();
    this.means = TaskBatch.input(root, "diagnostics", TFloat32.class, Shape.of(names.size()));
    ImmutableMap<String, Operand<TFloat32>> whole = Replicas.named(ctx, means, names);
    this.step = new TrainingStep(whole.get("loss"), whole, part.updates());
  }

  /** Placeholders for the rows of the whole batch. */
  static ImmutableMap<String, Operand<?>> fed(
      GraphContext root, String prefix, Map<String, ? extends Operand<?>> parts, int batch) {
    ImmutableMap.Builder<String, Operand<?>> result = ImmutableMap.builder();
    parts.forEach(
        (name, part) -> {
          long[] shape = part.shape().asArray();
          shape[0] = batch;
          result.put(
              name,
              TaskBatch.input(
                  root, prefix + name, type(part.asOutput().dataType()), Shape.of(shape)));
        });
    return result.buildOrThrow();
  }

  static Class<? extends TType> type(DataType type) {
    return type == DataType.DT_INT64 ? TInt64.class : TFloat32.class;
  }

  private Adding adding(GraphContext ctx, Map<Variable<TFloat32>, Operand<TFloat32>> gradients) {
    List<Op> first = new ArrayList<>();
    List<Op> next = new ArrayList<>();
    gradients.forEach(
        (weight, gradient) -> {
          boolean begun = sums.containsKey(weight);
          Variable<TFloat32> sum = sums.computeIfAbsent(weight, key -> sum(ctx, key));
          Operation add = sum.assignAdd(ctx, gradient);
          Operation begin = begun ? add : sum.assign(ctx, gradient);
          next.add(() -> add);
          first.add(() -> begin);
        });
    return new Adding(
        ctx.after(first).op("NoOp", "first").build(), ctx.after(next).op("NoOp", "next").build());
  }

  private static Variable<TFloat32> sum(GraphContext ctx, Variable<TFloat32> weight) {
    return Variable.unlisted(
        ctx,
        new Variable.Spec(
            "accumulated/" + weight.name(), weight.shape(), DataType.DT_FLOAT, false));
  }

  /** The mean of all parts, once the update is fed what {@link #run} gives. */
  TrainingStep step() {
    return step;
  }

  /** The sums, for the update. */
  ImmutableList<Operand<TFloat32>> gradients(List<Variable<TFloat32>> weights) {
    return weights.stream()
        .map(weight -> sums.get(weight).value())
        .collect(ImmutableList.toImmutableList());
  }

  /**
   * Computes all parts.
   *
   * @param batch feeds the whole batch to a run
   */
  Fed run(Session session, Consumer<Session.Runner> batch) {
    Fed fed = new Fed();
    try {
      encode(session, batch, fed);
      lose(session, batch, fed);
      exchange(session, fed);
      if (!exchange.given().isEmpty()) {
        for (int part = 0; part < rows.parts(); part++) {
          run(session, batch, fed, part, List.of(), encoders.of(part)).close();
        }
      }
      return fed;
    } catch (RuntimeException | Error e) {
      fed.close();
      throw e;
    }
  }

  private void encode(Session session, Consumer<Session.Runner> batch, Fed fed) {
    ImmutableList<String> names = exchange.gathered().keySet().asList();
    List<Result> results = new ArrayList<>();
    try {
      for (int part = 0; part < rows.parts() && !names.isEmpty(); part++) {
        results.add(run(session, batch, fed, part, exchange.gathered().values()));
      }
      for (int i = 0; i < names.size(); i++) {
        List<Tensor> parts = new ArrayList<>();
        for (Result result : results) {
          parts.add(result.get(i));
        }
        fed.put(exchange.all().get(names.get(i)), Fed.joined(parts, rows.processes()));
      }
    } finally {
      results.forEach(Result::close);
    }
  }

  private void lose(Session session, Consumer<Session.Runner> batch, Fed fed) {
    List<Operand<?>> fetched = new ArrayList<>(List.of(values));
    fetched.addAll(exchange.backs().values());
    List<float[]> totals = new ArrayList<>();
    List<Shape> shapes = new ArrayList<>();
    for (int part = 0; part < rows.parts(); part++) {
      try (Result result = run(session, batch, fed, part, fetched, losses.of(part))) {
        for (int i = 0; i < fetched.size(); i++) {
          TFloat32 tensor = (TFloat32) result.get(i);
          if (part == 0) {
            totals.add(new float[(int) tensor.size()]);
            shapes.add(tensor.shape());
          }
          Fed.add(totals.get(i), tensor);
        }
      }
    }
    float[] mean = totals.get(0);
    for (int i = 0; i < mean.length; i++) {
      mean[i] /= rows.parts();
    }
    fed.put(means, TFloat32.vectorOf(mean));
    ImmutableList<String> names = exchange.backs().keySet().asList();
    for (int i = 0; i < names.size(); i++) {
      fed.put(
          exchange.given().get(names.get(i)),
          TFloat32.tensorOf(shapes.get(i + 1), DataBuffers.of(totals.get(i + 1))));
    }
  }

  /** Adds what other processes have. */
  private void exchange(Session session, Fed fed) {
    if (rows.processes() == 1 || exchange.given().isEmpty()) {
      return;
    }
    List<Operand<?>> given = exchange.given().values().asList();
    Session.Runner runner = session.runner();
    given.forEach(placeholder -> runner.feed(placeholder, fed.get(placeholder)));
    exchange.everywhere().values().forEach(runner::fetch);
    try (Result sums = runner.run()) {
      for (int i = 0; i < given.size(); i++) {
        fed.put(given.get(i), Fed.joined(List.of(sums.get(i)), 1));
      }
    }
  }

  private Result run(
      Session session,
      Consumer<Session.Runner> batch,
      Fed fed,
      int part,
      Iterable<? extends Operand<?>> fetches,
      Operation... targets) {
    try (TInt32 first = TInt32.scalarOf(part * (rows.own() / rows.parts()))) {
      Session.Runner runner = session.runner().feed(rows.first(), first);
      batch.accept(runner);
      fed.feed(runner);
      fetches.forEach(runner::fetch);
      for (Operation target : targets) {
        runner.addTarget(target);
      }
      return runner.run();
    }
  }
}
