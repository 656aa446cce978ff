package org.blip4j.tools.examples;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.blip4j.data.tfrecord.ShardSet;
import org.blip4j.savedmodel.capfilt.CapFiltModels;
import org.blip4j.savedmodel.capfilt.CapFiltRecord;
import org.blip4j.savedmodel.capfilt.CapFiltShards;
import org.blip4j.savedmodel.capfilt.CapFiltStep;
import org.blip4j.savedmodel.open.ModelSource;
import org.blip4j.savedmodel.predict.PredictorOptions;

/** CapFilt over shards: web texts and new ones, of which those stay that fit. */
public final class CleanShards {
  private CleanShards() {}

  /** Writes the kept pairs of each shard and adds a line to {@code seen} for each record. */
  public static CapFiltShards.Totals run(
      Path captioner, Path filter, ShardSet shards, Path out, List<String> seen)
      throws IOException {
    CapFiltModels models =
        CapFiltModels.of(ModelSource.resolve(captioner), ModelSource.resolve(filter));
    CapFiltShards.Listener listener =
        new CapFiltShards.Listener() {
          @Override
          public void judged(Path shard, CapFiltRecord record) {
            seen.add(record.key() + " keeps " + record.kept().size());
          }
        };
    try (CapFiltStep step =
        CapFiltStep.open(models, models.published(1), PredictorOptions.defaults())) {
      return new CapFiltShards(step, 32, () -> false, listener).run(shards, out);
    }
  }
}
