package org.blip4j.training.run;

import java.io.IOException;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;

/** Makes batches ready in a thread of its own, a bounded number ahead. */
final class Prefetch implements BatchSource {
  private static final long CLOSING_MILLIS = 10_000;

  private final BatchSource source;
  private final BlockingQueue<Ready> ready;
  private final Thread thread;
  private volatile boolean closed;

  private record Ready(TrainingBatch batch, Throwable failure) {}

  Prefetch(BatchSource source, int ahead) {
    this.source = source;
    this.ready = new ArrayBlockingQueue<>(ahead);
    this.thread = new Thread(this::produce, "blip-prefetch");
    thread.setDaemon(true);
    thread.start();
  }

  @Override
  public TrainingBatch next() throws IOException {
    try {
      Ready next = ready.take();
      if (next.failure() instanceof IOException e) {
        throw e;
      }
      if (next.failure() != null) {
        throw new IOException("preparing a batch failed: " + next.failure(), next.failure());
      }
      return next.batch();
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
    source.close();
  }

  private void produce() {
    try {
      while (!closed) {
        ready.put(new Ready(source.next(), null));
      }
    } catch (InterruptedException e) {
      // Closed by the consumer; there is nobody left to tell.
      Thread.currentThread().interrupt();
    } catch (IOException | RuntimeException | OutOfMemoryError e) {
      tell(e);
    }
  }

  private void tell(Throwable failure) {
    try {
      if (!closed) {
        ready.put(new Ready(null, failure));
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
