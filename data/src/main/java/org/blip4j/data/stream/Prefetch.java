package org.blip4j.data.stream;

import com.google.common.util.concurrent.Uninterruptibles;
import java.io.Closeable;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;

/**
 * Items of an endless source, made ready by a thread of its own, a bounded number ahead.
 *
 * <p>One consumer. Closing stops the thread, which closes the source.
 *
 * @param <T> the items
 */
public final class Prefetch<T> implements Closeable {
  private static final Duration CLOSING = Duration.ofSeconds(10);

  private final Source<T> source;
  private final BlockingQueue<Ready<T>> ready;
  private final Thread thread;
  private volatile boolean closed;
  private IOException failure;

  /**
   * Where items come from.
   *
   * @param <T> the items
   */
  public interface Source<T> extends Closeable {
    /**
     * The next item.
     *
     * @throws IOException if there is none
     */
    T next() throws IOException;
  }

  /** An item, or why there is none and no further. */
  private record Ready<T>(T item, Throwable failure) {}

  /**
   * Starts the thread.
   *
   * @param name of the thread
   * @param source not to be used by anyone else from now on
   * @param ahead how many items are kept ready, at least 1
   */
  public Prefetch(String name, Source<T> source, int ahead) {
    this.source = source;
    this.ready = new ArrayBlockingQueue<>(ahead);
    this.thread = new Thread(this::produce, name);
    thread.setDaemon(true);
    thread.start();
  }

  /**
   * The next item.
   *
   * @throws IOException if the source fails; every later call fails alike
   */
  public T next() throws IOException {
    if (closed) {
      throw new IllegalStateException(thread.getName() + " is closed");
    }
    if (failure != null) {
      throw failure;
    }
    try {
      Ready<T> next = ready.take();
      if (next.failure() == null) {
        return next.item();
      }
      failure =
          next.failure() instanceof IOException e
              ? e
              : new IOException("preparing the data failed: " + next.failure(), next.failure());
      throw failure;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted while waiting for data", e);
    }
  }

  /** Waits until the thread has closed the source, but not for long. */
  @Override
  public void close() {
    closed = true;
    thread.interrupt();
    Uninterruptibles.joinUninterruptibly(thread, CLOSING);
  }

  private void produce() {
    try (source) {
      while (!closed) {
        ready.put(new Ready<>(source.next(), null));
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
        ready.put(new Ready<>(null, e));
      }
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
