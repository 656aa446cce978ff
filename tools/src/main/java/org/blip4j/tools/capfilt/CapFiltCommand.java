package org.blip4j.tools.capfilt;

import java.io.IOException;
import java.util.concurrent.Callable;
import org.blip4j.graph.config.TextSettings;
import org.blip4j.ops.decode.DecodingSettings;
import org.blip4j.savedmodel.capfilt.CapFiltPolicy;
import org.blip4j.savedmodel.capfilt.CapFiltSettings;
import org.blip4j.savedmodel.predict.PredictorOptions;
import org.blip4j.tools.console.ComputeOptions;
import org.blip4j.tools.console.Console;
import org.blip4j.tools.console.ExitCodes;
import org.blip4j.tools.console.InterruptWatch;
import org.blip4j.tools.console.Progress;
import org.blip4j.tools.infer.DecodingOptions;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code capfilt}: captions web images and keeps the texts that match. */
@Command(
    name = "capfilt",
    description = {
      "Caption web images and keep the texts, the web's and the written ones, that match.",
      "Any number of processes may work on one --out; start it again to continue. Kept pairs are"
          + " in NAME.tfrecord, all scores in scores/NAME.jsonl, totals in stats.json; _SUCCESS"
          + " comes last."
    },
    footerHeading = "%nExample:%n",
    footer =
        "  tools/blip capfilt --captioner runs/captioner/model --filter runs/filter/model"
            + " --data 'web/*.tfrecord' --out bootstrapped",
    subcommands = RethresholdCommand.class)
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

  /** Options of {@code capfilt} that decide what is written and kept. */
  static final class PolicyOptions {
    @Option(
        names = "--nucleus",
        paramLabel = "P",
        description = "Sample from the likeliest tokens of this mass (0.9).")
    private double nucleus = 0.9;

    @Option(
        names = "--beams",
        paramLabel = "K",
        description = "Beam search of this width instead of sampling.")
    private int beams;

    @Option(
        names = "--repetition-penalty",
        paramLabel = "R",
        description = "Makes tokens that are there already less likely (1.1; 1 with --beams).")
    private Double penalty;

    @Mixin private DecodingOptions.Lengths lengths;

    @Option(names = "--candidates", paramLabel = "N", description = "Texts sampled an image (1).")
    private int candidates = 1;

    @Option(
        names = "--keep-top",
        paramLabel = "K",
        description = "Best candidates that come before the filter (1).")
    private int keepTop = 1;

    @Option(
        names = "--rank",
        paramLabel = "itm|itc",
        description = "Score that the best candidates are found by (itm).")
    private CapFiltPolicy.Rank rank = CapFiltPolicy.Rank.itm;

    @Option(
        names = "--threshold",
        paramLabel = "T",
        description = "Least match probability of a kept text (0.5).")
    private double threshold = 0.5;

    @Option(
        names = "--texts",
        paramLabel = "web|synthetic|both",
        description = "Which texts take part (both).")
    private CapFiltPolicy.Texts texts = CapFiltPolicy.Texts.both;

    @Option(names = "--no-filter", description = "Keep all texts.")
    private boolean noFilter;

    CapFiltSettings settings(TextSettings own, long seed) {
      DecodingSettings.Lengths limits =
          lengths.of(new DecodingSettings.Lengths(own.minCaptionTokens(), own.maxCaptionTokens()));
      double repetition = penalty != null ? penalty : beams > 0 ? 1 : 1.1;
      return new CapFiltSettings(
          new CapFiltPolicy(!noFilter, threshold, texts, keepTop, rank),
          new CapFiltSettings.Generation(
              candidates, beams, nucleus, repetition, limits.minimum(), limits.maximum()),
          seed);
    }
  }
}
