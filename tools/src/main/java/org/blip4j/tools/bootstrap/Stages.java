package org.blip4j.tools.bootstrap;

import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableMap;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.blip4j.data.file.AtomicFile;
import org.blip4j.graph.config.ConfigJson;
import org.blip4j.tools.capfilt.CapFiltListener;
import org.blip4j.training.event.TrainingListener;

/**
 * Runs stages one after the other and each only once: a finished one leaves a mark with its figures
 * and is skipped from then on.
 */
public final class Stages {
  private final Function<String, Path> marks;
  private final Listener listener;
  private final int total;
  private int number;

  /**
   * A run of stages.
   *
   * @param marks where the mark of a stage lies
   * @param listener hears of each
   * @param total how many there will be
   */
  public Stages(Function<String, Path> marks, Listener listener, int total) {
    this.marks = marks;
    this.listener = listener;
    this.total = total;
  }

  /**
   * A stage.
   *
   * @param name of its mark, and in the output
   * @param work what it does; returns what it measured
   */
  public record Stage(String name, Work work) {}

  /** The work of a stage. */
  public interface Work {
    /** Does it, or goes on with it; returns figures by name. */
    Map<String, Double> run() throws IOException;
  }

  /** Hears how the stages go on. */
  public interface Listener {
    /** A stage begins, or goes on; its number counts from 1. */
    default void begins(String stage, int number, int total) {}

    /** A stage is finished, now or before. */
    default void finished(Report report) throws IOException {}

    /** Hears of the steps of a training stage. */
    TrainingListener training();

    /** Hears of the shards of a CapFilt stage. */
    default CapFiltListener capfilt(int shards) {
      return CapFiltListener.NONE;
    }
  }

  /** A stage was left before its end since the user wants to stop; a second start goes on. */
  public static final class Stopped extends RuntimeException {
    private static final long serialVersionUID = 1;

    /** A stage that was left. */
    public Stopped(String where) {
      super(where + "; the same command goes on from there");
    }
  }

  /**
   * What a finished stage says: a line of the command's output.
   *
   * @param stage its name
   * @param seconds it took, when it was run
   * @param skipped whether it was finished before this start
   * @param figures what it measured, by name
   */
  public record Report(String stage, double seconds, boolean skipped, Map<String, Double> figures) {
    /** Copies the figures. */
    public Report {
      figures = ImmutableMap.copyOf(figures);
    }

    /** The line for people. */
    public String text() {
      String measured =
          figures.entrySet().stream()
              .map(figure -> figure.getKey() + " " + number(figure.getValue()))
              .collect(Collectors.joining("  "));
      String before = skipped ? " (done before)" : "";
      return String.format(Locale.ROOT, "%-20s %7.1f s%s  %s", stage, seconds, before, measured)
          .stripTrailing();
    }

    private static String number(double value) {
      return String.format(Locale.ROOT, value == Math.rint(value) ? "%.0f" : "%.4g", value);
    }
  }

  /** Runs stages in order; their reports. */
  public ImmutableList<Report> run(List<Stage> stages) throws IOException {
    ImmutableList.Builder<Report> reports = ImmutableList.builder();
    for (Stage stage : stages) {
      reports.add(run(stage));
    }
    return reports.build();
  }

  /** Runs a stage unless it is finished; its report either way. */
  public Report run(Stage stage) throws IOException {
    number++;
    Path mark = marks.apply(stage.name());
    if (Files.exists(mark)) {
      Report before = ConfigJson.read(mark, Report.class);
      Report report = new Report(before.stage(), before.seconds(), true, before.figures());
      listener.finished(report);
      return report;
    }
    listener.begins(stage.name(), number, total);
    long start = System.nanoTime();
    Map<String, Double> figures = stage.work().run();
    double seconds = (System.nanoTime() - start) / 1e9;
    Report report = new Report(stage.name(), seconds, false, figures);
    AtomicFile.write(mark, ConfigJson.write(report).getBytes(StandardCharsets.UTF_8));
    listener.finished(report);
    return report;
  }
}
