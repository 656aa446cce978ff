package org.blip4j.savedmodel.predict;

import com.google.common.base.Throwables;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Function;

/**
 * When a call ends before it is done.
 *
 * @param limit how long a call may take
 * @param outcome of the call where it has one; once that is done, nobody waits for the call any
 *     more
 */
record CallControl(Optional<Duration> limit, Optional<CompletableFuture<?>> outcome) {
  private static final Duration FOREVER = Duration.ofDays(365);

  /** Until it is done, or its thread is interrupted. */
  static final CallControl NONE = new CallControl(Optional.empty(), Optional.empty());

  /** A call that has begun. */
  Watch begin(String call, int rows) {
    return new Watch(this, call, rows, System.nanoTime());
  }

  /**
   * A call that has begun.
   *
   * @param rows of the whole call
   * @param began nanoseconds
   */
  record Watch(CallControl control, String call, int rows, long began) {
    /**
     * Computes a part in a thread of {@code threads} and waits for it. Who stops to wait leaves a
     * part to itself that has begun, and that is freed when it ends; one that has not never begins.
     *
     * @param done rows that are done
     * @throws CancellationException if the thread is interrupted, the time is over or the call is
     *     cancelled
     */
    <T> T await(ExecutorService threads, Callable<T> part, int done) {
      return await(limit -> threads.submit(part), done);
    }

    /** The same of something that is told how long it has. */
    <T> T await(Function<Duration, Future<T>> start, int done) {
      if (control.outcome().isPresent() && control.outcome().get().isDone()) {
        throw stopped("cancelled", done);
      }
      Future<T> future =
          start.apply(
              control.limit().isEmpty() ? FOREVER : Duration.ofNanos(left(control.limit().get())));
      if (control.outcome().isPresent()) {
        CompletableFuture<?> unused =
            control.outcome().get().whenComplete((made, e) -> future.cancel(false));
      }
      try {
        return control.limit().isEmpty()
            ? future.get()
            : future.get(left(control.limit().get()), TimeUnit.NANOSECONDS);
      } catch (InterruptedException e) {
        future.cancel(false);
        Thread.currentThread().interrupt();
        throw stopped("interrupted", done);
      } catch (TimeoutException e) {
        future.cancel(false);
        throw late(done);
      } catch (CancellationException e) {
        throw stopped("cancelled", done);
      } catch (ExecutionException e) {
        if (e.getCause() instanceof BatchRejectedException
            && control.limit().isPresent()
            && left(control.limit().get()) == 0) {
          throw late(done);
        }
        Throwables.throwIfUnchecked(e.getCause());
        throw new IllegalStateException(e.getCause());
      }
    }

    private long left(Duration limit) {
      return Math.max(0, limit.toNanos() - (System.nanoTime() - began));
    }

    private CancellationException late(int done) {
      return stopped("not done within " + control.limit().orElseThrow().toMillis() + " ms", done);
    }

    private CancellationException stopped(String why, int done) {
      return new CancellationException(
          "%s was %s, with %d of %d rows computed".formatted(call, why, done, rows));
    }
  }
}
