package org.blip4j.tools.capfilt;

import com.google.common.base.Throwables;
import com.google.common.collect.ImmutableMap;
import com.google.common.collect.Maps;
import com.google.common.util.concurrent.Uninterruptibles;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.blip4j.data.file.AtomicFile;
import org.blip4j.savedmodel.capfilt.InputShard;
import org.blip4j.savedmodel.capfilt.RawRecord;
import org.blip4j.savedmodel.capfilt.ScoredRecord;
import org.blip4j.savedmodel.capfilt.ScoredRecords;

/**
 * One process's part in the work on a CapFilt output folder.
 *
 * <p>It claims shard after shard until all of its range are done, by itself or by others; shards of
 * processes that died are taken up again. Whoever finds every shard of the plan done writes {@code
 * stats.json}, then {@code _SUCCESS}.
 */
public final class CapFiltJob {
  /**
   * How this process works.
   *
   * @param workers shards worked on at once
   * @param lease after which a silent claim of another machine counts as abandoned
   * @param listener hears of progress
   */
  public record Work(int workers, Duration lease, CapFiltListener listener) {
    /** Refuses less than one worker. */
    public Work {
      if (workers < 1) {
        throw new IllegalArgumentException(workers + " workers do nothing; use 1 or more");
      }
    }

    /** One worker. */
    public static Work single(CapFiltListener listener) {
      return new Work(1, ShardLedger.LEASE, listener);
    }
  }

  private static final Duration PAUSE = Duration.ofMillis(200);

  private final CapFiltFolder folder;
  private final CapFiltPlan plan;
  private final Work work;
  private final ImmutableMap<String, InputShard> shards;

  /**
   * Joins the work on a folder, or begins it.
   *
   * @throws IllegalArgumentException if the folder was begun with another plan
   */
  public CapFiltJob(CapFiltFolder folder, CapFiltPlan plan, Work work) throws IOException {
    this.folder = folder;
    this.plan = plan;
    this.work = work;
    this.shards = Maps.uniqueIndex(plan.shards(), InputShard::name);
    folder.join(plan);
  }

  /** Whether the folder is complete. */
  boolean isFinished() {
    return folder.isFinished();
  }

  /** Works on all shards of the plan. */
  CapFiltStats run(ScoredRecords.Opener opener) throws IOException {
    return run(opener, plan.names());
  }

  /** Works on the shards of these names; the result counts them alone. */
  CapFiltStats run(ScoredRecords.Opener opener, List<String> names) throws IOException {
    if (!folder.isFinished()) {
      try (ShardLedger ledger = new ShardLedger(folder, names, work.lease())) {
        workAll(ledger, opener);
      }
      if (plan.names().stream().allMatch(folder::isDone)) {
        folder.sweep();
        count(plan.names()).write(folder.stats());
        folder.finish();
      }
    }
    return count(names);
  }

  private CapFiltStats count(List<String> names) throws IOException {
    double seconds = 0;
    for (String name : names) {
      seconds += Double.parseDouble(Files.readString(folder.mark(name)).strip());
    }
    return CapFiltStats.of(plan, names.size(), CapFiltTotals.of(folder, names), seconds);
  }

  private void workAll(ShardLedger ledger, ScoredRecords.Opener opener) throws IOException {
    ExecutorService pool = Executors.newFixedThreadPool(work.workers());
    try {
      List<Future<?>> futures = new ArrayList<>();
      for (int i = 0; i < work.workers(); i++) {
        futures.add(
            pool.submit(
                () -> {
                  workOn(ledger, opener);
                  return null;
                }));
      }
      for (Future<?> future : futures) {
        Uninterruptibles.getUninterruptibly(future);
      }
    } catch (ExecutionException e) {
      Throwables.throwIfInstanceOf(e.getCause(), IOException.class);
      Throwables.throwIfUnchecked(e.getCause());
      throw new IllegalStateException(e.getCause());
    } finally {
      pool.shutdownNow();
    }
  }

  private void workOn(ShardLedger ledger, ScoredRecords.Opener opener)
      throws IOException, InterruptedException {
    while (!ledger.allDone()) {
      Optional<ShardClaim> claim = ledger.claim();
      if (claim.isEmpty()) {
        Thread.sleep(PAUSE.toMillis());
        continue;
      }
      try {
        write(shards.get(claim.get().name()), opener);
      } catch (IOException e) {
        if (!folder.isDone(claim.get().name())) {
          throw e;
        } // else another process took this one for dead, finished first and cleared up
      } finally {
        ledger.release(claim.get());
      }
    }
  }

  private void write(InputShard shard, ScoredRecords.Opener opener)
      throws IOException, InterruptedException {
    long start = System.nanoTime();
    try (ScoredRecords records = opener.open(shard);
        ShardOutput output = new ShardOutput(folder, shard.name())) {
      Optional<ScoredRecord> next = records.next();
      while (next.isPresent()) {
        RawRecord record = next.get().record();
        output.write(record, plan.settings().policy().decide(next.get().texts()));
        if (record.sample().isEmpty()) {
          work.listener().unreadable(shard.name(), record.key(), record.problem());
        }
        if (Thread.interrupted()) {
          throw new InterruptedException();
        }
        next = records.next();
      }
      output.commit();
    }
    String seconds = Double.toString((System.nanoTime() - start) / 1e9);
    AtomicFile.write(folder.mark(shard.name()), seconds.getBytes(StandardCharsets.UTF_8));
    work.listener().shardDone(shard.name());
  }
}
