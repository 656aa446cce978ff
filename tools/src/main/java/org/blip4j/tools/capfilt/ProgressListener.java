package org.blip4j.tools.capfilt;

import org.blip4j.tools.console.Console;
import org.blip4j.tools.console.Progress;

/** Shows the progress of a job on a console and names what is unreadable. */
final class ProgressListener implements CapFiltListener {
  private final Console console;
  private final Progress progress;

  ProgressListener(Console console, Progress progress) {
    this.console = console;
    this.progress = progress;
  }

  @Override
  public void unreadable(String shard, String key, String why) {
    console.failed(shard + ": " + key, why);
  }

  @Override
  public void shardDone(String shard) {
    progress.advance(1);
  }
}
