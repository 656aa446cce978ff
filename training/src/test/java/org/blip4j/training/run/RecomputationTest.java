package org.blip4j.training.run;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import org.blip4j.graph.config.BlipConfig;
import org.blip4j.graph.config.Task;
import org.blip4j.graph.config.TextConfig;
import org.blip4j.graph.config.VitConfig;
import org.blip4j.graph.loss.LmLoss;
import org.blip4j.graph.task.CaptionModel;
import org.blip4j.graph.task.ImageTextBatch;
import org.blip4j.graph.task.TaskBatch;
import org.blip4j.ops.core.GraphContext;
import org.blip4j.ops.core.Initializer;
import org.blip4j.ops.core.Mode;
import org.blip4j.ops.core.VariableScope;
import org.blip4j.ops.kernel.Kernels;
import org.blip4j.training.config.RunConfig;
import org.blip4j.training.event.StepReport;
import org.blip4j.training.optimize.AdamW;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.tensorflow.Graph;
import org.tensorflow.Result;
import org.tensorflow.Session;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.proto.AllocationRecord;
import org.tensorflow.proto.ConfigProto;
import org.tensorflow.proto.RunOptions;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TInt64;

/** Layers that are computed a second time train as others do, in less memory. */
final class RecomputationTest {
  private static final int STEPS = 5;
  private static final int ROWS = 4;
  private static final int COLUMNS = 12;
  private static final BlipConfig SMALL =
      new BlipConfig(
          new VitConfig(96, 8, 64, 4, 4, 4, 1e-6, 0.1),
          new TextConfig(
              1000,
              64,
              6,
              4,
              256,
              16,
              1e-12,
              0.1,
              new TextConfig.SpecialTokens(0, 1, 2, 3, 4, 5, 6)),
          8,
          Initializer.Scheme.WIDTH_SCALED);

  @TempDir private Path folder;
  private TinyRun tiny;

  @BeforeEach
  void writeData() throws IOException {
    tiny = new TinyRun(folder);
  }

  /** With dropout and stochastic depth. */
  @ParameterizedTest
  @EnumSource(names = {"PRETRAIN", "CAPTION"})
  void lossesAndGradientsAreThoseOfAnOrdinaryStep(Task task) throws IOException {
    isAlike(task);
  }

  @ParameterizedTest
  @EnumSource(names = {"RETRIEVAL", "VQA", "NLVR"})
  @Tag("slow")
  void soAreThoseOfOtherTasks(Task task) throws IOException {
    isAlike(task);
  }

  /** At once, and in two parts each of which two devices share. */
  private void isAlike(Task task) throws IOException {
    List<StepReport> expected = new ArrayList<>();
    trainer(task, false, 1).run(folder.resolve("held"), expected::add);
    assertTrue(expected.get(0).means().get("loss") > 0);
    for (int parts = 1; parts <= 2; parts++) {
      List<StepReport> found = new ArrayList<>();
      trainer(task, true, parts).run(folder.resolve("again" + parts), found::add);
      DividedStepTest.assertAlike(expected, found);
    }
  }

  @Test
  void aRunGoesOnWithoutAndWithRecomputation() throws IOException {
    List<StepReport> unbroken = new ArrayList<>();
    trainer(Task.CAPTION, true, 1).run(folder.resolve("unbroken"), unbroken::add);
    List<StepReport> broken = new ArrayList<>();
    Path run = folder.resolve("broken");
    trainer(Task.CAPTION, false, 1).stoppingWhen(() -> broken.size() == 2).run(run, broken::add);
    assertEquals(2, broken.size());
    trainer(Task.CAPTION, true, 1).run(run, broken::add);
    DividedStepTest.assertAlike(unbroken, broken);
  }

  private Trainer trainer(Task task, boolean recompute, int parts) throws IOException {
    RunConfig config =
        TinyRun.changed(
            tiny.fromScratch(task)
                .withDuration(
                    RunConfig.Duration.ofSteps(TinyRun.BATCH, STEPS),
                    new RunConfig.Keeping(1, 3, 2)),
            "duration",
            "{\"batch\": %d, \"steps\": %d, \"accumulate\": %d, \"recompute\": %b}"
                .formatted(TinyRun.BATCH, STEPS, parts, recompute));
    config = TinyRun.changed(config, "seed", "2"); // no gradient whose rounding decides its sign
    return Trainer.of(config, tiny.asBuilt(task, parts));
  }

  /** By TensorFlow's account of a step, apart from the gradients of the weights. */
  @Test
  void halfOfTheActivationsAndMoreAreSaved() {
    long held = activations(Mode.TRAIN);
    long again = activations(Mode.TRAIN_RECOMPUTING);
    assertTrue(2 * again <= held, again + " bytes of activations, ordinarily " + held);
  }

  private static long activations(Mode mode) {
    try (Graph graph = new Graph()) {
      GraphContext ctx = Kernels.PORTABLE.on(GraphContext.create(graph, mode));
      VariableScope vars = VariableScope.root(ctx, 1, SMALL.initialization());
      TrainingGraph<ImageTextBatch> training =
          TrainingGraph.build(
              ctx,
              vars,
              CaptionModel.create(vars, SMALL, new LmLoss.Settings(2, 0.1)),
              new TrainingGraph.Settings(
                  new TaskBatch.Sizes(ROWS, SMALL.vision().imageSize(), COLUMNS),
                  AdamW.Settings.published(),
                  1));
      long weights = vars.trainable().stream().mapToLong(weight -> weight.shape().size()).sum();
      ConfigProto cpu = ConfigProto.newBuilder().putDeviceCount("GPU", 0).build();
      try (Session session = new Session(graph, Kernels.PORTABLE.sessionFrom(cpu, mode))) {
        session.runner().addTarget(training.initialize()).run().close();
        return peak(session, training) - Float.BYTES * weights;
      }
    }
  }

  private static long peak(Session session, TrainingGraph<ImageTextBatch> training) {
    int size = SMALL.vision().imageSize();
    Shape texts = Shape.of(ROWS, COLUMNS);
    RunOptions traced =
        RunOptions.newBuilder().setTraceLevel(RunOptions.TraceLevel.FULL_TRACE).build();
    try (TFloat32 pixels = TFloat32.tensorOf(Shape.of(ROWS, size, size, 3));
        TInt64 ids = TInt64.tensorOf(texts, ones -> ones.scalars().forEach(id -> id.setLong(1)));
        TFloat32 rate = TFloat32.scalarOf(1e-3f);
        TInt64 step = TInt64.scalarOf(0);
        Result result =
            session
                .runner()
                .feed(training.batch().pixels(), pixels)
                .feed(training.batch().tokens().ids(), ids)
                .feed(training.batch().tokens().mask(), ids)
                .feed(training.learningRate(), rate)
                .feed(training.taken(), step)
                .addTarget(training.update())
                .fetch(training.diagnostics())
                .setOptions(traced)
                .runAndFetchMetadata()) {
      List<AllocationRecord> records =
          result.getMetadata().orElseThrow().getStepStats().getDevStatsList().stream()
              .flatMap(device -> device.getNodeStatsList().stream())
              .flatMap(node -> node.getMemoryList().stream())
              .flatMap(memory -> memory.getAllocationRecordsList().stream())
              .sorted(
                  Comparator.comparingLong(AllocationRecord::getAllocMicros)
                      .thenComparingLong(AllocationRecord::getAllocBytes))
              .toList();
      long held = 0;
      long most = 0;
      for (AllocationRecord record : records) {
        held += record.getAllocBytes(); // negative where memory is given back
        most = Math.max(most, held);
      }
      return most;
    }
  }
}
