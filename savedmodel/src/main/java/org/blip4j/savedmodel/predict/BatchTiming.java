package org.blip4j.savedmodel.predict;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

/** The clock and the threads of {@link DynamicBatching}, which tests replace. */
interface BatchTiming extends Executor {
  /** A time that never goes back. */
  long nanos();

  /** Runs a short action later, unless what is returned is run before. */
  Runnable after(long nanos, Runnable action);

  /** Lets the threads end. */
  void stop();

  /** The real time, threads that end when idle, and the timer thread that every JVM has. */
  static BatchTiming real(int threads) {
    ThreadPoolExecutor pool =
        new ThreadPoolExecutor(
            threads,
            threads,
            10,
            TimeUnit.SECONDS,
            new LinkedBlockingQueue<>(),
            task -> {
              Thread thread = new Thread(task, "batch runner");
              thread.setDaemon(true);
              return thread;
            });
    pool.allowCoreThreadTimeOut(true);
    return new Real(pool);
  }

  /** See {@link #real}. */
  record Real(ExecutorService threads) implements BatchTiming {
    @Override
    public void execute(Runnable task) {
      threads.execute(task);
    }

    @Override
    public long nanos() {
      return System.nanoTime();
    }

    @Override
    public Runnable after(long nanos, Runnable action) {
      CompletableFuture<Boolean> timer = new CompletableFuture<>();
      CompletableFuture<Void> unused =
          timer
              .completeOnTimeout(true, Math.max(0, nanos), TimeUnit.NANOSECONDS)
              .thenAccept(
                  fired -> {
                    if (fired) {
                      action.run();
                    }
                  });
      return () -> timer.complete(false);
    }

    @Override
    public void stop() {
      threads.shutdown();
    }
  }
}
