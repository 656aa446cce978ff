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
 * <p>Whoever takes an item owns it, and closes it if it is to be closed. Items that were made and
 * not taken are closed here.
 *
 * @param <T> the items; {@link AutoCloseable} ones are closed if nobody takes them
 */
public final class Prefetch<T> implements Closeable {
  private static final Duration CLOSING = Duration.ofSeconds(10);

  private final Source<T> source;
  private final BlockingQueue<Ready<T>> ready;
  private final Thread thread;
  private volatile boolean closed;
  private Throwable failure;

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
   * The next item, from now on the caller's.
   *
   * @throws IOException if the source fails, other than by an {@link Error}, which is thrown as it
   *     is; every later call fails alike
   * @throws IllegalStateException if this is closed, also while waiting
   */
  public T next() throws IOException {
    if (failure == null && !closed) {
      try {
        Ready<T> next = ready.take();
        if (next.failure() == null && !closed) {
          return next.item();
        }
        discard(next);
        failure = next.failure();
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new IOException("interrupted while waiting for data", e);
      }
    }
    if (closed) {
      throw new IllegalStateException(thread.getName() + " is closed");
    }
    if (failure instanceof Error e) {
      throw e;
    }
    if (!(failure instanceof IOException)) {
      failure = new IOException("preparing the data failed: " + failure, failure);
    }
    throw (IOException) failure;
  }

  /** Waits until the thread has closed the source, but not for long. */
  @Override
  public void close() {
    closed = true;
    thread.interrupt();
    Uninterruptibles.joinUninterruptibly(thread, CLOSING);
    discardAll();
  }

  private void produce() {
    try (source) {
      while (!closed) {
        hand(new Ready<>(source.next(), null));
      }
    } catch (Throwable e) { // whatever it is, the consumer is waiting for it
      hand(new Ready<>(null, e));
    }
    if (closed) {
      discardAll();
    }
  }

  /** Waits for room; only closing ends that, an interrupt by others does not lose the item. */
  private void hand(Ready<T> item) {
    boolean handed = false;
    while (!handed && !closed) {
      try {
        ready.put(item);
        handed = true;
      } catch (InterruptedException e) {
        handed = false; // by close, or by someone who has no business here
      }
    }
    if (!handed) {
      discard(item);
    }
  }

  /** Closes what nobody has taken, and wakes a consumer that waits on another thread. */
  private void discardAll() {
    for (Ready<T> left = ready.poll(); left != null; left = ready.poll()) {
      discard(left);
    }
    boolean unused = ready.offer(new Ready<>(null, new IOException("closed")));
  }

  private static void discard(Ready<?> left) {
    if (left.item() instanceof AutoCloseable item) {
      try {
        item.close();
      } catch (Exception e) {
        throw new IllegalStateException("an item that nobody took cannot be closed", e);
      }
    }
  }
}
