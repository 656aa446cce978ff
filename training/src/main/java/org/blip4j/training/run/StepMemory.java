package org.blip4j.training.run;

import com.sun.management.OperatingSystemMXBean;
import java.lang.management.ManagementFactory;
import java.util.List;
import java.util.Locale;
import org.blip4j.graph.config.BlipConfig;
import org.blip4j.graph.config.TextConfig;
import org.blip4j.graph.config.VitConfig;
import org.blip4j.ops.core.Variable;
import org.blip4j.ops.kernel.Kernels;
import org.blip4j.training.config.RunConfig;
import org.blip4j.training.config.RunPlan;
import org.blip4j.training.config.TaskConfig;
import org.tensorflow.proto.DataType;

/**
 * What a training step needs in memory, estimated before the first one: variables (weights, the
 * optimizer's two moments, the momentum twin, queues) and gradients by count, what the backward
 * pass needs of the forward pass by the sizes of the model. The numbers kept for each state were
 * counted in a traced step of the base model, at the moment when most is held.
 *
 * @param fixed bytes that do not depend on the batch
 * @param perPair bytes of each pair that is computed at a time
 * @param recomputing the same where layers are computed a second time; {@code perPair} if they are
 * @param batch pairs in a step
 * @param parts of the batch, one of which is held in a memory at a time
 * @param queue a batch must divide it; 0 if there is none
 * @param available bytes that the process may use; 0 if that is not known
 */
record StepMemory(
    long fixed, long perPair, long recomputing, int batch, int parts, long queue, long available) {
  /** Java, TensorFlow and the graph. */
  private static final long PROGRAM = 800L << 20;

  /** Numbers kept for each state of a block of the vision transformer, and each of its weights. */
  private static final double PER_PATCH_STATE = 16;

  private static final double PER_PATCH_WEIGHT = 1;

  /** The same of a layer of the text transformer, which has dropout, without cross-attention. */
  private static final double PER_TEXT_STATE = 17;

  private static final double PER_TEXT_WEIGHT = 2.25;

  /** What cross-attention adds for each state. */
  private static final double PER_CROSSING_STATE = 4.5;

  /** Numbers kept for each logit of language modelling. */
  private static final double PER_LOGIT = 3;

  /** Answers to a question, about; each is no longer than the question. */
  private static final double ANSWERS = 2;

  private static final int FLOAT = 4;

  /** Estimates the step of a run. */
  static StepMemory of(RunPlan plan, List<Variable<?>> variables) {
    long stored = 0;
    long trained = 0;
    for (Variable<?> variable : variables) {
      long size = variable.shape().size();
      stored += variable.spec().dtype() == DataType.DT_INT64 ? 2 * size : size;
      trained += variable.spec().trainable() ? size : 0;
    }
    boolean clipped = plan.config().optimizer().clipNorm().isPresent();
    RunPlan.Division division = plan.division();
    long numbers = stored + trained * (clipped ? 2 : 1) + trained * (division.towers() - 1);
    boolean gpu = Kernels.mayUseGpu(plan.inputs().session());
    long available =
        gpu
            ? 0
            : ((OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean())
                    .getTotalMemorySize()
                / division.cluster().here();
    RunConfig.Duration duration = plan.config().duration();
    return new StepMemory(
        PROGRAM + FLOAT * (numbers + (long) duration.batch() * exchanged(plan)),
        (long) (FLOAT * (duration.recompute() ? recomputing(plan) : perPair(plan))),
        (long) (FLOAT * recomputing(plan)),
        duration.batch(),
        division.cluster().size() * division.accumulate() * (gpu ? division.towers() : 1),
        plan.config().part().queueSize(),
        available);
  }

  /**
   * Numbers of each pair that parts of a batch hand on: states of the image, which may be the wrong
   * one of another part, the gradients at them and those of one part more.
   */
  private static long exchanged(RunPlan plan) {
    boolean alone = plan.division().parts() == 1 || plan.config().part().queueSize() == 0;
    VitConfig vision = plan.architecture().vision();
    return alone ? 0 : 3L * vision.tokens() * vision.width();
  }

  /** Numbers that a pair takes, by what computes them. */
  private record Pair(
      double patchStates,
      double block,
      double keys,
      double tokenStates,
      double alone,
      double crossing,
      double logits) {

    static Pair of(RunPlan plan) {
      BlipConfig model = plan.architecture();
      VitConfig vision = model.vision();
      TextConfig text = model.text();
      double patches = vision.tokens();
      double tokens = plan.config().text().maxTokens();
      double block =
          patches
              * (PER_PATCH_STATE * vision.width() + PER_PATCH_WEIGHT * vision.heads() * patches);
      double alone =
          tokens * (PER_TEXT_STATE * text.width() + PER_TEXT_WEIGHT * text.heads() * tokens);
      double across =
          tokens * (PER_CROSSING_STATE * text.width() + PER_TEXT_WEIGHT * text.heads() * patches);
      return new Pair(
          patches * vision.width(),
          block,
          2 * patches * text.width(),
          tokens * text.width(),
          alone,
          alone + across,
          PER_LOGIT * tokens * text.vocabularySize());
    }
  }

  private static double perPair(RunPlan plan) {
    Pair pair = Pair.of(plan);
    double layers = plan.architecture().text().layers();
    double image = plan.architecture().vision().layers() * pair.block();
    double keys = layers * pair.keys();
    double alone = layers * pair.alone();
    double crossing = layers * pair.crossing();
    double speaking = crossing + pair.logits();
    return switch (plan.config().task()) {
      case PRETRAIN -> image + 2 * keys + alone + 3 * crossing + speaking;
      case RETRIEVAL -> image + 2 * keys + alone + 3 * crossing;
      case CAPTION -> image + keys + speaking;
      case VQA -> image + keys + crossing + ANSWERS * speaking;
      case NLVR -> 2 * (image + keys) + 2 * crossing;
      case DIALOGUE -> image + (1 + answers(plan)) * keys + alone + answers(plan) * crossing;
    };
  }

  /**
   * What is held between layers and, at one time, either logits or a block of the vision
   * transformer; and the keys of images that the text layers have before they need them, half of
   * all.
   */
  private static double recomputing(RunPlan plan) {
    Pair pair = Pair.of(plan);
    double layers = plan.architecture().text().layers();
    double image = plan.architecture().vision().layers() * pair.patchStates();
    double keys = layers * pair.keys() / 2;
    double text = layers * pair.tokenStates();
    double largest = Math.max(pair.block(), pair.logits());
    return switch (plan.config().task()) {
      case PRETRAIN -> image + 2 * keys + 5 * text + largest;
      case RETRIEVAL -> image + 2 * keys + 4 * text + Math.max(pair.block(), 3 * pair.crossing());
      case CAPTION -> image + keys + text + largest;
      case VQA ->
          image + keys + (1 + ANSWERS) * text + Math.max(pair.block(), ANSWERS * pair.logits());
      case NLVR -> 2 * (image + keys) + text + 2 * pair.block();
      case DIALOGUE ->
          image
              + (1 + answers(plan)) * keys
              + (1 + answers(plan)) * text
              + Math.max(pair.block(), answers(plan) * pair.crossing());
    };
  }

  /** Texts that a dialogue has in a step: with the true answer and with wrong ones. */
  private static int answers(RunPlan plan) {
    return plan.config().part() instanceof TaskConfig.Dialogue part ? 1 + part.negatives() : 1;
  }

  /** Bytes of a step. */
  long bytes() {
    return fixed + perPair * (batch / parts);
  }

  /** One line for people; it names the batch that fits where this one does not. */
  String text() {
    String needs =
        String.format(
            Locale.ROOT,
            "memory: about %s (%s for variables and gradients, %s for each of %d pairs%s)",
            gigabytes(bytes()),
            gigabytes(fixed),
            gigabytes(perPair),
            batch / parts,
            parts == 1 ? "" : " at a time");
    if (available == 0) {
      return needs;
    }
    if (bytes() <= available) {
      return needs + " of " + gigabytes(available);
    }
    long fits = Math.max(0, (long) (0.9 * available - fixed) / perPair);
    int more = 1;
    while (more < batch && (batch % more != 0 || batch / more > fits)) {
      more++;
    }
    while (fits > 1 && queue % fits != 0) {
      fits--;
    }
    long again = fixed + recomputing * (batch / parts);
    return "warning: %s, but the machine has %s; %s%s"
        .formatted(
            needs,
            gigabytes(available),
            again < bytes() && again <= available
                ? "recomputing needs %s; ".formatted(gigabytes(again))
                : "",
            fits < 1
                ? "train a smaller model, or on a larger machine"
                : "a batch of %d fits: duration.batch=%d; or this one in %d parts: duration.accumulate=%d"
                    .formatted(fits, fits, more, more));
  }

  private static String gigabytes(long bytes) {
    return String.format(Locale.ROOT, bytes < 1e8 ? "%.3f GB" : "%.1f GB", bytes / 1e9);
  }
}
