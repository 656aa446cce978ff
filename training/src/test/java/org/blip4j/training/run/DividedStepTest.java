package org.blip4j.training.run;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.blip4j.graph.config.Task;
import org.blip4j.training.config.RunConfig;
import org.blip4j.training.config.RunInputs;
import org.blip4j.training.event.StepReport;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.tensorflow.proto.ConfigProto;

/** A batch in parts trains as the whole batch does, dropout and stochastic depth included. */
final class DividedStepTest {
  private static final int STEPS = 5;

  @TempDir private Path folder;
  private TinyRun tiny;

  @BeforeEach
  void writeData() throws IOException {
    tiny = new TinyRun(folder);
  }

  @ParameterizedTest
  @EnumSource(names = {"PRETRAIN", "CAPTION"})
  void partAfterPartGivesTheLossesAndGradientsOfTheWholeBatch(Task task) throws IOException {
    isAlike(task, 2, 4);
  }

  @ParameterizedTest
  @EnumSource(names = {"RETRIEVAL", "VQA", "NLVR"})
  @Tag("slow")
  void soDoPartsOfOtherTasks(Task task) throws IOException {
    isAlike(task, 2);
  }

  /** A checkpoint of a step holds no sums; the run that goes on from it ends alike. */
  @Test
  void aRunInPartsGoesOnWhereItWasStopped() throws IOException {
    RunConfig config = TinyRun.changed(config(Task.PRETRAIN), "duration.accumulate", "2");
    List<StepReport> unbroken = run(config, inputs(Task.PRETRAIN), "unbroken");
    List<StepReport> broken = new ArrayList<>();
    Path run = folder.resolve("broken");
    Trainer trainer = Trainer.of(config, inputs(Task.PRETRAIN));
    trainer.stoppingWhen(() -> broken.size() == 2).run(run, broken::add);
    assertEquals(2, broken.size());
    trainer.run(run, broken::add);
    assertEquals(
        unbroken.stream().map(StepReport::means).toList(),
        broken.stream().map(StepReport::means).toList());
  }

  private void isAlike(Task task, int... parts) throws IOException {
    List<StepReport> whole = run(config(task), inputs(task), "whole");
    assertTrue(whole.get(0).means().get("loss") > 0);
    for (int number : parts) {
      RunConfig divided =
          TinyRun.changed(config(task), "duration.accumulate", Integer.toString(number));
      assertAlike(whole, run(divided, inputs(task), "parts" + number));
    }
  }

  private RunConfig config(Task task) {
    return TinyRun.changed(
        tiny.fromScratch(task)
            .withDuration(
                RunConfig.Duration.ofSteps(TinyRun.BATCH, STEPS), new RunConfig.Keeping(1, 3, 2)),
        "text.padding",
        "\"LONGEST\"");
  }

  private RunInputs inputs(Task task) throws IOException {
    RunInputs inputs = task == Task.VQA || task == Task.NLVR ? tiny.inputs(task) : tiny.inputs();
    return TinyRun.withSession(inputs, plain());
  }

  /** Graphs are run as they are built: rewriting them takes longer than five steps. */
  private static ConfigProto.Builder plain() {
    ConfigProto.Builder session = ConfigProto.newBuilder().putDeviceCount("GPU", 0);
    session.getGraphOptionsBuilder().getRewriteOptionsBuilder().setDisableMetaOptimizer(true);
    return session;
  }

  private List<StepReport> run(RunConfig config, RunInputs inputs, String name) throws IOException {
    List<StepReport> reports = new ArrayList<>();
    Trainer.of(config, inputs).run(folder.resolve(name), reports::add);
    return reports;
  }

  /** All losses and gradient norms of all steps: sums are grouped in another way, no more. */
  private static void assertAlike(List<StepReport> expected, List<StepReport> found) {
    assertEquals(STEPS, found.size());
    for (int step = 0; step < STEPS; step++) {
      int number = step;
      expected
          .get(step)
          .means()
          .forEach(
              (name, value) ->
                  assertEquals(
                      value,
                      found.get(number).means().get(name),
                      1e-4 * Math.max(0.1, Math.abs(value)),
                      name + " of step " + (number + 1)));
    }
  }
}
