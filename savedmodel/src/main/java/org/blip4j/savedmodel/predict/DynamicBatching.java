package org.blip4j.savedmodel.predict;

import static com.google.common.base.Preconditions.checkArgument;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.Lock;
import java.util.concurrent.locks.ReentrantLock;
import org.blip4j.savedmodel.predict.BatchRejectedException.Reason;

/**
 * Gathers rows that come one by one from many callers into batches, since a model computes sixteen
 * rows in far less time than sixteen times one.
 *
 * <p>A row that comes while nothing runs is run at once. Rows that come while a batch runs wait for
 * a full batch, for a free runner or for {@link Settings#maxWait}, whichever is first. Each batch
 * takes one row of each client in turn, so that nobody waits behind another one's long list. If a
 * batch fails, its rows are run one by one: only those that fail alone fail.
 *
 * <p>Futures are completed in the thread that ran the batch or noticed the deadline; what follows
 * them should be short or move to another thread. Threads end after ten idle seconds.
 *
 * <pre>{@code
 * try (var batching = DynamicBatching.start(Settings.of(16), (List<byte[]> images) -> ...)) {
 *   CompletableFuture<Caption> caption = batching.submit("client 7", image);
 * }
 * }</pre>
 *
 * @param <I> a row of inputs
 * @param <O> a row of outputs
 */
public final class DynamicBatching<I, O> implements AutoCloseable {
  /** Runs some rows together. */
  @FunctionalInterface
  public interface Batch<I, O> {
    /** Returns one output for each row, in the same order. */
    List<O> run(List<I> rows) throws Exception;
  }

  /**
   * Bounds.
   *
   * @param maxRows rows of a batch at most
   * @param maxWait how long a row waits at most for a fuller batch while others run and a runner is
   *     free, or while the clients of the batch that has just ended may come again
   * @param maxQueued rows that may wait; a task that does not fit is refused
   * @param runners batches that may run at the same time
   */
  public record Settings(int maxRows, Duration maxWait, int maxQueued, int runners) {
    /** Checks the bounds. */
    public Settings {
      checkArgument(maxRows >= 1, "maxRows is %s; it has to be at least 1", maxRows);
      checkArgument(!maxWait.isNegative(), "maxWait is %s; it has to be zero or more", maxWait);
      checkArgument(maxQueued >= 1, "maxQueued is %s; it has to be at least 1", maxQueued);
      checkArgument(runners >= 1, "runners is %s; it has to be at least 1", runners);
    }

    /** One runner, 2 ms, and a queue of 64 batches. */
    public static Settings of(int maxRows) {
      return new Settings(maxRows, Duration.ofMillis(2), Math.multiplyExact(maxRows, 64), 1);
    }
  }

  private static final Duration NO_LIMIT = Duration.ofDays(365);

  private final Settings settings;
  private final Batch<I, O> batch;
  private final BatchTiming timing;
  private final Lock lock = new ReentrantLock();
  private final Condition drained = lock.newCondition();
  private final FairQueue<I, O> queue = new FairQueue<>();
  private int running;
  private long ended; // the last batch, nanoseconds
  private int expected; // its rows if there were several: their clients may come again at once
  private boolean closed;
  private Runnable stopWaiting = DynamicBatching::nothing;

  /** Fails the rows that no thread could be had for. */
  private Runnable unstarted = DynamicBatching::nothing;

  DynamicBatching(Settings settings, Batch<I, O> batch, BatchTiming timing) {
    this.settings = Objects.requireNonNull(settings, "settings");
    this.batch = Objects.requireNonNull(batch, "batch");
    this.timing = timing;
  }

  /** Batching with threads of its own. */
  public static <I, O> DynamicBatching<I, O> start(Settings settings, Batch<I, O> batch) {
    return new DynamicBatching<>(settings, batch, BatchTiming.real(settings.runners()));
  }

  /** Queues one row without a deadline; see {@link #submit(Object, List, Duration)}. */
  public CompletableFuture<O> submit(Object client, I row) {
    return FairQueue.only(submit(client, List.of(row), NO_LIMIT));
  }

  /**
   * Queues the rows of one call, which may be run in several batches. Cancelling the future takes
   * back those that wait.
   *
   * @param client whose turn it is: rows of different clients alternate
   * @param limit the time that the whole task may take; a year is for ever
   * @return the outputs in the order of the rows; fails with what a row failed with, or with {@link
   *     BatchRejectedException}
   */
  public CompletableFuture<List<O>> submit(Object client, List<I> rows, Duration limit) {
    FairQueue.Task<O> task = new FairQueue.Task<>(client, rows.size());
    CompletableFuture<List<O>> future = task.future();
    if (rows.isEmpty()) {
      future.complete(List.of());
      return future;
    }
    lock.lock();
    try {
      if (closed) {
        task.refuse(Reason.CLOSED, "closed; it takes no more rows");
        return future;
      }
      if (queue.size() + rows.size() > settings.maxQueued()) {
        task.refuse(
            Reason.QUEUE_FULL,
            "%d rows wait and %d more do not fit into the queue of %d; try again later"
                .formatted(queue.size(), rows.size(), settings.maxQueued()));
        return future;
      }
      if (limit.compareTo(NO_LIMIT) < 0) {
        Runnable inTime = timing.after(limit.toNanos(), () -> task.late(limit));
        FairQueue.whenDone(future, (outputs, failure) -> inTime.run());
      }
      queue.add(task, rows, timing.nanos());
      startRunners();
    } finally {
      unlock();
    }
    FairQueue.whenDone(
        future,
        (outputs, failure) -> {
          if (failure != null) {
            takeBack(task);
          }
        });
    return future;
  }

  /** How many rows wait. */
  public int queued() {
    lock.lock();
    try {
      return queue.size();
    } finally {
      lock.unlock();
    }
  }

  /** Takes no more rows and waits until all that were taken are done. */
  @Override
  public void close() {
    lock.lock();
    try {
      closed = true;
      while (queue.size() + running > 0) {
        drained.awaitUninterruptibly();
      }
    } finally {
      lock.unlock();
    }
    timing.stop();
  }

  private void takeBack(FairQueue.Task<O> task) {
    lock.lock();
    try {
      queue.remove(task);
      signalIfDrained();
    } finally {
      lock.unlock();
    }
  }

  private void signalIfDrained() {
    if (queue.size() + running == 0) {
      drained.signalAll();
    }
  }

  /** Starts what may start, and looks again when a row has waited long enough. */
  private void startRunners() {
    while (running < settings.runners() && ready()) {
      List<FairQueue.Row<I, O>> rows = take();
      try {
        timing.execute(() -> runFrom(rows));
      } catch (Throwable e) {
        running--;
        Runnable before = unstarted;
        unstarted =
            () -> {
              before.run();
              FairQueue.fail(rows, e);
            };
      }
    }
    stopWaiting.run();
    if (queue.size() > 0 && running < settings.runners()) {
      long left = settings.maxWait().toNanos() - waited();
      try {
        stopWaiting = timing.after(left, this::waitedEnough);
      } catch (Throwable e) {
        stopWaiting = DynamicBatching::nothing; // a batch runs, and looks again at its end
      }
    }
  }

  private static void nothing() {}

  private void unlock() {
    Runnable failing = unstarted;
    unstarted = DynamicBatching::nothing;
    lock.unlock();
    failing.run(); // what follows a future must not have the lock
  }

  private void waitedEnough() {
    lock.lock();
    try {
      startRunners();
      signalIfDrained();
    } finally {
      unlock();
    }
  }

  private boolean ready() {
    return queue.size() >= settings.maxRows()
        || (queue.size() > 0
            && ((running == 0 && queue.size() >= expected)
                || waited() >= settings.maxWait().toNanos()));
  }

  private long waited() {
    return timing.nanos() - (running == 0 ? ended : queue.oldest());
  }

  private List<FairQueue.Row<I, O>> take() {
    List<FairQueue.Row<I, O>> rows = queue.take(settings.maxRows());
    running++;
    expected = 0;
    return rows;
  }

  private void runFrom(List<FairQueue.Row<I, O>> first) {
    List<FairQueue.Row<I, O>> rows = first;
    while (rows != null) {
      try {
        run(rows.stream().filter(row -> !row.task().future().isDone()).toList());
      } catch (Throwable e) { // out of memory outside the batch, say
        FairQueue.fail(rows, e);
      }
      lock.lock();
      try {
        running--;
        ended = timing.nanos();
        expected = rows.size() > 1 ? rows.size() : 0;
        rows = ready() ? take() : null;
        startRunners();
        signalIfDrained();
      } finally {
        unlock();
      }
    }
  }

  private void run(List<FairQueue.Row<I, O>> rows) {
    if (rows.isEmpty()) {
      return;
    }
    List<O> outputs;
    try {
      outputs = new ArrayList<>(batch.run(rows.stream().map(FairQueue.Row::input).toList()));
      if (outputs.size() != rows.size()) {
        throw new IllegalStateException(
            "the batch gave %d outputs for %d rows".formatted(outputs.size(), rows.size()));
      }
    } catch (Throwable e) {
      if (rows.size() == 1) {
        FairQueue.fail(rows, e);
      } else {
        rows.forEach(row -> run(List.of(row)));
      }
      return;
    }
    for (int i = 0; i < outputs.size(); i++) {
      rows.get(i).done(outputs.get(i));
    }
  }
}
