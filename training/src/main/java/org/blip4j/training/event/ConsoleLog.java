package org.blip4j.training.event;

import java.util.Locale;
import java.util.function.Consumer;
import org.blip4j.training.validate.Validation;

/**
 * A line of text for each logged step, and a warning where matching does not learn.
 *
 * <p>ITM begins at the share that always answering "no match" gives, and stays there for hundreds
 * of steps on noisy texts; only after {@link #PATIENCE} steps, or half of the run, is it named.
 *
 * @see TrainingListener
 */
public final class ConsoleLog implements TrainingListener {
  /** Steps at the baseline before a warning; in shorter runs, half of the run. */
  public static final long PATIENCE = 2000;

  private static final long LEAST_PATIENCE = 100;
  private static final double MARGIN = 0.01;
  private static final String LOSS = "loss_";

  private final Consumer<String> lines;
  private final Consumer<String> notes;
  private long lastStep;
  private int batch;
  private long stuckSince = -1;
  private boolean warned;

  /** A log that hands each line, without its end, to a consumer. */
  public ConsoleLog(Consumer<String> lines) {
    this(lines, note -> lines.accept("warning: " + note));
  }

  /** The same that hands what is amiss, such as a damaged image, to a consumer of its own. */
  public ConsoleLog(Consumer<String> lines, Consumer<String> notes) {
    this.lines = lines;
    this.notes = notes;
  }

  @Override
  public void started(Start start) {
    lastStep = start.step();
    batch = start.batch();
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
    if (!start.memory().isEmpty()) {
      lines.accept(start.memory());
    }
  }

  @Override
  public void logged(StepReport report) {
    StringBuilder line = new StringBuilder();
    line.append("step %d/%d".formatted(report.step(), report.totalSteps()));
    if (report.step() < report.totalSteps()) {
      double images = (double) batch * (report.totalSteps() - report.step());
      line.append(", ").append(clock(images / report.samplesPerSecond())).append(" left");
    }
    line.append(String.format(Locale.ROOT, ", %.4g images/s", report.samplesPerSecond()));
    losses(report, line);
    line.append(String.format(Locale.ROOT, "  rate %.3g", report.learningRate()));
    Double norm = report.means().get(StepReport.GRADIENT_NORM);
    if (norm != null) {
      line.append(String.format(Locale.ROOT, "  gradient %.3g", norm));
    }
    double replaced = report.means().getOrDefault(StepReport.REPLACED, 0.0);
    if (replaced > 0) {
      line.append(String.format(Locale.ROOT, "  %.0f images replaced", replaced));
    }
    lines.accept(line.toString());
    watchMatching(report);
    lastStep = report.step();
  }

  /** Each part of the loss where it has several, and how ITM does beside always saying no. */
  private static void losses(StepReport report, StringBuilder line) {
    boolean parts = report.means().keySet().stream().filter(n -> n.startsWith(LOSS)).count() > 1;
    report
        .means()
        .forEach(
            (name, value) -> {
              if (parts ? name.startsWith(LOSS) : name.equals("loss")) {
                String word = parts ? name.substring(LOSS.length()) : name;
                line.append(String.format(Locale.ROOT, "  %s %.4g", word, value));
              }
            });
    Double accuracy = report.means().get(StepReport.ITM_ACCURACY);
    if (accuracy != null) {
      line.append(
          String.format(
              Locale.ROOT, "  matched %.3f (baseline %.3f)", accuracy, StepReport.ITM_BASELINE));
    }
  }

  @Override
  public void validated(Validation.Result result, boolean best) {
    StringBuilder line = new StringBuilder("validation at step " + result.step() + ":");
    result
        .figures()
        .forEach(
            (name, value) -> line.append(String.format(Locale.ROOT, "  %s %.4g", name, value)));
    lines.accept(line.append(best ? "  (best so far, kept in best/)" : "").toString());
  }

  private static long patience(long totalSteps) {
    return Math.min(PATIENCE, Math.max(LEAST_PATIENCE, totalSteps / 2));
  }

  private static String clock(double seconds) {
    long whole = Math.round(seconds);
    return whole >= 3600
        ? String.format(Locale.ROOT, "%d:%02d:%02d", whole / 3600, whole / 60 % 60, whole % 60)
        : String.format(Locale.ROOT, "%d:%02d", whole / 60, whole % 60);
  }

  @Override
  public void note(String line) {
    notes.accept(line);
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
    if (!warned && report.step() - stuckSince >= patience(report.totalSteps())) {
      warned = true;
      notes.accept(
          String.format(
              Locale.ROOT,
              "matching has stayed at its majority baseline (accuracy %.3f, loss %.4f; always"
                  + " answering no gives %.3f and %.4f) for %d steps; that is normal for hundreds"
                  + " of steps on noisy texts, but check that texts belong to their images, lower"
                  + " the learning rate, or set objective.negativeHardness below 1",
              accuracy,
              report.means().getOrDefault(StepReport.ITM_LOSS, Double.NaN),
              StepReport.ITM_BASELINE,
              StepReport.ITM_BASELINE_LOSS,
              report.step() - stuckSince));
    }
  }
}
