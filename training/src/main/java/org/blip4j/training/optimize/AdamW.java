package org.blip4j.training.optimize;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.blip4j.graph.config.Meaning;
import org.blip4j.ops.core.GraphContext;
import org.blip4j.ops.core.Initializer;
import org.blip4j.ops.core.Variable;
import org.blip4j.ops.core.VariableScope;
import org.tensorflow.Operand;
import org.tensorflow.Operation;
import org.tensorflow.op.Op;
import org.tensorflow.op.Ops;
import org.tensorflow.proto.DataType;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TInt64;

/**
 * Adam with decoupled weight decay (Loshchilov and Hutter 2019), equal to PyTorch's.
 *
 * <p>p = p (1 - lr wd); then TensorFlow's {@code ResourceApplyAdam} with epsilon sqrt(1 - beta2^t)
 * as epsilon, which is PyTorch's form (blip-spec 5.6). The two moments of variable {@code NAME} are
 * state variables {@code optimizer/m/NAME} and {@code optimizer/v/NAME}.
 */
public final class AdamW {

  /** Constants of the optimizer. */
  public record Settings(
      @Meaning("decay of the first moment") double beta1,
      @Meaning("decay of the second moment") double beta2,
      @Meaning("added to the root of the second moment") double epsilon,
      @Meaning("share of the weights that lr 1 would take away") double weightDecay,
      @Meaning("which tensors decay") DecayScope decay,
      @Meaning("largest norm of the gradients together; left out: no clipping, as published")
          Optional<Double> clipNorm,
      @Meaning(value = "which gradients make up that norm and are scaled", absent = "\"ALL\"")
          GradientClip.Scope clipped,
      @Meaning(
              value =
                  "share of the learning rate that the temperature takes, which is the only scalar"
                      + " among the weights; published: 1. Adam's steps are as long as the rate,"
                      + " whatever the gradient, so that at the rates of small models the"
                      + " temperature leaves its place in 200 steps; 0.02 holds it",
              absent = "1")
          double temperatureRate) {

    /** Checks the ranges. */
    public Settings {
      rate("beta1", beta1);
      rate("beta2", beta2);
      if (!(epsilon > 0)) {
        throw new IllegalArgumentException("optimizer.epsilon is " + epsilon + "; use 1e-8");
      }
      if (!(weightDecay >= 0)) {
        throw new IllegalArgumentException(
            "optimizer.weightDecay is " + weightDecay + "; it must not be negative");
      }
      if (!(clipNorm.orElse(1.0) > 0)) {
        throw new IllegalArgumentException(
            "optimizer.clipNorm is " + clipNorm.get() + "; it must be positive, or left out");
      }
      if (!(temperatureRate >= 0)) {
        throw new IllegalArgumentException(
            "optimizer.temperatureRate is %s; it must not be negative, 1 as published"
                .formatted(temperatureRate));
      }
      if (decay == null) {
        throw new IllegalArgumentException("optimizer.decay is missing; use ALL or MATRICES");
      }
      if (clipped == null) {
        throw new IllegalArgumentException(
            "optimizer.clipped is missing; use ALL or WITHOUT_SCALARS");
      }
    }

    /** The published values. */
    public static Settings published() {
      return new Settings(
          0.9, 0.999, 1e-8, 0.05, DecayScope.ALL, Optional.empty(), GradientClip.Scope.ALL, 1);
    }

    private static void rate(String name, double value) {
      if (!(value >= 0 && value < 1)) {
        throw new IllegalArgumentException(
            "optimizer." + name + " is " + value + "; it must be in [0, 1)");
      }
    }
  }

  private final List<Slots> slots;
  private final Settings settings;

  private record Slots(
      Variable<TFloat32> weight, Variable<TFloat32> first, Variable<TFloat32> second) {}

  private AdamW(List<Slots> slots, Settings settings) {
    this.slots = List.copyOf(slots);
    this.settings = settings;
  }

  /** Creates the moments of the given variables, all 0. */
  public static AdamW create(
      VariableScope vars, List<Variable<TFloat32>> trainables, Settings settings) {
    VariableScope first = vars.child("optimizer").child("m");
    VariableScope second = vars.child("optimizer").child("v");
    List<Slots> slots = new ArrayList<>();
    for (Variable<TFloat32> weight : trainables) {
      slots.add(
          new Slots(
              weight,
              first.createState(weight.name(), weight.shape(), Initializer.zeros()),
              second.createState(weight.name(), weight.shape(), Initializer.zeros())));
    }
    return new AdamW(slots, settings);
  }

  /** How many numbers are updated. */
  public long parameters() {
    return slots.stream().mapToLong(slot -> slot.weight().shape().size()).sum();
  }

  /** The variables that are updated. */
  public List<Variable<TFloat32>> trainables() {
    return slots.stream().map(Slots::weight).toList();
  }

  /** How many of the variables decay. */
  public long decaying() {
    return slots.stream().filter(this::decays).count();
  }

  /**
   * Adds the update.
   *
   * @param outer a context whose control dependencies have read all weights of this step
   * @param gradients one for each trainable, in their order
   * @param learningRate a scalar
   * @param steps steps taken before this one, a scalar
   */
  public List<Op> apply(
      GraphContext outer,
      List<Operand<TFloat32>> gradients,
      Operand<TFloat32> learningRate,
      Operand<TInt64> steps) {
    if (gradients.size() != slots.size()) {
      throw new IllegalArgumentException(
          gradients.size() + " gradients for " + slots.size() + " variables");
    }
    GraphContext ctx = outer.in("adamw");
    Ops tf = ctx.tf();
    Operand<TFloat32> t = tf.dtypes.cast(tf.math.add(steps, tf.constant(1L)), TFloat32.class);
    Operand<TFloat32> beta1 = tf.constant((float) settings.beta1());
    Operand<TFloat32> beta2 = tf.constant((float) settings.beta2());
    Operand<TFloat32> power2 = tf.math.pow(beta2, t);
    Rate tensors =
        new Rate(
            learningRate, tf.math.mul(learningRate, tf.constant((float) settings.weightDecay())));
    Rates rates =
        new Rates(
            tensors,
            slots.stream().anyMatch(slot -> GradientClip.scalar(slot.weight().shape()))
                ? temperatureRate(tf, tensors)
                : tensors,
            beta1,
            beta2,
            tf.math.pow(beta1, t),
            power2,
            tf.math.mul(
                tf.constant((float) settings.epsilon()),
                tf.math.sqrt(tf.math.sub(tf.constant(1f), power2))));
    List<Op> updates = new ArrayList<>();
    for (int i = 0; i < slots.size(); i++) {
      updates.add(update(ctx, slots.get(i), gradients.get(i), rates));
    }
    return List.copyOf(updates);
  }

  private Rate temperatureRate(Ops tf, Rate rate) {
    if (settings.temperatureRate() == 1) {
      return rate;
    }
    Operand<TFloat32> share = tf.constant((float) settings.temperatureRate());
    return new Rate(tf.math.mul(rate.step(), share), tf.math.mul(rate.decay(), share));
  }

  /** What a weight moves by in a step, and the share of it that it loses. */
  private record Rate(Operand<TFloat32> step, Operand<TFloat32> decay) {}

  private record Rates(
      Rate tensors,
      Rate temperature,
      Operand<TFloat32> beta1,
      Operand<TFloat32> beta2,
      Operand<TFloat32> power1,
      Operand<TFloat32> power2,
      Operand<TFloat32> epsilon) {}

  private Op update(GraphContext outer, Slots slot, Operand<TFloat32> gradient, Rates rates) {
    GraphContext ctx = outer;
    Rate rate = GradientClip.scalar(slot.weight().shape()) ? rates.temperature() : rates.tensors();
    if (decays(slot)) {
      Operand<TFloat32> part = ctx.tf().math.mul(slot.weight().readAgain(ctx), rate.decay());
      Operation decay = slot.weight().assignSub(ctx, part);
      ctx = ctx.after(List.of(() -> decay));
    }
    Operation adam =
        ctx.op("ResourceApplyAdam", "adam")
            .addInput(slot.weight().handle())
            .addInput(slot.first().handle())
            .addInput(slot.second().handle())
            .addInput(rates.power1().asOutput())
            .addInput(rates.power2().asOutput())
            .addInput(rate.step().asOutput())
            .addInput(rates.beta1().asOutput())
            .addInput(rates.beta2().asOutput())
            .addInput(rates.epsilon().asOutput())
            .addInput(gradient.asOutput())
            .setAttr("T", DataType.DT_FLOAT)
            .setAttr("use_locking", true)
            .build();
    return () -> adam;
  }

  private boolean decays(Slots slot) {
    return settings.weightDecay() > 0
        && settings.decay().includes(slot.weight().shape().numDimensions());
  }
}
