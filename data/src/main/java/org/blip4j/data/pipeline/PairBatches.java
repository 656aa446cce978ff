package org.blip4j.data.pipeline;

import java.io.Closeable;
import java.io.IOException;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;

/**
 * Batches as training takes them, made ready by a thread of its own.
 *
 * <p>The stream has no end: after an epoch's last full batch comes the next epoch's first. One
 * consumer; closing stops the thread.
 */
public final class PairBatches implements Closeable {
  private static final long CLOSING_MILLIS = 10_000;

  private final BatchStream stream;
  private final BlockingQueue<Ready> ready;
  private final Thread thread;
  private volatile boolean closed;
  private IOException failure;

  /** A batch, or why there is none and no further. */
  private record Ready(PairBatch batch, Throwable failure) {}

  PairBatches(BatchStream stream, int prefetch) {
    this.stream = stream;
    this.ready = new ArrayBlockingQueue<>(prefetch);
    this.thread = new Thread(this::produce, "blip-batches");
    thread.setDaemon(true);
    thread.start();
  }

  /**
   * The next batch.
   *
   * @throws IOException if the data are damaged and the policy is to raise, or if they hold less
   *     than a batch; every later call fails alike
   */
  public PairBatch next() throws IOException {
    if (closed) {
      throw new IllegalStateException("the batches are closed");
    }
    if (failure != null) {
      throw failure;
    }
    try {
      Ready next = ready.take();
      if (next.failure() == null) {
        return next.batch();
      }
      failure =
          next.failure() instanceof IOException e
              ? e
              : new IOException("reading the data failed: " + next.failure(), next.failure());
      throw failure;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted while waiting for data", e);
    }
  }

  @Override
  public void close() throws IOException {
    closed = true;
    thread.interrupt();
    try {
      thread.join(CLOSING_MILLIS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void produce() {
    try (stream) {
      while (!closed) {
        ready.put(new Ready(stream.next(), null));
      }
    } catch (InterruptedException e) {
      // Closed by the consumer; there is nobody left to tell.
      Thread.currentThread().interrupt();
    } catch (IOException | RuntimeException | OutOfMemoryError e) {
      report(e);
    }
  }

  private void report(Throwable e) {
    try {
      if (!closed) {
        ready.put(new Ready(null, e));
      }
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
