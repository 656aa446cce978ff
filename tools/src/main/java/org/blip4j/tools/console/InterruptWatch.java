package org.blip4j.tools.console;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/**
 * Lets Ctrl-C (or a plain kill) wait until the present step is done and stored.
 *
 * <p>Java ends with status 130 (143) once the work is done, or after {@link #PATIENCE_SECONDS}.
 */
public final class InterruptWatch implements AutoCloseable {
  private static final long PATIENCE_SECONDS = 300;

  private final CountDownLatch done = new CountDownLatch(1);
  private final Thread hook = new Thread(this::await, "blip-interrupt");
  private volatile boolean interrupted;

  public InterruptWatch() {
    Runtime.getRuntime().addShutdownHook(hook);
  }

  /** Whether the process was asked to end. */
  public boolean interrupted() {
    return interrupted;
  }

  @Override
  public void close() {
    done.countDown();
    if (!interrupted) {
      removeHook();
    }
  }

  private void removeHook() {
    try {
      Runtime.getRuntime().removeShutdownHook(hook);
    } catch (IllegalStateException e) {
      interrupted = true; // the process is ending this very moment; the hook finds all done
    }
  }

  private void await() {
    interrupted = true;
    try {
      boolean unused = done.await(PATIENCE_SECONDS, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
