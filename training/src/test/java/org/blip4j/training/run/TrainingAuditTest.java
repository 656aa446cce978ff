package org.blip4j.training.run;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Pattern;
import org.blip4j.graph.config.Task;
import org.blip4j.ops.core.GraphAudit;
import org.blip4j.training.config.RunConfig;
import org.blip4j.training.config.RunPlan;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The graphs that training runs: every weight learns, nothing is foreign or left lying about. */
final class TrainingAuditTest {
  /** What TensorFlow's gradients leave over, and values that layers offer but training ignores. */
  private static final Pattern OFFERED =
      Pattern.compile(
          "gradients/.*|(momentum/)?vision/(Const|Reshape)_[12]|input/(alpha|answers_before)"
              + "|momentum/(Const|Mul|add|StopGradient)_\\d+"
              + "|vqa/lm/(Const_2\\d|NotEqual_1|Cast_1|ReduceSum(_1)?|Maximum|Div)"
              + "|lm/(Shape_1|Reshape_4|Const_2\\d|ReduceSum_2)");

  @TempDir private Path folder;

  @ParameterizedTest
  @EnumSource
  void everyWeightLearnsAndNothingIsDead(Task task) throws IOException {
    TinyRun tiny = new TinyRun(folder);
    audit(tiny, task, false);
    audit(tiny, task, true);
  }

  private static void audit(TinyRun tiny, Task task, boolean recompute) throws IOException {
    RunConfig config =
        TinyRun.changed(tiny.fromScratch(task), "duration.recompute", Boolean.toString(recompute));
    RunPlan plan = RunPlan.resolve(config, tiny.inputs());
    try (TrainingSession session = TrainingSession.open(plan)) {
      GraphAudit audit = TinyRun.audit(session);

      assertEquals(List.of(), audit.unreached(), "weights without gradient");
      assertEquals(List.of(), audit.foreign(), "operations of no stock TensorFlow");
      assertEquals(List.of(), audit.pinned(), "operations that would keep variables on a device");
      List<String> dead =
          audit.dead().stream().filter(name -> !OFFERED.matcher(name).matches()).toList();
      assertEquals(List.of(), dead, "operations that nothing uses");
    }
  }
}
