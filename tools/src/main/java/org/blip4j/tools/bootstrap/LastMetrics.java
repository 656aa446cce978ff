package org.blip4j.tools.bootstrap;

import com.google.common.collect.ImmutableMap;
import java.io.IOException;
import java.util.Map;
import java.util.TreeMap;
import org.blip4j.training.event.RunStart;
import org.blip4j.training.event.StepReport;
import org.blip4j.training.event.TrainingListener;

/** Passes on what a run says and keeps its last figures. */
final class LastMetrics implements TrainingListener {
  private final TrainingListener next;
  private final Map<String, Double> last = new TreeMap<>();

  LastMetrics(TrainingListener next) {
    this.next = next;
  }

  ImmutableMap<String, Double> figures() {
    return ImmutableMap.copyOf(last);
  }

  @Override
  public void started(RunStart start) throws IOException {
    next.started(start);
  }

  @Override
  public void logged(StepReport report) throws IOException {
    last.put("steps", (double) report.step());
    report
        .means()
        .forEach(
            (name, value) -> {
              if (name.startsWith("loss") || name.endsWith("accuracy")) {
                last.put(name, value);
              }
            });
    next.logged(report);
  }

  @Override
  public void note(String line) {
    next.note(line);
  }

  @Override
  public void finished() throws IOException {
    next.finished();
  }
}
