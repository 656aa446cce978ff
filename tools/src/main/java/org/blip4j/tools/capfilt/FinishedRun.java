package org.blip4j.tools.capfilt;

import com.google.common.collect.ImmutableList;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.blip4j.data.sample.ExampleCodec;
import org.blip4j.data.tfrecord.ShardSet;
import org.blip4j.tools.console.ColumnOptions;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Options that name a finished run of CapFilt, and the shards that it scored. */
final class FinishedRun {
  @Option(
      names = "--from",
      paramLabel = "DIR",
      required = true,
      description = "Finished output of capfilt.")
  private Path from;

  @Option(
      names = "--data",
      paramLabel = "GLOB",
      arity = "1..*",
      description = "The shards that were scored, if they have moved.")
  private List<String> data = new ArrayList<>();

  @Mixin private ColumnOptions.Image columns;

  /** The output of the run. */
  CapFiltFolder folder() {
    return new CapFiltFolder(from);
  }

  /** The shards as they lie now; empty if they lie where they were scored. */
  Optional<ImmutableList<CapFiltPlan.Shard>> shards() throws IOException {
    return data.isEmpty()
        ? Optional.empty()
        : Optional.of(CapFiltPlan.Shard.of(ShardSet.find(data)));
  }

  /** Column names of the shards. */
  ExampleCodec codec() {
    return columns.codec();
  }
}
