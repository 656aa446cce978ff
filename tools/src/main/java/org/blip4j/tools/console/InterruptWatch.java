package org.blip4j.tools.console;

import java.io.IOException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/**
 * Lets Ctrl-C (or a plain kill) wait until the present step is done and stored, as long as that
 * takes no longer than was to be expected; a write in progress is always waited for.
 *
 * <p>Java ends with status 130 (143) once the work is done or is given up.
 */
public final class InterruptWatch implements AutoCloseable {
  /** What is waited at least for a step. */
  private static final double PATIENCE_SECONDS = 10;

  /** What is waited at most for anything. */
  private static final double LONGEST_SECONDS = 300;

  private static final long LOOK_MILLIS = 50;

  private final Runnable lastWord;
  private final CountDownLatch done = new CountDownLatch(1);
  private final Thread hook = new Thread(this::await, "blip-interrupt");
  private volatile boolean interrupted;
  private volatile boolean writing;
  private volatile double stepSeconds;

  /** Begins to watch; work that is given up is so without a word. */
  public InterruptWatch() {
    this(() -> {});
  }

  /**
   * Begins to watch.
   *
   * @param lastWord is run if the work is given up
   */
  public InterruptWatch(Runnable lastWord) {
    this.lastWord = lastWord;
    Runtime.getRuntime().addShutdownHook(hook);
  }

  /** Whether the process was asked to end. */
  public boolean interrupted() {
    return interrupted;
  }

  /** Tells how long a step takes: the next one is given twice that. */
  public void allow(double seconds) {
    stepSeconds = seconds;
  }

  /** Tells that something is being written, or no longer is. */
  public void writing(boolean now) {
    writing = now;
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
    long asked = System.nanoTime();
    try {
      while (!done.await(LOOK_MILLIS, TimeUnit.MILLISECONDS)) {
        double waited = (System.nanoTime() - asked) / 1e9;
        double patience = writing ? LONGEST_SECONDS : PATIENCE_SECONDS + 2 * stepSeconds;
        if (waited > Math.min(patience, LONGEST_SECONDS)) {
          lastWord.run();
          return;
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** A file that is removed if the program is interrupted before it is whole. */
  public static final class Unfinished implements AutoCloseable {

    /** Removes what was written. */
    public interface Removal {
      void run() throws IOException;
    }

    private final Thread hook;

    public Unfinished(Removal removal) {
      this.hook =
          new Thread(
              () -> {
                try {
                  removal.run();
                } catch (IOException e) {
                  // a hidden file stays; nothing can be done about it any more
                }
              });
      Runtime.getRuntime().addShutdownHook(hook);
    }

    @Override
    public void close() {
      try {
        boolean unused = Runtime.getRuntime().removeShutdownHook(hook);
      } catch (IllegalStateException e) {
        // the program is being interrupted, and the hook runs
      }
    }
  }
}
