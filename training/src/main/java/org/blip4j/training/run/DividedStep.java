package org.blip4j.training.run;

import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableMap;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.blip4j.graph.task.Encoded;
import org.blip4j.graph.task.TaskBatch;
import org.blip4j.graph.task.TaskModel;
import org.blip4j.graph.task.TrainingStep;
import org.blip4j.ops.core.BatchPart;
import org.blip4j.ops.core.GraphContext;
import org.blip4j.ops.core.Variable;
import org.blip4j.training.config.RunPlan;
import org.tensorflow.Operand;
import org.tensorflow.Output;
import org.tensorflow.Placement;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TInt32;
import org.tensorflow.types.family.TType;

/**
 * Losses and gradients of a step whose batch is computed in parts: on several devices, one part
 * after the other, or both. They are those of the whole batch, of contrastive losses, too.
 *
 * <p>Each tower encodes rows of its own; the rows of all are gathered and cut off from where they
 * came from; each tower computes the losses of its own rows with those of all. The gradients at the
 * cut are added up over the towers, and each tower's encoder is given those of its own rows.
 *
 * <p>What is shared (variables, gathered rows, sums, the update) lies on the first device.
 *
 * <p>Part after part, the same three pieces are three kinds of run, see {@link Accumulation}.
 */
final class DividedStep<B extends TaskBatch<B>> {
  private static final String TOWER = "tower";

  private final GraphContext root;
  private final RunPlan.Division division;
  private final Replicas replicas;
  private final int rows;
  private final int ownRows;
  private final List<Variable<TFloat32>> weights;
  private final List<Tower> towers = new ArrayList<>();
  private final Operand<TInt32> first;
  private final ImmutableMap<String, Operand<?>> gathered;
  private final ImmutableMap<String, Operand<?>> all;
  private final Map<String, List<Operand<TFloat32>>> stateGradients = new LinkedHashMap<>();
  private final Map<Variable<TFloat32>, List<Operand<TFloat32>>> ofLosses = new LinkedHashMap<>();
  private final Map<Variable<TFloat32>, List<Operand<TFloat32>>> ofEncoders = new LinkedHashMap<>();
  private final List<TrainingStep> steps = new ArrayList<>();
  private final Optional<Accumulation> accumulation;
  private final TrainingStep step;
  private final ImmutableList<Operand<TFloat32>> gradients;

  /** One device's share of what is computed at a time. */
  private record Tower(String name, GraphContext ctx, BatchPart part, Encoded encoded) {}

  DividedStep(
      GraphContext root,
      TaskModel<B> model,
      B batch,
      TrainingGraph.Settings settings,
      Replicas replicas,
      List<Variable<TFloat32>> weights) {
    this.root = root;
    this.division = settings.division();
    this.replicas = replicas;
    this.ownRows = settings.batch().rows();
    int batchRows = ownRows * division.cluster().size();
    this.weights = weights;
    this.rows = batchRows / division.parts();
    boolean after = division.accumulate() > 1;
    this.first =
        after
            ? TaskBatch.input(root, "first_row", TInt32.class, Shape.scalar())
            : root.tf().constant(0);
    for (int k = 0; k < division.towers(); k++) {
      towers.add(tower(k, model, batch, batchRows));
    }
    this.gathered = gathered();
    this.all = after ? Accumulation.fed(root, "all_", gathered, batchRows) : gathered;
    towers.forEach(this::losses);
    ImmutableMap.Builder<String, Operand<TFloat32>> summed = ImmutableMap.builder();
    stateGradients.forEach((name, terms) -> summed.put(name, sum(terms)));
    ImmutableMap<String, Operand<TFloat32>> backs = summed.buildOrThrow();
    ImmutableMap<String, Operand<?>> fed =
        after
            ? Accumulation.fed(root, "gradient_at_", backs, batchRows)
            : ImmutableMap.copyOf(backs);
    ImmutableMap<String, Operand<?>> everywhere = replicas.sums(root, fed);
    ImmutableMap<String, Operand<?>> given = after ? fed : everywhere;
    towers.forEach(tower -> encoders(tower, given));
    requireAll();
    TrainingStep mean = mean();
    if (after) {
      Accumulation accumulated =
          new Accumulation(
              root,
              new Accumulation.Rows(
                  division.accumulate(), ownRows, division.cluster().size(), first),
              new Accumulation.Exchange(gathered, all, backs, given, everywhere),
              mean,
              new Accumulation.Gradients(summed(ofLosses), summed(ofEncoders)));
      this.accumulation = Optional.of(accumulated);
      this.step = replicas.mean(root, accumulated.step());
      this.gradients = replicas.sums(root, accumulated.gradients(weights));
    } else {
      this.accumulation = Optional.empty();
      this.step = replicas.mean(root, mean);
      this.gradients = replicas.sums(root, weights.stream().map(this::gradient).toList());
    }
    Placement.bind(root.graph(), TOWER, division.devices());
  }

  /** The mean of all parts. */
  TrainingStep step() {
    return step;
  }

  /** One for each weight. */
  ImmutableList<Operand<TFloat32>> gradients() {
    return gradients;
  }

  /** What runs before the update; empty where a step is one run. */
  Optional<Accumulation> accumulation() {
    return accumulation;
  }

  private Tower tower(int k, TaskModel<B> model, B batch, int batchRows) {
    String name = TOWER + k;
    GraphContext own = root.in(name);
    Operand<TInt32> number = own.tf().constant(rows);
    Operand<TInt32> from = k == 0 ? first : own.add(first, k * rows);
    BatchPart fed = new BatchPart(from, number, own.tf().constant(ownRows));
    int before = division.firstRow(batchRows);
    BatchPart part =
        before == 0 && ownRows == batchRows
            ? fed
            : new BatchPart(own.add(from, before), number, own.tf().constant(batchRows));
    GraphContext ctx = own.with(own.randomness().forPart(part));
    return new Tower(name, ctx, part, model.encode(ctx, batch.rows(ctx, fed)));
  }

  private ImmutableMap<String, Operand<?>> gathered() {
    ImmutableMap.Builder<String, Operand<?>> result = ImmutableMap.builder();
    for (String name : towers.get(0).encoded().rows().keySet()) {
      result.put(name, gathered(name));
    }
    return result.buildOrThrow();
  }

  @SuppressWarnings("unchecked") // of one type in every tower
  private <T extends TType> Operand<T> gathered(String name) {
    List<Operand<T>> parts = new ArrayList<>();
    towers.forEach(tower -> parts.add((Operand<T>) tower.encoded().rows().get(name)));
    GraphContext ctx = root.in("gathered");
    return replicas.gather(ctx, parts.size() == 1 ? parts.get(0) : ctx.concat(0, parts));
  }

  private void losses(Tower tower) {
    GraphContext ctx = tower.ctx();
    ImmutableMap.Builder<String, Operand<?>> cuts = ImmutableMap.builder();
    all.forEach((name, rowsOfAll) -> cuts.put(name, ctx.tf().stopGradient(rowsOfAll)));
    ImmutableMap<String, Operand<?>> cut = cuts.buildOrThrow();
    TrainingStep own =
        tower.encoded().losses().apply(ctx, new Encoded.Gathered(cut, Optional.of(tower.part())));
    steps.add(own);
    Map<String, Output<?>> states = new LinkedHashMap<>();
    tower.encoded().states().keySet().forEach(n -> states.put(n, cut.get(n).asOutput()));
    List<Output<?>> wanted = new ArrayList<>(states.values());
    weights.forEach(weight -> wanted.add(weight.handle()));
    Map<Output<?>, Operand<TFloat32>> found =
        Gradients.of(
            ctx.in("loss_gradients"),
            Map.of(own.loss(), ctx.tf().constant(1f / division.parts())),
            wanted);
    put(ofLosses, found);
    states.forEach(
        (name, state) ->
            stateGradients.computeIfAbsent(name, n -> new ArrayList<>()).add(found.get(state)));
  }

  private void encoders(Tower tower, Map<String, Operand<?>> given) {
    if (given.isEmpty()) {
      return;
    }
    GraphContext ctx = tower.ctx();
    Map<Operand<?>, Operand<?>> backs = new LinkedHashMap<>();
    tower
        .encoded()
        .states()
        .forEach((name, state) -> backs.put(state, tower.part().slice(ctx, given.get(name))));
    put(
        ofEncoders,
        Gradients.of(
            ctx.in("encoder_gradients"), backs, weights.stream().map(Variable::handle).toList()));
  }

  private TrainingStep mean() {
    if (steps.size() == 1) {
      return steps.get(0);
    }
    GraphContext ctx = root.in("mean");
    ImmutableMap.Builder<String, Operand<TFloat32>> means = ImmutableMap.builder();
    for (String name : steps.get(0).diagnostics().keySet()) {
      List<Operand<TFloat32>> terms = new ArrayList<>();
      steps.forEach(own -> terms.add(own.diagnostics().get(name)));
      means.put(name, ctx.mul(sum(terms), 1f / terms.size()));
    }
    ImmutableMap<String, Operand<TFloat32>> diagnostics = means.buildOrThrow();
    return new TrainingStep(diagnostics.get("loss"), diagnostics, steps.get(0).updates());
  }

  private Operand<TFloat32> gradient(Variable<TFloat32> weight) {
    List<Operand<TFloat32>> terms = new ArrayList<>();
    terms.addAll(ofLosses.getOrDefault(weight, List.of()));
    terms.addAll(ofEncoders.getOrDefault(weight, List.of()));
    return sum(terms);
  }

  private Map<Variable<TFloat32>, Operand<TFloat32>> summed(
      Map<Variable<TFloat32>, List<Operand<TFloat32>>> terms) {
    Map<Variable<TFloat32>, Operand<TFloat32>> sums = new LinkedHashMap<>();
    terms.forEach((weight, list) -> sums.put(weight, sum(list)));
    return sums;
  }

  private Operand<TFloat32> sum(List<Operand<TFloat32>> terms) {
    return terms.size() == 1 ? terms.get(0) : root.in("sum").tf().math.addN(terms);
  }

  private void put(
      Map<Variable<TFloat32>, List<Operand<TFloat32>>> into,
      Map<Output<?>, Operand<TFloat32>> found) {
    for (Variable<TFloat32> weight : weights) {
      if (found.containsKey(weight.handle())) {
        into.computeIfAbsent(weight, key -> new ArrayList<>()).add(found.get(weight.handle()));
      }
    }
  }

  private void requireAll() {
    for (Variable<TFloat32> weight : weights) {
      if (!ofLosses.containsKey(weight) && !ofEncoders.containsKey(weight)) {
        throw new IllegalStateException("no loss depends on " + weight);
      }
    }
  }
}
