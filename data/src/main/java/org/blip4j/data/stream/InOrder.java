package org.blip4j.data.stream;

import com.google.common.base.Throwables;
import com.google.common.util.concurrent.Uninterruptibles;
import java.io.Closeable;
import java.io.IOException;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ThreadFactory;

/**
 * Pieces of work, several at once, whose results come in the order of the pieces.
 *
 * <p>A decoding loop leaves the processors idle between its many small operations; another batch
 * fills the gaps. The next piece is read while those before it are computed. The first one runs
 * alone, since a graph is made ready in its first run.
 *
 * @param <R> the result of a piece
 */
public final class InOrder<R> implements Closeable {

  /**
   * Where work comes from; asked from one thread.
   *
   * @param <R> the result of a piece
   */
  public interface Source<R> {
    /** The next piece; empty at the end. */
    Optional<Callable<R>> next() throws IOException;
  }

  private final Source<R> source;
  private final ExecutorService workers;
  private final BlockingQueue<Future<Optional<R>>> started;
  private final Thread feeder;
  private final Set<AutoCloseable> untaken =
      Collections.synchronizedSet(Collections.newSetFromMap(new IdentityHashMap<>()));

  /**
   * Starts.
   *
   * @param atOnce how many pieces are computed at once, at least 1
   */
  public InOrder(int atOnce, Source<R> source) {
    this.source = source;
    this.workers = Executors.newFixedThreadPool(atOnce, daemons("batch"));
    this.started = new ArrayBlockingQueue<>(atOnce);
    this.feeder = daemons("input reader").newThread(this::feed);
    feeder.start();
  }

  private static ThreadFactory daemons(String name) {
    return task -> {
      Thread thread = new Thread(task, name);
      thread.setDaemon(true);
      return thread;
    };
  }

  /**
   * The next result, from now on the caller's; empty at the end.
   *
   * @throws IOException if reading or computing failed so
   */
  public Optional<R> next() throws IOException {
    try {
      Optional<R> result = resultOf(started.take());
      result.ifPresent(untaken::remove);
      return result;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted", e);
    }
  }

  private void feed() {
    try {
      try {
        boolean first = true;
        for (var piece = source.next(); piece.isPresent(); piece = source.next()) {
          Callable<R> work = piece.get();
          Future<Optional<R>> future = workers.submit(() -> done(work.call()));
          started.put(future);
          if (first) {
            finish(future);
            first = false;
          }
        }
        started.put(CompletableFuture.completedFuture(Optional.empty()));
      } catch (IOException | RuntimeException | Error e) {
        started.put(CompletableFuture.failedFuture(e));
      }
    } catch (InterruptedException e) {
      // Closed by the consumer; there is nobody left to tell.
      Thread.currentThread().interrupt();
    }
  }

  private Optional<R> done(R result) {
    if (result instanceof AutoCloseable closeable) {
      untaken.add(closeable);
    }
    return Optional.of(result);
  }

  private static void finish(Future<?> future) throws InterruptedException {
    try {
      Object unused = future.get();
    } catch (ExecutionException e) {
      // The consumer of the result is told.
    }
  }

  /**
   * Waits for what is being computed, so that what it uses can be closed. What has not begun is
   * dropped; results that nobody took are closed, if they are {@link AutoCloseable}. The source may
   * still be being asked for a last time.
   */
  @Override
  public void close() {
    feeder.interrupt();
    workers.shutdown();
    started.forEach(future -> future.cancel(false));
    started.clear();
    Uninterruptibles.awaitTerminationUninterruptibly(workers);
    for (AutoCloseable result : List.copyOf(untaken)) {
      try {
        result.close();
      } catch (Exception e) {
        throw new IllegalStateException("a result that nobody took cannot be closed", e);
      }
    }
  }

  /**
   * Waits for the result of work on another thread, or throws what the work threw.
   *
   * @throws IOException if the work failed so, or this thread was interrupted
   */
  public static <T> T resultOf(Future<T> future) throws IOException {
    try {
      return future.get();
    } catch (ExecutionException e) {
      Throwables.throwIfInstanceOf(e.getCause(), IOException.class);
      Throwables.throwIfUnchecked(e.getCause());
      throw new IllegalStateException(e.getCause());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted", e);
    }
  }
}
