package org.blip4j.training.run;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.common.collect.HashMultiset;
import com.google.common.collect.Multiset;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.blip4j.data.pipeline.SamplePipeline;
import org.blip4j.graph.config.Task;
import org.blip4j.graph.task.TaskBatch;
import org.blip4j.training.config.RunConfig;
import org.blip4j.training.config.RunInputs;
import org.blip4j.training.config.RunPlan;
import org.blip4j.training.event.StepReport;
import org.blip4j.training.input.RecordBatches;
import org.blip4j.training.input.TrainingBatch;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.tensorflow.Result;
import org.tensorflow.Session;
import org.tensorflow.proto.ConfigProto;
import org.tensorflow.proto.GraphDef;
import org.tensorflow.proto.NodeDef;
import org.tensorflow.proto.RunOptions;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TInt64;

/** A batch in parts trains as the whole batch does, dropout and stochastic depth included. */
final class DividedStepTest {
  private static final int STEPS = 5;

  @TempDir private Path folder;
  private TinyRun tiny;

  /** Parts one after the other, each of which so many devices share. */
  private record Parts(int accumulate, int devices) {}

  @BeforeEach
  void writeData() throws IOException {
    tiny = new TinyRun(folder);
  }

  /** Part after part, on several devices, and both. */
  @ParameterizedTest
  @EnumSource(names = {"PRETRAIN", "CAPTION"})
  void partsGiveTheLossesAndGradientsOfTheWholeBatch(Task task) throws IOException {
    isAlike(
        task, new Parts(2, 1), new Parts(4, 1), new Parts(1, 2), new Parts(1, 4), new Parts(2, 2));
  }

  @ParameterizedTest
  @EnumSource(names = {"RETRIEVAL", "VQA", "NLVR"})
  @Tag("slow")
  void soDoPartsOfOtherTasks(Task task) throws IOException {
    isAlike(task, new Parts(2, 1), new Parts(1, 2), new Parts(1, 4), new Parts(2, 2));
  }

  /** Of the graph as TensorFlow runs it: nothing of a tower lies on the device of another. */
  @Test
  void eachTowerRunsForwardAndBackOnItsDevice() throws IOException {
    RunPlan plan = RunPlan.resolve(config(Task.PRETRAIN), inputs(Task.PRETRAIN, new Parts(1, 2)));
    Map<String, Multiset<String>> products = new TreeMap<>();
    try (TrainingSession session = TrainingSession.open(plan)) {
      for (GraphDef partition : partitions(session, plan)) {
        for (NodeDef node : partition.getNodeList()) {
          String device = node.getDevice().replaceFirst(".*/device:", "");
          String tower = node.getName().replaceFirst("/.*", "");
          assertTrue(
              device.equals("CPU:0") || tower.equals("tower1") || isCopy(node),
              node.getName() + " on " + device);
          if (tower.startsWith("tower") && node.getOp().contains("MatMul")) {
            products.computeIfAbsent(device, name -> HashMultiset.create()).add(kind(node));
          }
        }
      }
      List<String> pinned = TinyRun.audit(session).pinned();
      assertEquals(List.of(), pinned, "operations that would keep variables on a device");
    }
    assertEquals(Set.of("CPU:0", "CPU:1"), products.keySet());
    assertEquals(3, products.get("CPU:1").elementSet().size(), products.toString());
    assertEquals(products.get("CPU:0"), products.get("CPU:1"));
  }

  /** What brings values to the second device, or constants that TensorFlow gives each device. */
  private static boolean isCopy(NodeDef node) {
    return Set.of("_Recv", "_Send", "_HostRecv", "NoOp", "Const").contains(node.getOp());
  }

  /** Forward, or back from the losses or through the encoders. */
  private static String kind(NodeDef node) {
    String within = node.getName().replaceFirst("tower\\d/", "");
    return within.contains("_gradients/") ? within.replaceFirst("/.*", "") : "forward";
  }

  private static List<GraphDef> partitions(TrainingSession session, RunPlan plan)
      throws IOException {
    TrainingGraph<?> training = session.training();
    Path kept = Path.of(plan.config().vocabulary().orElseThrow()).resolveSibling("index");
    RunOptions options = RunOptions.newBuilder().setOutputPartitionGraphs(true).build();
    try (Session own = new Session(session.graph(), plan.session());
        RecordBatches<?> batches =
            RecordBatches.Data.open(plan, kept, problem -> {})
                .batches(plan, SamplePipeline.Cursor.START);
        TrainingBatch batch = batches.next();
        TFloat32 number = TFloat32.scalarOf(0.1f);
        TInt64 step = TInt64.scalarOf(0)) {
      own.runner().addTarget(training.initialize()).run().close();
      Session.Runner runner = own.runner().addTarget(training.update()).setOptions(options);
      runner.feed(training.learningRate(), number).feed(training.taken(), step);
      training
          .batch()
          .feeds()
          .forEach(
              (name, operand) ->
                  runner.feed(operand, name.equals(TaskBatch.ALPHA) ? number : batch.get(name)));
      try (Result result = runner.runAndFetchMetadata()) {
        return result.getMetadata().orElseThrow().getPartitionGraphsList();
      }
    }
  }

  /** Order, augmentation and dropout do not depend on the devices. */
  @Test
  void aRunGoesOnWithAnotherNumberOfDevices() throws IOException {
    RunConfig config = config(Task.PRETRAIN);
    List<StepReport> unbroken = run(config, inputs(Task.PRETRAIN), "one");
    List<StepReport> broken = new ArrayList<>();
    Path run = folder.resolve("broken");
    Trainer.of(config, inputs(Task.PRETRAIN))
        .stoppingWhen(() -> broken.size() == 2)
        .run(run, broken::add);
    assertEquals(2, broken.size());
    Trainer.of(config, inputs(Task.PRETRAIN, new Parts(1, 2))).run(run, broken::add);
    assertAlike(unbroken, broken);
  }

  @Test
  void devicesAreThoseThatASessionNames() throws IOException {
    assertEquals(RunPlan.Division.NONE, division(TinyRun.asBuilt()));
    assertEquals(
        List.of("/device:CPU:0", "/device:CPU:1"),
        division(TinyRun.asBuilt().putDeviceCount("CPU", 2)).devices());
    ConfigProto.Builder gpus = ConfigProto.newBuilder();
    assertEquals(RunPlan.Division.NONE, division(gpus));
    gpus.getGpuOptionsBuilder().setVisibleDeviceList("2");
    assertEquals(RunPlan.Division.NONE, division(gpus));
    gpus.getGpuOptionsBuilder().setVisibleDeviceList("2,0");
    assertEquals(List.of("/device:GPU:0", "/device:GPU:1"), division(gpus).devices());
    assertThrows(
        IllegalArgumentException.class, () -> division(TinyRun.asBuilt().putDeviceCount("CPU", 3)));
  }

  private RunPlan.Division division(ConfigProto.Builder session) throws IOException {
    return RunPlan.resolve(
            config(Task.PRETRAIN), TinyRun.withSession(inputs(Task.PRETRAIN), session))
        .division();
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

  private void isAlike(Task task, Parts... divisions) throws IOException {
    List<StepReport> whole = run(config(task), inputs(task), "whole");
    assertTrue(whole.get(0).means().get("loss") > 0);
    for (Parts parts : divisions) {
      RunConfig divided =
          TinyRun.changed(
              config(task), "duration.accumulate", Integer.toString(parts.accumulate()));
      assertAlike(whole, run(divided, inputs(task, parts), parts.toString()));
    }
  }

  private RunConfig config(Task task) {
    return tiny.reporting(task, STEPS);
  }

  private RunInputs inputs(Task task) throws IOException {
    return inputs(task, new Parts(1, 1));
  }

  private RunInputs inputs(Task task, Parts parts) throws IOException {
    return tiny.asBuilt(task, parts.devices());
  }

  private List<StepReport> run(RunConfig config, RunInputs inputs, String name) throws IOException {
    List<StepReport> reports = new ArrayList<>();
    Trainer.of(config, inputs).run(folder.resolve(name), reports::add);
    return reports;
  }

  /** All losses and gradient norms of all steps: sums are grouped in another way, no more. */
  static void assertAlike(List<StepReport> expected, List<StepReport> found) {
    assertEquals(expected.size(), found.size());
    for (int step = 0; step < expected.size(); step++) {
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
