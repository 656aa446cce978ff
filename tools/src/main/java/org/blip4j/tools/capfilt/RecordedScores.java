package org.blip4j.tools.capfilt;

import com.google.common.collect.ImmutableList;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.blip4j.data.pipeline.SourceOptions;
import org.blip4j.savedmodel.capfilt.InputShard;
import org.blip4j.savedmodel.capfilt.RawRecord;
import org.blip4j.savedmodel.capfilt.ScoredRecord;
import org.blip4j.savedmodel.capfilt.ScoredRecords;
import org.blip4j.savedmodel.capfilt.ScoredText;
import org.blip4j.savedmodel.capfilt.ShardRecords;

/** Takes the judged texts of a shard from the scores of an earlier run. */
final class RecordedScores implements ScoredRecords {
  private final Path file;
  private final BufferedReader lines;
  private final ShardRecords records;

  private RecordedScores(InputShard shard, Path file, SourceOptions options) throws IOException {
    this.file = file;
    this.lines = Files.newBufferedReader(file);
    this.records = new ShardRecords(shard, options);
  }

  /** Opens shards with the scores that lie in {@code from}. */
  static Opener opener(CapFiltFolder from, SourceOptions options) {
    return shard -> new RecordedScores(shard, from.scores(shard.name()), options);
  }

  @Override
  public Optional<ScoredRecord> next() throws IOException {
    Optional<RawRecord> record = records.next();
    String line = lines.readLine();
    if (record.isEmpty() && line == null) {
      return Optional.empty();
    }
    if (record.isEmpty() || line == null) {
      throw unlike(record.isEmpty() ? "fewer records" : "more records");
    }
    RawRecord raw = record.get();
    ScoreLine scores = ScoreLine.parse(line, file + ", line " + (raw.index() + 1));
    if (scores.index() != raw.index() || !scores.key().equals(raw.key())) {
      throw unlike("\"" + raw.key() + "\" where \"" + scores.key() + "\" was");
    }
    ImmutableList<ScoredText> texts = scores.scoredTexts();
    return Optional.of((scores.readable() ? raw : raw.unusable(scores.reason())).scored(texts));
  }

  @Override
  public void close() throws IOException {
    lines.close();
    records.close();
  }

  private IOException unlike(String what) {
    return new IOException(
        "the shard has %s, compared with %s; name the shards that were scored with --data"
            .formatted(what, file));
  }
}
