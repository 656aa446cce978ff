package org.blip4j.tools.capfilt;

import com.google.common.base.Stopwatch;
import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableSet;
import com.google.common.collect.Ordering;
import com.google.common.collect.Sets;
import com.google.common.hash.Hashing;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.Serializable;
import java.io.StringReader;
import java.nio.file.Files;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.blip4j.data.pipeline.SampleSource;
import org.blip4j.data.pipeline.SourceOptions;
import org.blip4j.data.sample.ExampleCodec;
import org.blip4j.data.tfrecord.TfRecordException;
import org.blip4j.data.tfrecord.TfRecordReader;
import org.blip4j.savedmodel.capfilt.CapFiltRecord;
import org.blip4j.savedmodel.capfilt.CapFiltStep;

/**
 * The work on a CapFilt output folder in pieces, for engines that hand out the work themselves: one
 * process begins, any number score blocks of records and write shards, one ends.
 *
 * <p>No claims are made. Every piece may be done again, and by two at once: it gives the same bytes
 * and the same mark. The folder is that of {@link CapFilt}, so what an engine began, the command
 * can go on with, and the other way round. All processes must see the folder and the shards under
 * the same paths.
 *
 * <pre>{@code
 * CapFiltBlocks work = CapFiltBlocks.begin(folder, plan, codec, false);
 * for (CapFiltPlan.Shard shard : work.open(plan.names())) {
 *   List<CapFiltBlocks.Scores> scores = new ArrayList<>();
 *   for (CapFiltBlocks.Block block : work.blocks(shard, 1024)) {
 *     scores.add(work.score(block, step, 32));
 *   }
 *   work.write(shard, scores);
 * }
 * work.finish();
 * }</pre>
 */
public final class CapFiltBlocks {
  /**
   * Records of one shard that follow each other.
   *
   * @param shard they are of
   * @param offset where the first begins
   * @param first its number in the shard, from 0
   * @param end number of the record after the last; {@link Long#MAX_VALUE} for all to the end
   */
  public record Block(CapFiltPlan.Shard shard, long offset, long first, long end)
      implements Serializable {}

  /**
   * What became of a block, without images.
   *
   * @param first number of its first record in the shard
   * @param records how many there are
   * @param unreadable how many of them could not be used
   * @param seconds that they took
   * @param lines the lines of {@code scores/NAME.jsonl}, each with its end
   */
  public record Scores(long first, long records, long unreadable, double seconds, String lines)
      implements Serializable {}

  private final CapFiltFolder folder;
  private final CapFiltPlan plan;
  private final String stamp;
  private final SourceOptions source;

  private CapFiltBlocks(CapFiltFolder folder, CapFiltPlan plan, String stamp, ExampleCodec codec) {
    this.folder = folder;
    this.plan = plan;
    this.stamp = stamp;
    this.source = SourceOptions.strict().withCodec(codec);
  }

  /**
   * Begins the work on a folder, or goes on with it.
   *
   * @param codec column names of the input
   * @param overwrite whether what an earlier run left in the folder is removed first
   * @throws IllegalArgumentException if the folder was begun with another plan, or if what stays of
   *     a shard depends on others
   */
  public static CapFiltBlocks begin(
      CapFiltFolder folder, CapFiltPlan plan, ExampleCodec codec, boolean overwrite)
      throws IOException {
    if (!plan.settings().policy().rules().repeats().none()) {
      throw new IllegalArgumentException(
          "rules over the whole set (--unique-pictures, --unique-texts, --most-equal) are decided"
              + " when all is scored; leave them out, then give them to capfilt rethreshold");
    }
    if (overwrite) {
      folder.clear();
    }
    folder.join(plan);
    return new CapFiltBlocks(folder, plan, folder.planStamp(), codec);
  }

  /**
   * Takes part in work that another process has begun.
   *
   * @param fingerprint what that one's {@link #fingerprint} is
   * @throws IOException if the folder is not to be seen from here, or was begun anew meanwhile
   */
  public static CapFiltBlocks join(CapFiltFolder folder, String fingerprint, ExampleCodec codec)
      throws IOException {
    if (!Files.exists(folder.plan())) {
      throw new IOException(
          folder.plan()
              + " is not there; --out must be a folder that all workers share under one path");
    }
    String stamp = folder.planStamp();
    CapFiltBlocks joined = new CapFiltBlocks(folder, folder.readPlan(), stamp, codec);
    if (!joined.fingerprint().equals(fingerprint)) {
      throw new IOException(folder.path() + " was begun anew by another process; this one ends");
    }
    return joined;
  }

  /** Tells the folder's plan from others. */
  public String fingerprint() throws IOException {
    return Hashing.sha256().hashBytes(Files.readAllBytes(folder.plan())).toString();
  }

  /** What the folder is made of. */
  public CapFiltPlan plan() {
    return plan;
  }

  /** The shards of these names that are not done. */
  public ImmutableList<CapFiltPlan.Shard> open(List<String> names) throws IOException {
    Set<String> open = Sets.difference(ImmutableSet.copyOf(names), folder.list().done());
    return plan.shards().stream()
        .filter(shard -> open.contains(shard.name()))
        .collect(ImmutableList.toImmutableList());
  }

  /**
   * Parts a shard into blocks; only the headers of its records are read. A compressed shard, which
   * cannot be entered in the middle, is one block; so is an empty one. What follows damage that
   * hides the next record is left to the last block.
   *
   * @param records of a block, a multiple of a batch
   */
  public ImmutableList<Block> blocks(CapFiltPlan.Shard shard, int records) throws IOException {
    ImmutableList.Builder<Block> blocks = ImmutableList.builder();
    Block last = new Block(shard, 0, 0, Long.MAX_VALUE);
    TfRecordReader.Access headers = TfRecordReader.Access.standard().sparing();
    try (TfRecordReader reader = TfRecordReader.open(shard.file(), headers)) {
      long index = 0;
      while (reader.isPlain() && reader.skip()) {
        if (index > last.first() && index % records == 0) {
          blocks.add(new Block(shard, last.offset(), last.first(), index));
          last = new Block(shard, reader.offset(), index, Long.MAX_VALUE);
        }
        index++;
      }
    } catch (TfRecordException e) {
      return blocks.add(last).build(); // whoever reads the last block is told
    }
    return blocks.add(last).build();
  }

  /**
   * Judges the records of a block.
   *
   * @param step over the plan's models, with the plan's settings
   * @param batchSize as {@link CapFiltJob.Work} has it
   */
  public Scores score(Block block, CapFiltStep step, int batchSize) throws IOException {
    Stopwatch watch = Stopwatch.createStarted();
    SampleSource.Range range = new SampleSource.Range(block.offset(), block.first(), block.end());
    StringBuilder lines = new StringBuilder();
    long index = block.first();
    long unreadable = 0;
    try (JudgedRecords records =
        new JudgedRecords.Judging(
            new JudgedRecords.ShardRecords(block.shard(), range, source),
            step,
            step.fullRuns(batchSize))) {
      for (var next = records.next(); next.isPresent(); next = records.next()) {
        CapFiltRecord record = next.get();
        lines.append(ScoreLine.of(index++, record).json()).append('\n');
        unreadable += record.usable() ? 0 : 1;
      }
    }
    return new Scores(
        block.first(), index - block.first(), unreadable, seconds(watch), lines.toString());
  }

  /**
   * Writes a shard and its scores from those of all its blocks, in any order, and marks it as done;
   * the records are read again.
   *
   * @throws IllegalStateException if scores are missing
   */
  public void write(CapFiltPlan.Shard shard, Iterable<Scores> scores) throws IOException {
    Stopwatch watch = Stopwatch.createStarted();
    List<Scores> parts = Ordering.from(Comparator.comparingLong(Scores::first)).sortedCopy(scores);
    long index = 0;
    for (Scores part : parts) {
      if (part.first() != index) {
        throw new IllegalStateException(
            "shard %s has scores of records %d and on where %d was expected"
                .formatted(shard.name(), part.first(), index));
      }
      index += part.records();
    }
    String lines = parts.stream().map(Scores::lines).collect(Collectors.joining());
    JudgedRecords records =
        new JudgedRecords.Recorded(
            new JudgedRecords.ShardRecords(shard, SampleSource.Range.ALL, source),
            new JudgedRecords.Lines(
                new BufferedReader(new StringReader(lines)), "the scores of " + shard.name()),
            plan);
    double before = parts.stream().mapToDouble(Scores::seconds).sum();
    write(shard, records, before, watch);
  }

  /** Judges and writes a whole shard in one go, and marks it as done. */
  public void write(CapFiltPlan.Shard shard, CapFiltStep step, int batchSize) throws IOException {
    Stopwatch watch = Stopwatch.createStarted();
    write(shard, JudgedRecords.by(step, batchSize, source).open(shard), 0, watch);
  }

  private void write(
      CapFiltPlan.Shard shard, JudgedRecords judged, double secondsBefore, Stopwatch watch)
      throws IOException {
    try (JudgedRecords records = judged;
        ShardOutput output = ShardOutput.create(folder, shard.name())) {
      output.writeAll(records);
      output.commit();
    }
    folder.requireSame(plan, stamp);
    folder.mark(shard.name(), secondsBefore + seconds(watch));
  }

  /**
   * Writes {@code stats.json}, then {@code _SUCCESS}, if all shards are done.
   *
   * @return the totals, or empty if shards are missing
   */
  public Optional<CapFiltStats> finish() throws IOException {
    return folder.list().done().containsAll(plan.names())
        ? Optional.of(CapFiltStats.finish(folder, plan, source.codec()))
        : Optional.empty();
  }

  /** Counts those of the shards of these names that are done. */
  public CapFiltStats stats(List<String> names) throws IOException {
    Set<String> done = folder.list().done();
    return CapFiltStats.count(folder, plan, names.stream().filter(done::contains).toList());
  }

  private static double seconds(Stopwatch watch) {
    return watch.elapsed(TimeUnit.MICROSECONDS) / 1e6;
  }
}
