package org.blip4j.tools.capfilt;

import com.google.common.collect.ImmutableList;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.blip4j.data.sample.ExampleCodec;
import org.blip4j.data.tfrecord.ShardSet;
import org.blip4j.graph.config.TextSettings;
import org.blip4j.ops.decode.DecodingSettings;
import org.blip4j.savedmodel.capfilt.CapFiltModels;
import org.blip4j.savedmodel.capfilt.CapFiltPolicy;
import org.blip4j.savedmodel.capfilt.CapFiltSettings;
import org.blip4j.savedmodel.open.ModelSource;
import org.blip4j.tools.console.ColumnOptions;
import org.blip4j.tools.console.CommonOptions;
import org.blip4j.tools.console.ComputeOptions;
import org.blip4j.tools.console.Console;
import org.blip4j.tools.console.HubOptions;
import org.blip4j.tools.infer.DecodingOptions;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Options that say what CapFilt is to do, whoever hands out the work: a process or an engine. */
public final class CapFiltOptions {
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
      names = "--shards",
      paramLabel = "A-B",
      description = "Work on shards A to B of --data only, counted from 0.")
  private String range;

  @Mixin private PolicyOptions policy;
  @Mixin private Writing writing;
  @Mixin private HubOptions hub;
  @Mixin private ColumnOptions columns;
  @Mixin private ComputeOptions.Seed seed;
  @Mixin private ComputeOptions.Batch batch;

  /**
   * What was asked for.
   *
   * @param out the output folder
   * @param overwrite whether what an earlier run left there is removed first
   * @param task shards and settings
   * @param models as they were found
   * @param codec column names of the input
   * @param batchSize images read and judged at once
   */
  public record Request(
      CapFiltFolder out,
      boolean overwrite,
      CapFilt.Task task,
      CapFiltModels models,
      ExampleCodec codec,
      int batchSize) {
    /**
     * Begins the work in pieces, or goes on with it.
     *
     * @throws IllegalArgumentException if the folder was begun with another plan
     */
    public CapFiltBlocks begin() throws IOException {
      CapFiltPlan plan = CapFiltPlan.of(task.shards(), task.settings(), models);
      return CapFiltBlocks.begin(out, plan, codec, overwrite);
    }
  }

  /**
   * Finds shards and models.
   *
   * @throws IllegalArgumentException if something is missing or does not go together
   */
  public Request request(Console console) throws IOException {
    CommonOptions.require("capfilt", !data.isEmpty(), "--data GLOB");
    CommonOptions.require("capfilt", out != null, "--out DIR");
    CapFiltModels models = new CapFiltModels(source(captioner, console), source(filter, console));
    ImmutableList<CapFiltPlan.Shard> shards = CapFiltPlan.Shard.of(ShardSet.find(data));
    CapFiltSettings settings =
        new CapFiltSettings(
            policy.over(CapFiltPolicy.published()),
            writing.generation(models.texts()),
            seed.value());
    Request request =
        new Request(
            new CapFiltFolder(out),
            overwrite,
            new CapFilt.Task(shards, names(shards), settings),
            models,
            columns.codec(),
            batch.size(CapFiltJob.Work.BATCH));
    CommonOptions.require(
        "capfilt",
        !settings.captions() || captioner != null,
        "--captioner MODEL, or --texts web to write no texts");
    CommonOptions.require(
        "capfilt",
        !settings.scores() || filter != null,
        "--filter MODEL, or --no-filter to keep all texts");
    return request;
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

  /** Options that decide what the captioner writes. */
  static final class Writing {
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

    CapFiltSettings.Generation generation(TextSettings own) {
      DecodingSettings.Lengths limits =
          lengths.of(new DecodingSettings.Lengths(own.minCaptionTokens(), own.maxCaptionTokens()));
      double repetition = penalty != null ? penalty : beams > 0 ? 1 : 1.1;
      return new CapFiltSettings.Generation(
          candidates, beams, nucleus, repetition, limits.minimum(), limits.maximum());
    }
  }
}
