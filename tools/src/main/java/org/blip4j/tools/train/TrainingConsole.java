package org.blip4j.tools.train;

import com.google.common.collect.ImmutableMap;
import java.io.IOException;
import java.util.function.BooleanSupplier;
import org.blip4j.tools.console.Console;
import org.blip4j.training.event.ConsoleLog;
import org.blip4j.training.event.RunStart;
import org.blip4j.training.event.StepReport;
import org.blip4j.training.event.TrainingListener;

/** Logged steps to the console: notes for people, with {@code --json} an object a step. */
final class TrainingConsole implements TrainingListener {
  private final Console console;
  private final BooleanSupplier interrupted;
  private final ConsoleLog log;

  /**
   * Writes to a console.
   *
   * @param interrupted once true, no more results are written: the output is being closed
   */
  TrainingConsole(Console console, BooleanSupplier interrupted) {
    this.console = console;
    this.interrupted = interrupted;
    this.log = new ConsoleLog(line -> console.note("%s", line));
  }

  @Override
  public void started(RunStart start) {
    log.started(start);
  }

  @Override
  public void logged(StepReport report) throws IOException {
    log.logged(report);
    if (!interrupted.getAsBoolean()) {
      console.json(
          ImmutableMap.builder()
              .putAll(report.metrics())
              .put("images_per_second", report.samplesPerSecond())
              .buildOrThrow());
    }
  }

  @Override
  public void note(String line) {
    console.warn("%s", line);
  }
}
