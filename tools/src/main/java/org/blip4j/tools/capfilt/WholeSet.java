package org.blip4j.tools.capfilt;

import com.google.common.collect.ImmutableList;
import java.io.BufferedReader;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.blip4j.data.pipeline.SampleSource;
import org.blip4j.data.pipeline.SourceOptions;
import org.blip4j.data.sample.SampleException;
import org.blip4j.savedmodel.capfilt.CapFiltPicture;
import org.blip4j.savedmodel.capfilt.CapFiltPolicy;
import org.blip4j.savedmodel.capfilt.CapFiltRecord;
import org.blip4j.savedmodel.capfilt.CapFiltRepeats;
import org.blip4j.savedmodel.capfilt.CapFiltText;

/**
 * What the rules over the whole set leave out, found by reading all scores in the order of the
 * plan's shards and of the records in them ({@link CapFiltRepeats}). Every process finds the same.
 * A byte is held for each text of the set.
 */
final class WholeSet {
  private static final ImmutableList<CapFiltText.Dropped> REASONS =
      ImmutableList.of(
          CapFiltText.Dropped.SAME_PICTURE,
          CapFiltText.Dropped.SAME_TEXT,
          CapFiltText.Dropped.TOO_OFTEN);

  private final Map<String, byte[]> dropped = new HashMap<>(); // 0, or 1 + place of the reason

  private WholeSet() {}

  /**
   * Reads all scores; at once if there are no such rules.
   *
   * @param from scores of all shards of the plan
   * @param plan says by which policy is decided
   * @param source reads pictures where the scores, of an older version, do not say enough of them
   */
  static WholeSet of(CapFiltFolder from, CapFiltPlan plan, SourceOptions source)
      throws IOException {
    WholeSet set = new WholeSet();
    CapFiltPolicy policy = plan.settings().policy();
    if (policy.rules().repeats().none()) {
      return set;
    }
    CapFiltRepeats repeats = new CapFiltRepeats(policy.rules().repeats());
    if (repeats.counts()) {
      for (CapFiltPlan.Shard shard : plan.shards()) {
        try (Lines lines = new Lines(from, shard, policy, source)) {
          while (lines.next()) {
            repeats.count(lines.decided);
          }
        }
      }
    }
    for (CapFiltPlan.Shard shard : plan.shards()) {
      ByteArrayOutputStream reasons = new ByteArrayOutputStream();
      try (Lines lines = new Lines(from, shard, policy, source)) {
        while (lines.next()) {
          List<CapFiltText> left = repeats.apply(lines.picture, lines.decided);
          for (int i = 0; i < left.size(); i++) {
            boolean lost = lines.decided.get(i).kept() && !left.get(i).kept();
            reasons.write(lost ? 1 + REASONS.indexOf(left.get(i).dropped()) : 0);
          }
        }
      }
      set.dropped.put(shard.name(), reasons.toByteArray());
    }
    return set;
  }

  /** What the rules leave of a shard. */
  interface OfShard {
    /** All. */
    OfShard ALL = (before, decided) -> decided;

    /**
     * Takes out what the rules leave out.
     *
     * @param before texts of the shard's earlier records
     * @param decided texts of the next record
     */
    List<CapFiltText> apply(int before, List<CapFiltText> decided);
  }

  /** What is left of a shard. */
  OfShard of(String shard) {
    byte[] reasons = dropped.get(shard);
    return reasons == null
        ? OfShard.ALL
        : (before, decided) -> {
          ImmutableList.Builder<CapFiltText> left = ImmutableList.builder();
          for (int i = 0; i < decided.size(); i++) {
            int reason = reasons[before + i];
            left.add(
                reason == 0 ? decided.get(i) : decided.get(i).asDropped(REASONS.get(reason - 1)));
          }
          return left.build();
        };
  }

  /** The scores of a shard, decided by themselves. */
  private static final class Lines implements AutoCloseable {
    private final CapFiltPlan.Shard shard;
    private final CapFiltPolicy policy;
    private final SourceOptions source;
    private final Path file;
    private final BufferedReader lines;
    private int read;
    private JudgedRecords.ShardRecords records;
    private long recordsRead;
    private Optional<CapFiltPicture> picture = Optional.empty();
    private List<CapFiltText> decided = List.of();

    Lines(CapFiltFolder from, CapFiltPlan.Shard shard, CapFiltPolicy policy, SourceOptions source)
        throws IOException {
      this.shard = shard;
      this.policy = policy;
      this.source = source;
      this.file = from.scores(shard.name());
      this.lines = Files.newBufferedReader(file);
    }

    /** Goes to the next line; false at the end. An unreadable record has no texts. */
    boolean next() throws IOException {
      String text = lines.readLine();
      if (text == null) {
        return false;
      }
      ScoreLine line = ScoreLine.parse(text, file + ", line " + ++read);
      picture = line.readable() ? picture(line) : Optional.empty();
      decided = line.readable() ? policy.decide(line.texts(), picture) : line.texts();
      return true;
    }

    private Optional<CapFiltPicture> picture(ScoreLine line) throws IOException {
      Optional<CapFiltPicture> known = line.known(policy.rules());
      boolean asked = !policy.rules().picture().none() || policy.rules().repeats().uniquePictures();
      return known.isPresent() || !asked ? known : Optional.of(read(line.index()));
    }

    private CapFiltPicture read(long index) throws IOException {
      if (records == null) {
        records = new JudgedRecords.ShardRecords(shard, SampleSource.Range.ALL, source);
      }
      Optional<CapFiltRecord> record = Optional.empty();
      while (recordsRead <= index) {
        record = records.next();
        recordsRead++;
      }
      try {
        return CapFiltPicture.of(
            record.flatMap(CapFiltRecord::sample).orElseThrow().image(),
            policy.rules().repeats().uniquePictures());
      } catch (SampleException | RuntimeException e) {
        throw new IOException(
            "%s: record %d is not the one that was scored; name the shards with --data"
                .formatted(shard.path(), index),
            e);
      }
    }

    @Override
    public void close() throws IOException {
      try (lines) {
        if (records != null) {
          records.close();
        }
      }
    }
  }
}
