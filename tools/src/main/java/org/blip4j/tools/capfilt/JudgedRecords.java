package org.blip4j.tools.capfilt;

import java.io.BufferedReader;
import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.blip4j.data.pipeline.SampleSource;
import org.blip4j.data.pipeline.SourceOptions;
import org.blip4j.data.sample.Sample;
import org.blip4j.data.sample.SampleException;
import org.blip4j.data.stream.InOrder;
import org.blip4j.savedmodel.capfilt.CapFiltPicture;
import org.blip4j.savedmodel.capfilt.CapFiltPolicy;
import org.blip4j.savedmodel.capfilt.CapFiltRecord;
import org.blip4j.savedmodel.capfilt.CapFiltStep;
import org.blip4j.savedmodel.capfilt.CapFiltText;

/** The records of one shard in order, each with its judged texts. */
interface JudgedRecords extends Closeable {
  /** Opens the records of shards, by models or from scores that they left. */
  interface Opener {
    JudgedRecords open(CapFiltPlan.Shard shard) throws IOException;
  }

  /** The next record, or empty at the end of the shard. */
  Optional<CapFiltRecord> next() throws IOException;

  /** Shards to be judged by a step, in batches of which two are in work at once. */
  static Opener by(CapFiltStep step, int batchSize, SourceOptions options) {
    return shard ->
        new Judging(
            new ShardRecords(shard, SampleSource.Range.ALL, options),
            step,
            step.fullRuns(batchSize));
  }

  /** How long was worked on the shard before, in seconds. */
  default double secondsBefore() {
    return 0;
  }

  /** Shards with the scores that lie in {@code from}, decided anew by {@code plan}. */
  static Opener recorded(
      CapFiltFolder from, CapFiltPlan plan, WholeSet set, SourceOptions options) {
    return shard -> {
      Path file = from.scores(shard.name());
      double before = from.pairs() ? 0 : CapFiltStats.seconds(from, shard.name());
      return new Recorded(
          new ShardRecords(shard, SampleSource.Range.ALL, options),
          new Lines(Files.newBufferedReader(file), file.toString()),
          plan,
          set.of(shard.name()),
          before);
    };
  }

  /**
   * Scores, a line for each record.
   *
   * @param reader of the lines
   * @param name of the file, for messages
   */
  record Lines(BufferedReader reader, String name) {}

  /** Asks the step. */
  final class Judging implements JudgedRecords {
    private final CapFiltStep step;
    private final int batchSize;
    private final ShardRecords records;
    private final InOrder<List<CapFiltRecord>> batches;
    private final Deque<CapFiltRecord> judged = new ArrayDeque<>();
    private boolean ended;

    /**
     * Starts.
     *
     * @param records are closed with this
     * @param batchSize usable records asked about at once
     */
    Judging(ShardRecords records, CapFiltStep step, int batchSize) {
      this.step = step;
      this.batchSize = batchSize;
      this.records = records;
      this.batches = new InOrder<>(CapFiltCommand.AT_ONCE, this::nextBatch);
    }

    @Override
    public Optional<CapFiltRecord> next() throws IOException {
      while (judged.isEmpty() && !ended) {
        batches.next().ifPresentOrElse(judged::addAll, () -> ended = true);
      }
      return Optional.ofNullable(judged.poll());
    }

    @Override
    public void close() throws IOException {
      batches.close();
      synchronized (records) { // a batch may still be being read
        records.close();
      }
    }

    private Optional<Callable<List<CapFiltRecord>>> nextBatch() throws IOException {
      List<CapFiltRecord> batch = new ArrayList<>();
      synchronized (records) {
        int usable = 0;
        while (usable < batchSize) {
          Optional<CapFiltRecord> record = records.next();
          if (record.isEmpty()) {
            break;
          }
          batch.add(record.get());
          usable += record.get().usable() ? 1 : 0;
        }
      }
      return batch.isEmpty() ? Optional.empty() : Optional.of(() -> judge(batch));
    }

    private List<CapFiltRecord> judge(List<CapFiltRecord> batch) {
      List<Sample.ImageText> samples =
          batch.stream().map(CapFiltRecord::sample).flatMap(Optional::stream).toList();
      Deque<CapFiltRecord> done = new ArrayDeque<>(step.apply(samples));
      return batch.stream()
          .map(record -> record.usable() ? done.remove().withKey(record.key()) : record)
          .toList();
    }
  }

  /** Takes the judged texts from the scores of an earlier run. */
  final class Recorded implements JudgedRecords {
    private final Lines lines;
    private final ShardRecords records;
    private final CapFiltPolicy policy;
    private final WholeSet.OfShard set;
    private final double before;
    private long index;
    private int texts;

    /** Starts; no rules hold over the whole set. */
    Recorded(ShardRecords records, Lines lines, CapFiltPlan plan) {
      this(records, lines, plan, WholeSet.OfShard.ALL, 0);
    }

    /**
     * Starts.
     *
     * @param records are closed with this, as are the lines
     * @param set what the rules over the whole set leave
     * @param before seconds that the scores took, if that is to be told
     */
    Recorded(
        ShardRecords records, Lines lines, CapFiltPlan plan, WholeSet.OfShard set, double before) {
      this.lines = lines;
      this.records = records;
      this.policy = plan.settings().policy();
      this.set = set;
      this.before = before;
    }

    @Override
    public double secondsBefore() {
      return before;
    }

    @Override
    public Optional<CapFiltRecord> next() throws IOException {
      Optional<CapFiltRecord> next = records.next();
      String line = lines.reader().readLine();
      if (next.isEmpty() && line == null) {
        return Optional.empty();
      }
      if (next.isEmpty() || line == null) {
        throw unlike(next.isEmpty() ? "fewer records" : "more records");
      }
      CapFiltRecord record = next.get();
      ScoreLine scores = ScoreLine.parse(line, lines.name() + ", line " + (index + 1));
      if (scores.index() != index || !scores.key().equals(record.key())) {
        throw unlike("\"" + record.key() + "\" where \"" + scores.key() + "\" was");
      }
      index++;
      int earlier = texts;
      texts += scores.texts().size();
      return Optional.of(
          scores.readable() && record.usable()
              ? decided(record, scores, earlier)
              : CapFiltRecord.unusable(
                  record.key(), scores.readable() ? record.problem() : scores.reason()));
    }

    private CapFiltRecord decided(CapFiltRecord record, ScoreLine scores, int earlier) {
      CapFiltPicture picture;
      try {
        Optional<CapFiltPicture> known = scores.known(policy.rules());
        picture =
            known.isPresent()
                ? known.get()
                : CapFiltPicture.of(
                    record.sample().orElseThrow().image(),
                    policy.rules().repeats().uniquePictures());
      } catch (SampleException e) {
        return CapFiltRecord.unusable(record.key(), e.getMessage());
      }
      List<CapFiltText> decided = policy.decide(scores.texts(), Optional.of(picture));
      return record.withPicture(picture).withTexts(set.apply(earlier, decided));
    }

    @Override
    public void close() throws IOException {
      lines.reader().close();
      records.close();
    }

    private IOException unlike(String what) {
      return new IOException(
          "the shard has %s, compared with %s; name the shards that were scored with --data"
              .formatted(what, lines.name()));
    }
  }

  /**
   * The records of one shard in order; damaged ones are there, too. A sample without a key has
   * none, so that its seed does not depend on its place; its record is called by it.
   */
  final class ShardRecords implements Closeable {
    private final CapFiltPlan.Shard shard;
    private final SampleSource source;
    private final Deque<CapFiltRecord> waiting = new ArrayDeque<>();
    private long position;

    /** Opens a part of a shard; {@code options} say under which names its columns are found. */
    ShardRecords(CapFiltPlan.Shard shard, SampleSource.Range range, SourceOptions options) {
      this.shard = shard;
      this.position = range.first();
      this.source =
          SampleSource.open(
              shard.file(),
              range,
              options
                  .withCheckImages(false)
                  .withDamage(SourceOptions.DamagePolicy.skip(this::damaged)));
    }

    /** The next record, or empty at the end of the shard. */
    Optional<CapFiltRecord> next() throws IOException {
      if (waiting.isEmpty()) {
        source.next().ifPresent(this::sample);
      }
      return Optional.ofNullable(waiting.poll());
    }

    @Override
    public void close() throws IOException {
      source.close();
    }

    private void sample(SampleSource.Located located) {
      Sample.ImageText sample = located.sample();
      String place = located.shard().getFileName() + "#" + located.index();
      boolean unnamed = sample.key().equals(place);
      position++;
      waiting.add(
          CapFiltRecord.of(
              sample.key(),
              unnamed
                  ? new Sample.ImageText("", sample.image(), sample.texts(), sample.columns())
                  : sample));
    }

    private void damaged(SourceOptions.DamagePolicy.Damaged damaged) {
      String where = damaged.shard() + ": ";
      String reason =
          damaged.reason().startsWith(where)
              ? damaged.reason().substring(where.length())
              : damaged.reason();
      waiting.add(CapFiltRecord.unusable(shard.name() + "#" + position++, reason));
    }
  }
}
