package org.blip4j.tools.capfilt;

import com.google.common.base.Throwables;
import com.google.common.collect.ImmutableMap;
import com.google.common.collect.ImmutableSet;
import com.google.common.collect.Maps;
import com.google.common.collect.Sets;
import com.google.common.util.concurrent.Uninterruptibles;
import java.io.IOException;
import java.nio.file.Files;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.BooleanSupplier;
import org.blip4j.data.sample.ExampleCodec;
import org.blip4j.data.tfrecord.TfRecordException;
import org.blip4j.data.tfrecord.TfRecordReader;
import org.blip4j.savedmodel.capfilt.CapFiltRecord;

/**
 * One process's part in the work on a CapFilt output folder.
 *
 * <p>It claims shard after shard until all of its range are done, by itself or by others; shards of
 * processes that died are taken up again. Whoever finds every shard of the plan done writes {@code
 * stats.json}, then {@code _SUCCESS}.
 *
 * <p>The failure of one worker stops the others at their next record. {@link #run} returns when no
 * worker is at work any more, so that what they use can be closed.
 */
final class CapFiltJob {
  /**
   * How this process works.
   *
   * @param workers shards worked on at once
   * @param batchSize images read and judged at once by a worker, rounded up to full runs of the
   *     models; the result does not depend on it
   * @param lease after which a silent claim of another machine counts as abandoned
   * @param stop asked between records; true ends the work, to be gone on with later
   * @param listener hears of progress
   */
  record Work(
      int workers, int batchSize, Duration lease, BooleanSupplier stop, CapFiltListener listener) {
    /** Images at once where nobody says how many. */
    static final int BATCH = 32;

    /** Refuses less than one worker. */
    Work {
      if (workers < 1) {
        throw new IllegalArgumentException(workers + " workers do nothing; use 1 or more");
      }
      if (batchSize < 1) {
        throw new IllegalArgumentException("batch size " + batchSize + " is less than 1");
      }
    }

    /** The same with another listener. */
    Work withListener(CapFiltListener other) {
      return new Work(workers, batchSize, lease, stop, other);
    }

    /** One worker. */
    static Work single(CapFiltListener listener) {
      return new Work(1, BATCH, ShardLedger.LEASE, () -> false, listener);
    }
  }

  private static final Duration PAUSE = Duration.ofMillis(200);

  private final CapFiltFolder folder;
  private final CapFiltPlan plan;
  private final Work work;
  private final ExampleCodec codec;
  private final ImmutableMap<String, CapFiltPlan.Shard> shards;
  private volatile String stamp = "";
  private volatile boolean failed;
  private volatile Ahead ahead = new Ahead(Set.of());

  CapFiltJob(CapFiltFolder folder, CapFiltPlan plan, Work work) {
    this(folder, plan, work, ExampleCodec.standard());
  }

  /** A part in the work; {@code codec} says under which names columns are found. */
  CapFiltJob(CapFiltFolder folder, CapFiltPlan plan, Work work, ExampleCodec codec) {
    this.codec = codec;
    this.folder = folder;
    this.plan = plan;
    this.work = work;
    this.shards = Maps.uniqueIndex(plan.shards(), CapFiltPlan.Shard::name);
  }

  /** Works on all shards of the plan. */
  CapFiltStats run(JudgedRecords.Opener opener) throws IOException {
    return run(opener, plan.names());
  }

  /**
   * Joins the work on the folder, or begins it, and works on the shards of these names; the result
   * counts those of them that are done.
   *
   * @throws IllegalArgumentException if the folder was begun with another plan
   */
  CapFiltStats run(JudgedRecords.Opener opener, List<String> names) throws IOException {
    folder.join(plan);
    stamp = folder.planStamp();
    if (!folder.isFinished()) {
      try (ShardLedger ledger = new ShardLedger(folder, names, work.lease())) {
        ahead = new Ahead(Sets.difference(ImmutableSet.copyOf(names), folder.list().done()));
        workAll(ledger, opener);
      }
      if (folder.list().done().containsAll(plan.names())) {
        CapFiltStats all = CapFiltStats.finish(folder, plan, codec);
        if (names.equals(plan.names())) {
          return all;
        }
      }
    }
    return CapFiltStats.count(
        folder, plan, names.stream().filter(folder.list().done()::contains).toList());
  }

  private void workAll(ShardLedger ledger, JudgedRecords.Opener opener) throws IOException {
    ExecutorService pool = Executors.newFixedThreadPool(work.workers());
    List<Future<?>> futures = new ArrayList<>();
    for (int i = 0; i < work.workers(); i++) {
      futures.add(
          pool.submit(
              () -> {
                try {
                  workOn(ledger, opener);
                } catch (Throwable e) {
                  failed = true;
                  throw e;
                }
                return null;
              }));
    }
    pool.shutdown();
    Uninterruptibles.awaitTerminationUninterruptibly(pool);
    for (Future<?> future : futures) {
      try {
        Uninterruptibles.getUninterruptibly(future);
      } catch (ExecutionException e) {
        Throwables.throwIfInstanceOf(e.getCause(), IOException.class);
        Throwables.throwIfUnchecked(e.getCause());
        throw new IllegalStateException(e.getCause());
      }
    }
  }

  private boolean stopped() {
    return failed || work.stop().getAsBoolean();
  }

  private void workOn(ShardLedger ledger, JudgedRecords.Opener opener) throws IOException {
    while (!stopped()) {
      Optional<ShardLedger.Claim> claim = ledger.claim();
      if (claim.isEmpty()) {
        ahead.tell(ledger.done());
        if (ledger.allDone()) {
          return;
        }
        Uninterruptibles.sleepUninterruptibly(PAUSE);
        continue;
      }
      String name = claim.get().name();
      try {
        ahead.begin(shards.get(name));
        ahead.tell(ledger.done());
        write(shards.get(name), opener);
      } catch (IOException e) {
        if (!Files.exists(folder.mark(name))) {
          throw e;
        } // else another process took this one for dead, finished first and cleared up
      } finally {
        ledger.release(claim.get());
      }
    }
  }

  private void write(CapFiltPlan.Shard shard, JudgedRecords.Opener opener) throws IOException {
    long start = System.nanoTime();
    double before;
    try (JudgedRecords records = opener.open(shard);
        ShardOutput output = ShardOutput.create(folder, shard.name())) {
      for (var next = records.next(); next.isPresent(); next = records.next()) {
        if (stopped()) {
          return;
        }
        CapFiltRecord record = next.get();
        output.write(record);
        if (!record.usable()) {
          work.listener().unreadable(shard.name(), record.key(), record.problem());
        }
        work.listener().recordsDone(1);
      }
      output.commit();
      before = records.secondsBefore();
    }
    folder.requireSame(plan, stamp);
    folder.mark(shard.name(), before + (System.nanoTime() - start) / 1e9);
    work.listener().shardDone(shard.name());
  }

  /**
   * How many images are to be done from the start of this process, by whomever: the records of
   * shards that were begun here are counted, those of others are taken to be of the same size.
   */
  private final class Ahead {
    private final ImmutableSet<String> names;
    private final Set<String> begun = new HashSet<>();
    private long images;
    private long bytes;
    private long elsewhere;

    Ahead(Set<String> names) {
      this.names = ImmutableSet.copyOf(names);
    }

    /** A shard is begun here. */
    synchronized void begin(CapFiltPlan.Shard shard) throws IOException {
      if (begun.add(shard.name())) {
        images += records(shard);
        bytes += shard.bytes();
      }
    }

    /** Tells of the shards that are done, by whomever. */
    synchronized void tell(Set<String> done) {
      double imagesPerByte = (double) images / Math.max(1, bytes);
      Set<String> others = Sets.difference(names, begun);
      work.listener().ahead(images + Math.round(bytes(others) * imagesPerByte));
      long now = Math.round(bytes(Sets.intersection(others, done)) * imagesPerByte);
      work.listener().recordsDone(Math.max(0, now - elsewhere));
      elsewhere = Math.max(now, elsewhere);
    }

    private long bytes(Set<String> some) {
      return some.stream().mapToLong(name -> shards.get(name).bytes()).sum();
    }

    private static long records(CapFiltPlan.Shard shard) throws IOException {
      TfRecordReader.Access framing = TfRecordReader.Access.standard().sparing();
      long records = 0;
      try (TfRecordReader reader = TfRecordReader.open(shard.file(), framing)) {
        while (reader.skip()) {
          records++;
        }
      } catch (TfRecordException e) {
        return records; // what follows is damaged; whoever reads it is told
      }
      return records;
    }
  }
}
