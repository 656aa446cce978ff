package org.blip4j.tools.bootstrap;

import java.io.IOException;
import org.blip4j.tools.capfilt.CapFiltListener;
import org.blip4j.tools.console.ComputeOptions;
import org.blip4j.tools.console.Console;
import org.blip4j.tools.console.ExitCodes;
import org.blip4j.tools.console.InterruptWatch;
import org.blip4j.tools.console.ProgramVersion;
import org.blip4j.tools.console.Progress;
import org.blip4j.training.event.ConsoleLog;
import org.blip4j.training.event.TrainingListener;

/** Writes the stages to a console: a line a stage as result, everything else as notes. */
public final class ConsoleStages implements Stages.Listener {
  private final Console console;

  private ConsoleStages(Console console) {
    this.console = console;
  }

  /**
   * Runs stages on what the options say, until they end or the user interrupts them.
   *
   * @return the exit status
   */
  public static int run(ComputeOptions common, Work work) throws IOException {
    Console console = common.console();
    try (InterruptWatch watch = new InterruptWatch()) {
      try {
        work.in(
            new Bootstrap.Context(
                common.sessionConfig(),
                common.precision(),
                ProgramVersion.read(),
                watch::interrupted,
                new ConsoleStages(console)));
      } catch (Stages.Stopped e) { // within the watch, which keeps the process alive
        console.note("%s", e.getMessage());
        return ExitCodes.INTERRUPTED;
      }
    }
    return console.exitCode();
  }

  /** What runs stages. */
  public interface Work {
    /** Runs them. */
    void in(Bootstrap.Context context) throws IOException;
  }

  @Override
  public void begins(String stage, int number, int total) {
    console.note("stage %d of %d: %s ...", number, total, stage);
  }

  @Override
  public void finished(Stages.Report report) throws IOException {
    console.result(report, report.text());
  }

  @Override
  public TrainingListener training() {
    return new ConsoleLog(line -> console.note("%s", line), line -> console.warn("%s", line));
  }

  @Override
  public CapFiltListener capfilt(int shards) {
    Progress progress = console.progress("shards", shards);
    return new CapFiltListener() {
      private int done;

      @Override
      public void unreadable(String shard, String key, String why) {
        console.failed(shard + ": " + key, why);
      }

      @Override
      public synchronized void shardDone(String shard) {
        progress.advance(1);
        done++;
        if (done == shards) {
          progress.close();
        }
      }
    };
  }
}
