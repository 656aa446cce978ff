package org.blip4j.tools.capfilt;

import com.google.common.primitives.Floats;
import java.io.Closeable;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;
import org.blip4j.data.file.AtomicFile;
import org.blip4j.data.sample.Columns;
import org.blip4j.data.sample.ExampleCodec;
import org.blip4j.data.sample.Sample;
import org.blip4j.data.tfrecord.TfRecordWriter;
import org.blip4j.savedmodel.capfilt.MatchScore;
import org.blip4j.savedmodel.capfilt.RawRecord;
import org.blip4j.savedmodel.capfilt.ScoredText;
import org.blip4j.savedmodel.capfilt.TextDecision;
import org.blip4j.savedmodel.capfilt.TextSource;

/**
 * Writes what CapFilt makes of one shard: its kept pairs and all its scores, both under their names
 * only when they are whole.
 *
 * <p>A kept image is one record: {@code txt} its best kept text, {@code captions} all kept ones
 * with their {@code source}; {@code web_caption} and {@code synthetic_caption} all judged ones with
 * their scores {@code itm_web} and {@code itm_synthetic}; and every column that came in.
 */
final class ShardOutput implements Closeable {
  private final ExampleCodec codec = ExampleCodec.standard();
  private final TfRecordWriter pairs;
  private final AtomicFile scores;

  ShardOutput(CapFiltFolder folder, String name) throws IOException {
    scores = AtomicFile.create(folder.scores(name));
    try {
      pairs =
          TfRecordWriter.create(
              folder.shard(name), TfRecordWriter.Options.plain().withOverwrite(true));
    } catch (IOException e) {
      scores.close();
      throw e;
    }
  }

  void write(RawRecord record, List<TextDecision> decisions) throws IOException {
    String line = ScoreLine.of(record, decisions).json() + "\n";
    scores.stream().write(line.getBytes(StandardCharsets.UTF_8));
    List<ScoredText> kept =
        decisions.stream().filter(TextDecision::kept).map(TextDecision::text).toList();
    if (record.sample().isPresent() && !kept.isEmpty()) {
      pairs.write(codec.encode(keptSample(record.sample().get(), decisions, kept)));
    }
  }

  void commit() throws IOException {
    scores.commit();
    pairs.commit();
  }

  @Override
  public void close() throws IOException {
    try (scores) {
      pairs.close();
    }
  }

  private static Sample.ImageText keptSample(
      Sample.ImageText sample, List<TextDecision> decisions, List<ScoredText> kept) {
    List<ScoredText> all = decisions.stream().map(TextDecision::text).toList();
    Columns columns =
        sample
            .columns()
            .withTexts("captions", texts(kept))
            .withTexts("source", kept.stream().map(text -> text.source().word()).toList());
    columns = with(columns, of(TextSource.WEB, all), "web_caption", "itm_web");
    columns = with(columns, of(TextSource.SYNTHETIC, all), "synthetic_caption", "itm_synthetic");
    return sample.withTexts(List.of(best(kept).text())).withColumns(columns);
  }

  private static Columns with(
      Columns columns, List<ScoredText> all, String texts, String probabilities) {
    if (all.isEmpty()) {
      return columns;
    }
    List<Float> scores =
        all.stream()
            .map(ScoredText::score)
            .flatMap(Optional::stream)
            .map(MatchScore::itmProbability)
            .toList();
    Columns named = columns.withTexts(texts, texts(all));
    return scores.isEmpty() ? named : named.withFloats(probabilities, Floats.toArray(scores));
  }

  private static List<ScoredText> of(TextSource source, List<ScoredText> all) {
    return all.stream().filter(text -> text.source() == source).toList();
  }

  private static List<String> texts(List<ScoredText> all) {
    return all.stream().map(ScoredText::text).toList();
  }

  /** The text of the highest match probability; the first, of equal ones or without a filter. */
  private static ScoredText best(List<ScoredText> kept) {
    ScoredText best = kept.get(0);
    for (ScoredText text : kept) {
      if (probability(text) > probability(best)) {
        best = text;
      }
    }
    return best;
  }

  private static float probability(ScoredText text) {
    return text.score().map(MatchScore::itmProbability).orElse(0f);
  }
}
