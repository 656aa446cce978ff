package org.blip4j.data.stream;

import com.google.common.base.Throwables;
import java.io.IOException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;

/** What work on another thread came to. */
public final class Outcome {
  private Outcome() {}

  /**
   * Waits for the result, or throws what the work threw.
   *
   * @throws IOException if the work failed so, or this thread was interrupted
   */
  public static <T> T of(Future<T> future) throws IOException {
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
