package org.blip4j.tools.capfilt;

import com.google.common.collect.ImmutableList;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.blip4j.data.tfrecord.ShardSet;
import org.blip4j.graph.config.TextSettings;
import org.blip4j.ops.decode.DecodingSettings;
import org.blip4j.savedmodel.capfilt.CapFiltModels;
import org.blip4j.savedmodel.capfilt.CapFiltPolicy;
import org.blip4j.savedmodel.capfilt.CapFiltSettings;
import org.blip4j.savedmodel.open.ModelSource;
import org.blip4j.savedmodel.predict.PredictorOptions;
import org.blip4j.tools.console.ColumnOptions;
import org.blip4j.tools.console.ComputeOptions;
import org.blip4j.tools.console.Console;
import org.blip4j.tools.console.ExitCodes;
import org.blip4j.tools.console.HubOptions;
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

  @Option(names = "--captioner", paramLabel = "MODEL", description = "Writes texts.")
  private String captioner;

  @Option(names = "--filter", paramLabel = "MODEL", description = "Judges texts.")
  private String filter;

  @Option(
      names = "--data",
      paramLabel = "GLOB",
      arity = "1..*",
      description = "Shards, folders or globs of images with their web texts.")
  private List<String> data = new ArrayList<>();

  @Option(names = "--out", paramLabel = "DIR", description = "Where the new set is written.")
  private Path out;

  @Option(names = "--overwrite", description = "Begin anew what an earlier run wrote there.")
  private boolean overwrite;

  @Option(
      names = "--workers",
      paramLabel = "N",
      description = "Shards worked on at once by this process (1), two batches of each.")
  private int workers = 1;

  @Option(
      names = "--shards",
      paramLabel = "A-B",
      description = "Work on shards A to B of --data only, counted from 0.")
  private String range;

  @Mixin private PolicyOptions policy;
  @Mixin private HubOptions hub;
  @Mixin private ColumnOptions columns;
  @Mixin private ComputeOptions common;
  @Mixin private ComputeOptions.Seed seed;
  @Mixin private ComputeOptions.Batch batch;

  @Override
  public Integer call() throws IOException {
    require(!data.isEmpty(), "--data GLOB");
    require(out != null, "--out DIR");
    Console console = common.console();
    CapFiltModels models = new CapFiltModels(source(captioner, console), source(filter, console));
    ImmutableList<CapFiltPlan.Shard> shards = CapFiltPlan.Shard.of(ShardSet.find(data));
    CapFiltSettings settings = policy.settings(models.texts(), seed.value());
    ImmutableList<String> names = names(shards);
    PredictorOptions options = common.inference();
    CapFiltFolder folder = new CapFiltFolder(out);
    CapFiltStats stats;
    try (InterruptWatch watch =
        new InterruptWatch(
            () -> console.note("interrupted within a batch; give the same command to go on"))) {
      try (Progress progress = console.progress("images", -1)) {
        CapFiltJob.Work work =
            new CapFiltJob.Work(
                workers,
                batch.size(CapFiltJob.Work.BATCH),
                ShardLedger.LEASE,
                watch::interrupted,
                CapFiltListener.on(console, progress));
        stats =
            new CapFilt(folder, work, columns.codec(), overwrite)
                .run(new CapFilt.Task(shards, names, settings), models, options);
      }
      if (watch.interrupted() && stats.shards() < names.size()) {
        console.note( // after the last line of the progress, while the process is kept alive
            "interrupted: %d of %d shards are done; give the same command again to go on",
            stats.shards(), names.size());
        return ExitCodes.INTERRUPTED;
      }
    }
    console.result(stats, stats.text());
    if (!folder.isFinished()) {
      console.note("shards outside %s are not all done yet; _SUCCESS comes with the last", range);
    }
    return stats.totals().unreadable() > 0 ? ExitCodes.SOME_FAILED : ExitCodes.OK;
  }

  private static void require(boolean given, String option) {
    if (!given) {
      throw new IllegalArgumentException("capfilt needs " + option + "; see capfilt --help");
    }
  }

  private Optional<ModelSource> source(String name, Console console) throws IOException {
    return name == null
        ? Optional.empty()
        : Optional.of(hub.resolve(name, Optional.empty(), console));
  }

  private ImmutableList<String> names(ImmutableList<CapFiltPlan.Shard> shards) {
    ImmutableList<CapFiltPlan.Shard> chosen = shards;
    if (range != null) {
      if (!range.matches("\\d{1,9}-\\d{1,9}")) {
        throw new IllegalArgumentException(
            "--shards " + range + " is no range; write A-B, counted from 0, such as 0-9");
      }
      int dash = range.indexOf('-');
      int first = Integer.parseInt(range.substring(0, dash));
      int last = Integer.parseInt(range.substring(dash + 1));
      if (first > last || last >= shards.size()) {
        throw new IllegalArgumentException(
            "--shards %s does not fit; there are shards 0 to %d"
                .formatted(range, shards.size() - 1));
      }
      chosen = shards.subList(first, last + 1);
    }
    return chosen.stream().map(CapFiltPlan.Shard::name).collect(ImmutableList.toImmutableList());
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
