package org.blip4j.tools.capfilt;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import org.blip4j.data.file.AtomicFile;
import org.blip4j.data.sample.ExampleCodec;
import org.blip4j.data.sample.Sample;
import org.blip4j.data.tfrecord.TfRecordWriter;
import org.blip4j.savedmodel.capfilt.CapFiltRecord;

/**
 * What CapFilt makes of one shard: its kept pairs and all its scores, both under their names only
 * when they are whole; a folder may want the scores alone. Closed without {@link #commit}, it
 * leaves nothing.
 */
final class ShardOutput implements AutoCloseable {
  private final ExampleCodec codec = ExampleCodec.standard();
  private final Optional<TfRecordWriter> pairs;
  private final AtomicFile scores;
  private long written;

  private ShardOutput(Optional<TfRecordWriter> pairs, AtomicFile scores) {
    this.pairs = pairs;
    this.scores = scores;
  }

  /** Begins the files of a shard; older ones stay until {@link #commit}. */
  static ShardOutput create(CapFiltFolder folder, String name) throws IOException {
    AtomicFile scores = AtomicFile.create(folder.scores(name));
    try {
      TfRecordWriter.Options plain = TfRecordWriter.Options.plain().withOverwrite(true);
      return new ShardOutput(
          folder.pairs()
              ? Optional.of(TfRecordWriter.create(folder.shard(name), plain))
              : Optional.empty(),
          scores);
    } catch (IOException | RuntimeException e) {
      scores.close();
      throw e;
    }
  }

  /** Writes all that is left of a shard. */
  void writeAll(JudgedRecords records) throws IOException {
    for (var next = records.next(); next.isPresent(); next = records.next()) {
      write(next.get());
    }
  }

  /** Writes the next record: its scores, and its pairs if any are kept. */
  void write(CapFiltRecord record) throws IOException {
    String line = ScoreLine.of(written++, record).json() + "\n";
    scores.stream().write(line.getBytes(StandardCharsets.UTF_8));
    Optional<Sample.ImageText> kept = record.keptSample();
    if (pairs.isPresent() && kept.isPresent()) {
      pairs.get().write(codec.encode(kept.get()));
    }
  }

  /** Gives both files their names. */
  void commit() throws IOException {
    scores.commit();
    if (pairs.isPresent()) {
      pairs.get().commit();
    }
  }

  @Override
  public void close() throws IOException {
    try (scores) {
      if (pairs.isPresent()) {
        pairs.get().close();
      }
    }
  }
}
