package org.blip4j.tools.console;

import java.io.IOException;

/** A file that is removed if the program is interrupted before it is whole. */
public final class Unfinished implements AutoCloseable {

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
