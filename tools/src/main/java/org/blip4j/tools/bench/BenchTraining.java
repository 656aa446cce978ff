package org.blip4j.tools.bench;

import com.google.common.collect.ImmutableMap;
import java.io.IOException;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import org.blip4j.data.text.Vocabulary;
import org.blip4j.data.tfrecord.ShardSet;
import org.blip4j.graph.config.BlipConfig;
import org.blip4j.graph.config.ObjectiveConfig;
import org.blip4j.graph.config.Task;
import org.blip4j.graph.config.TextConfig;
import org.blip4j.graph.config.TextSettings;
import org.blip4j.ops.kernel.Precision;
import org.blip4j.training.config.ImageInput;
import org.blip4j.training.config.Recipe;
import org.blip4j.training.config.RunConfig;
import org.blip4j.training.config.RunInputs;
import org.blip4j.training.config.RunPlan;
import org.blip4j.training.config.TaskConfig;
import org.blip4j.training.config.TextInput;
import org.blip4j.training.optimize.AlphaRamp;
import org.blip4j.training.run.TrainingSession;
import org.tensorflow.Tensor;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.ndarray.buffer.DataBuffers;
import org.tensorflow.proto.DeviceStepStats;
import org.tensorflow.proto.NodeExecStats;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TInt64;

/**
 * Steps of pre-training, made by the session that runs train with. Pictures and texts are random;
 * texts are as long as those of {@code torch_pretrain_step.py}.
 */
final class BenchTraining implements AutoCloseable {
  private static final int SMALL_QUEUE = 1024;
  private static final double ALPHA = 0.4;
  private static final double RATE = 1e-6;
  private static final long SEED = 1;

  private final RunPlan run;
  private final int[] lengths;
  private final TrainingSession session;
  private final ImmutableMap<String, Tensor> batch;
  private long steps;

  /**
   * Opens a session with fresh weights.
   *
   * @param data of the run; no step reads them
   */
  BenchTraining(BenchPlan plan, ShardSet data) throws IOException {
    this.run = run(plan, data);
    this.lengths = lengths(plan);
    this.session = TrainingSession.open(run);
    try {
      session.initialize(Optional.empty());
    } catch (IOException | RuntimeException | Error e) {
      session.close();
      throw e;
    }
    this.batch = batch();
  }

  private static RunPlan run(BenchPlan plan, ShardSet data) {
    BlipConfig architecture = plan.architecture();
    ObjectiveConfig objective = ObjectiveConfig.published();
    RunConfig published = Recipe.PRETRAIN_BASE.config(Optional.empty());
    RunConfig config =
        new RunConfig(
                new TaskConfig.Pretrain(
                    plan.size().published()
                        ? objective
                        : new ObjectiveConfig(
                            SMALL_QUEUE,
                            objective.momentum(),
                            objective.alpha(),
                            objective.temperature(),
                            objective.labelSmoothing(),
                            objective.distinctNegatives(),
                            objective.negativeHardness()),
                    AlphaRamp.ofSteps(1)),
                Optional.of(architecture),
                Optional.empty(),
                Optional.empty(),
                new TextInput(plan.size().trainedTokens(), published.text().padding()),
                plan.size().augmented() ? published.images() : ImageInput.plainly(),
                published.optimizer(),
                published.schedule(),
                RunConfig.Duration.ofSteps(plan.batch(), 1),
                published.keeping(),
                SEED)
            .resolved(architecture, TextSettings.published(Task.PRETRAIN));
    RunInputs inputs = RunInputs.of(data).on(plan.session(), Precision.FLOAT32);
    return new RunPlan(config, Vocabulary.bertBaseUncased(), inputs, plan.kernels());
  }

  /** Lengths of the texts, [CLS] and [SEP] counted: those that the peer draws from. */
  static int[] lengths(BenchPlan plan) {
    int columns = plan.size().trainedTokens();
    int shortest = plan.size().published() ? 9 : columns / 3;
    int longest = plan.size().published() ? 17 : columns - 3;
    return new Random(SEED).ints(plan.batch(), shortest, longest + 1).toArray();
  }

  private ImmutableMap<String, Tensor> batch() {
    TextConfig text = run.architecture().text();
    int side = run.architecture().vision().imageSize();
    TextInput input = run.config().text();
    int columns =
        input.padding() == TextInput.Width.LONGEST
            ? Arrays.stream(lengths).max().orElseThrow()
            : input.maxTokens();
    long[] ids = new long[lengths.length * columns];
    long[] mask = new long[ids.length];
    long[][] texts = Operations.Texts.ids(text, lengths);
    for (int row = 0; row < lengths.length; row++) {
      texts[row][0] = text.tokens().cls();
      System.arraycopy(texts[row], 0, ids, row * columns, lengths[row]);
      Arrays.fill(mask, row * columns, row * columns + lengths[row], 1);
    }
    Random random = new Random(SEED);
    TFloat32 pixels = TFloat32.tensorOf(Shape.of(lengths.length, side, side, 3));
    pixels.scalars().forEach(pixel -> pixel.setFloat((float) random.nextGaussian()));
    Shape tokens = Shape.of(lengths.length, columns);
    return ImmutableMap.of(
        "pixels", pixels,
        "ids", TInt64.tensorOf(tokens, DataBuffers.of(ids)),
        "mask", TInt64.tensorOf(tokens, DataBuffers.of(mask)));
  }

  /** The run whose steps these are. */
  RunPlan plan() {
    return run;
  }

  /** Does one step. */
  void step() {
    session.step(batch::get, scalars());
  }

  private TrainingSession.Scalars scalars() {
    return new TrainingSession.Scalars(ALPHA, RATE, steps++);
  }

  /** Does one step and tells how long operations of each kind ran, the longest first. */
  List<BenchResult.Kind> profile() {
    Map<String, long[]> kinds = new HashMap<>();
    for (DeviceStepStats device :
        session.trace(batch::get, scalars()).getStepStats().getDevStatsList()) {
      for (NodeExecStats node : device.getNodeStatsList()) {
        // "name = Kind(inputs)"
        String label = node.getTimelineLabel();
        String kind = label.replaceFirst("(?s)^.*? = ", "").replaceFirst("(?s)\\(.*", "");
        long[] sum = kinds.computeIfAbsent(kind, key -> new long[2]);
        sum[0]++;
        sum[1] += node.getOpEndRelMicros() - node.getOpStartRelMicros();
      }
    }
    return kinds.entrySet().stream()
        .map(
            kind ->
                new BenchResult.Kind(kind.getKey(), kind.getValue()[0], kind.getValue()[1] * 1e-6))
        .sorted(Comparator.comparingDouble(BenchResult.Kind::seconds).reversed())
        .toList();
  }

  /** Operations that a step needs at least. */
  double operations() {
    ObjectiveConfig objective = ((TaskConfig.Pretrain) run.config().part()).objective();
    return Operations.pretrain(run.architecture(), lengths, objective.queueSize());
  }

  /** Numbers that a step reads and writes at least, see {@link Operations#stepNumbers}. */
  double numbers() {
    return Operations.stepNumbers(session.training().optimizer().parameters());
  }

  /** Threads that share one operation; the session runs several at once where they are fewer. */
  int threadsOfAnOperation() {
    return Benchmark.threads(run.session());
  }

  @Override
  public void close() {
    batch.values().forEach(Tensor::close);
    session.close();
  }
}
