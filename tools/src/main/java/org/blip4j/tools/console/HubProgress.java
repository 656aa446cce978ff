package org.blip4j.tools.console;

import java.util.OptionalLong;
import org.blip4j.savedmodel.hub.HubRepository;

/** Shows how far a download is, file by file, in MiB. */
final class HubProgress implements HubRepository.Listener, AutoCloseable {
  private static final int MEBIBYTE = 20;

  private final Console console;
  private String file = "";
  private long shown;
  private Progress progress;

  HubProgress(Console console) {
    this.console = console;
  }

  @Override
  public void progress(String name, long done, OptionalLong total) {
    long mebibytes = done >> MEBIBYTE;
    if (!name.equals(file)) {
      close();
      file = name;
      shown = 0;
      progress = console.progress("MiB of " + name, total.orElse(-1) >> MEBIBYTE);
    }
    progress.advance(mebibytes - shown);
    shown = mebibytes;
  }

  @Override
  public void close() {
    if (progress != null) {
      progress.close();
      progress = null;
    }
  }
}
