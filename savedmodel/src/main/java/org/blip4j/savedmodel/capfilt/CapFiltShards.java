package org.blip4j.savedmodel.capfilt;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import org.blip4j.data.pipeline.SampleSource;
import org.blip4j.data.pipeline.SourceOptions;
import org.blip4j.data.sample.ExampleCodec;
import org.blip4j.data.sample.Sample;
import org.blip4j.data.tfrecord.ShardSet;
import org.blip4j.data.tfrecord.TfRecordWriter;

/**
 * CapFilt from shards to shards in one process of a program's own: {@code NAME.tfrecord} with the
 * kept pairs for each input shard, as the command {@code capfilt} writes it, which also keeps
 * scores and figures and shares the work among processes.
 *
 * <p>A shard has its name only when it is whole. Shards that are there already are passed over, so
 * that a stopped run goes on when it is started again; whoever changes settings or models takes
 * another folder.
 *
 * <pre>{@code
 * CapFiltModels models = CapFiltModels.of(captioner, filter);
 * try (CapFiltStep step = CapFiltStep.open(models, models.published(1), PredictorOptions.defaults())) {
 *   new CapFiltShards(step, 32, () -> false, listener).run(ShardSet.find(List.of("web/*")), out);
 * }
 * }</pre>
 *
 * @param step judges samples; stays open
 * @param batchSize samples judged at once
 * @param stop asked between batches; true ends the run without the shard that is in work
 * @param listener hears of records and shards
 */
public record CapFiltShards(
    CapFiltStep step, int batchSize, BooleanSupplier stop, Listener listener) {
  /** Hears how a run goes on, in its thread. */
  public interface Listener {
    /** A record was judged; whether texts of it are kept says {@link CapFiltRecord#kept}. */
    default void judged(Path shard, CapFiltRecord record) {}

    /** A shard is written, or was already. */
    default void written(Path shard, boolean before) {}
  }

  /**
   * How a run ended.
   *
   * @param shards that are whole in the output folder
   * @param records judged by this run
   * @param kept records of these that have texts left
   * @param unusable records of these whose image cannot be read
   * @param finished whether all shards are done
   */
  public record Totals(int shards, long records, long kept, long unusable, boolean finished) {
    private Totals plus(List<CapFiltRecord> judged) {
      return new Totals(
          shards,
          records + judged.size(),
          kept + judged.stream().filter(record -> !record.kept().isEmpty()).count(),
          unusable + judged.stream().filter(record -> !record.usable()).count(),
          finished);
    }

    private Totals withShard() {
      return new Totals(shards + 1, records, kept, unusable, finished);
    }
  }

  /** Checks the numbers. */
  public CapFiltShards {
    Objects.requireNonNull(step, "step is null; open one with CapFiltStep.open");
    Objects.requireNonNull(stop, "stop is null; () -> false never stops");
    Objects.requireNonNull(
        listener, "listener is null; new CapFiltShards.Listener() {} hears none");
    if (batchSize < 1) {
      throw new IllegalArgumentException("batch size " + batchSize + " is less than 1");
    }
  }

  /**
   * Judges what is not written yet.
   *
   * @throws IllegalArgumentException if a shard lies in the output folder itself, or two of them
   *     have one name
   */
  public Totals run(ShardSet shards, Path out) throws IOException {
    Map<String, Path> named = new HashMap<>();
    for (Path shard : shards.paths()) {
      Path other = named.putIfAbsent(plain(shard), shard);
      if (other != null) {
        throw new IllegalArgumentException(
            "%s and %s would both be written as %s.tfrecord; rename one, or give them other folders"
                .formatted(other, shard, plain(shard)));
      }
    }
    Files.createDirectories(out);
    Totals totals = new Totals(0, 0, 0, 0, true);
    for (int i = 0; i < shards.size(); i++) {
      Path shard = shards.paths().get(i);
      Path result = out.resolve(plain(shard) + ".tfrecord");
      if (Files.exists(result) && Files.isSameFile(result, shard)) {
        throw new IllegalArgumentException(
            shard + " would be written over itself; give another output folder");
      }
      boolean before = Files.exists(result);
      if (!before) {
        Optional<Totals> after = write(shard, result, totals);
        if (after.isEmpty()) {
          return new Totals(
              totals.shards(), totals.records(), totals.kept(), totals.unusable(), false);
        }
        totals = after.get();
      }
      totals = totals.withShard();
      listener.written(result, before);
    }
    return totals;
  }

  private static String plain(Path shard) {
    return shard.getFileName().toString().replaceFirst("\\.tfrecords?(\\.gz)?$", "");
  }

  private Optional<Totals> write(Path shard, Path result, Totals totals) throws IOException {
    ExampleCodec codec = ExampleCodec.standard();
    Totals now = totals;
    try (SampleSource source =
            SampleSource.open(
                ShardSet.of(List.of(shard)), SourceOptions.strict().withCheckImages(false));
        TfRecordWriter writer = TfRecordWriter.create(result, TfRecordWriter.Options.plain())) {
      for (List<Sample.ImageText> batch = next(source); !batch.isEmpty(); batch = next(source)) {
        if (stop.getAsBoolean()) {
          return Optional.empty();
        }
        List<CapFiltRecord> judged = step.apply(batch);
        for (CapFiltRecord record : judged) {
          listener.judged(shard, record);
          Optional<Sample.ImageText> kept = record.keptSample();
          if (kept.isPresent()) {
            writer.write(codec.encode(kept.get()));
          }
        }
        now = now.plus(judged);
      }
      writer.commit();
    }
    return Optional.of(now);
  }

  private List<Sample.ImageText> next(SampleSource source) throws IOException {
    List<Sample.ImageText> batch = new ArrayList<>();
    while (batch.size() < batchSize) {
      Optional<SampleSource.Located> located = source.next();
      if (located.isEmpty()) {
        break;
      }
      Sample.ImageText sample = located.get().sample();
      String place = located.get().shard().getFileName() + "#" + located.get().index();
      batch.add( // a place is no key: what is drawn must not depend on it
          sample.key().equals(place)
              ? new Sample.ImageText("", sample.image(), sample.texts(), sample.columns())
              : sample);
    }
    return batch;
  }
}
