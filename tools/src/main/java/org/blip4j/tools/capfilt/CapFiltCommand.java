package org.blip4j.tools.capfilt;

import java.io.IOException;
import java.util.concurrent.Callable;
import org.blip4j.savedmodel.predict.PredictorOptions;
import org.blip4j.tools.console.ComputeOptions;
import org.blip4j.tools.console.Console;
import org.blip4j.tools.console.ExitCodes;
import org.blip4j.tools.console.InterruptWatch;
import org.blip4j.tools.console.Progress;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code capfilt}: captions web images and keeps the texts that match. */
@Command(
    name = "capfilt",
    description = {
      "Caption web images and keep the texts, the web's and the written ones, that match.",
      "Any number of processes may work on one --out; start it again to continue. Kept pairs are"
          + " in NAME.tfrecord, all scores in scores/NAME.jsonl, totals in stats.json and, with"
          + " pictures, in report.html; _SUCCESS comes last."
    },
    footerHeading = "%nExample:%n",
    footer =
        "  tools/blip capfilt --captioner runs/captioner/model --filter runs/filter/model"
            + " --data 'web/*.tfrecord' --out bootstrapped",
    subcommands = {RethresholdCommand.class, SampleCommand.class, CalibrateCommand.class})
public final class CapFiltCommand implements Callable<Integer> {
  /** Batches of a shard computed at once; {@code bench capfilt} measures the same. */
  public static final int AT_ONCE = 2;

  @Option(
      names = "--workers",
      paramLabel = "N",
      description = "Shards worked on at once by this process (1), two batches of each.")
  private int workers = 1;

  @Mixin private CapFiltOptions asked;
  @Mixin private ComputeOptions common;

  @Override
  public Integer call() throws IOException {
    Console console = common.console();
    CapFiltOptions.Request request = asked.request(console);
    PredictorOptions options = common.inference();
    int names = request.task().names().size();
    CapFiltStats stats;
    try (InterruptWatch watch =
        new InterruptWatch(
            () -> console.note("interrupted within a batch; give the same command to go on"))) {
      try (Progress progress = console.progress("images", -1)) {
        CapFiltJob.Work work =
            new CapFiltJob.Work(
                workers,
                request.batchSize(),
                ShardLedger.LEASE,
                watch::interrupted,
                CapFiltListener.on(console, progress));
        stats =
            new CapFilt(request.out(), work, request.codec(), request.overwrite())
                .run(request.task(), request.models(), options);
      }
      if (watch.interrupted() && stats.shards() < names) {
        console.note( // after the last line of the progress, while the process is kept alive
            "interrupted: %d of %d shards are done; give the same command again to go on",
            stats.shards(), names);
        return ExitCodes.INTERRUPTED;
      }
    }
    console.result(stats, stats.text());
    if (!request.out().isFinished()) {
      console.note("other shards are not all done yet; _SUCCESS comes with the last");
    }
    return stats.totals().unreadable() > 0 ? ExitCodes.SOME_FAILED : ExitCodes.OK;
  }
}
