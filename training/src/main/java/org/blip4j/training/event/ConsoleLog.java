package org.blip4j.training.event;

import java.util.Locale;
import java.util.function.Consumer;

/**
 * A line of text for each logged step, and a warning where matching does not learn.
 *
 * <p>ITM begins at the share that always answering "no match" gives, and stays there for hundreds
 * of steps on noisy texts; only after {@link #PATIENCE} steps is it named.
 */
public final class ConsoleLog implements TrainingListener {
  /** Steps at the baseline before a warning. */
  public static final long PATIENCE = 2000;

  private static final double MARGIN = 0.01;

  private final Consumer<String> lines;
  private long lastStep;
  private long stuckSince = -1;
  private boolean warned;

  /** A log that hands each line, without its end, to a consumer. */
  public ConsoleLog(Consumer<String> lines) {
    this.lines = lines;
  }

  @Override
  public void started(RunStart start) {
    lastStep = start.step();
    lines.accept(
        "%s at step %,d of %,d (%,d an epoch): %,d parameters in %d tensors, %d of them decay"
            .formatted(
                start.step() == 0 ? "starting" : "continuing",
                start.step(),
                start.totalSteps(),
                start.stepsPerEpoch(),
                start.parameters(),
                start.tensors(),
                start.decaying()));
  }

  @Override
  public void logged(StepReport report) {
    StringBuilder line = new StringBuilder();
    line.append(
        String.format(
            Locale.ROOT,
            "step %d/%d  lr %.2e  %.0f pairs/s",
            report.step(),
            report.totalSteps(),
            report.learningRate(),
            report.samplesPerSecond()));
    report
        .means()
        .forEach(
            (name, value) -> line.append(String.format(Locale.ROOT, "  %s %.4g", name, value)));
    lines.accept(line.toString());
    watchMatching(report);
    lastStep = report.step();
  }

  @Override
  public void note(String line) {
    lines.accept(line);
  }

  private void watchMatching(StepReport report) {
    Double accuracy = report.means().get(StepReport.ITM_ACCURACY);
    if (accuracy == null || accuracy > StepReport.ITM_BASELINE + MARGIN) {
      stuckSince = -1;
      return;
    }
    if (stuckSince < 0) {
      stuckSince = lastStep;
    }
    if (!warned && report.step() - stuckSince >= PATIENCE) {
      warned = true;
      lines.accept(
          String.format(
              Locale.ROOT,
              "warning: matching has stayed at its majority baseline (accuracy %.3f) for %d steps;"
                  + " check that texts belong to their images, or lower the learning rate",
              accuracy,
              report.step() - stuckSince));
    }
  }
}
