package org.blip4j.tools.train;

import com.google.common.collect.ImmutableMap;
import java.io.IOException;
import java.nio.file.Path;
import org.blip4j.tools.console.Console;
import org.blip4j.tools.console.InterruptWatch;
import org.blip4j.training.config.Cluster;
import org.blip4j.training.event.ConsoleLog;
import org.blip4j.training.event.StepReport;
import org.blip4j.training.event.TrainingListener;

/**
 * What a run says with {@code --json}, a result for each logged step, and when it is safe to end.
 */
record RunConsole(Console console, InterruptWatch watch) implements TrainingListener {

  /** All that a run is told of; of several processes the first one tells of the steps. */
  static TrainingListener listener(
      Console console, InterruptWatch watch, Cluster cluster, Path out) {
    RunConsole own = new RunConsole(console, watch);
    ConsoleLog log =
        new ConsoleLog(line -> console.note("%s", line), line -> console.warn("%s", line));
    return cluster.chief()
        ? TrainingListener.all(log, new RunReport(out), own)
        : TrainingListener.all(notes(log), own);
  }

  private static TrainingListener notes(TrainingListener log) {
    return new TrainingListener() {
      @Override
      public void logged(StepReport report) {}

      @Override
      public void note(String line) {
        log.note(line);
      }
    };
  }

  @Override
  public void stepped(double seconds) {
    watch.allow(seconds);
  }

  @Override
  public void storing(boolean now) {
    watch.writing(now);
  }

  @Override
  public void logged(StepReport report) throws IOException {
    if (!watch.interrupted()) {
      console.json(
          ImmutableMap.builder()
              .putAll(report.metrics())
              .put("images_per_second", report.samplesPerSecond())
              .buildOrThrow());
    }
  }
}
