package org.blip4j.tools.capfilt;

import org.blip4j.tools.console.Console;
import org.blip4j.tools.console.Progress;

/** Hears of the progress of a job; called by several threads. */
public interface CapFiltListener {
  /** Hears nothing. */
  CapFiltListener NONE = new CapFiltListener() {};

  /** A record or its image could not be used. */
  default void unreadable(String shard, String key, String why) {}

  /**
   * How many records are to be judged from the start of this process, by whomever; told again as
   * more is known.
   */
  default void ahead(long records) {}

  /** Records were judged and are written, here or by another process. */
  default void recordsDone(long count) {}

  /** A shard is written. */
  default void shardDone(String shard) {}

  /** Names what is unreadable on a console and counts images on its progress. */
  static CapFiltListener on(Console console, Progress images) {
    return new CapFiltListener() {
      @Override
      public void unreadable(String shard, String key, String why) {
        console.failed(shard + ": " + key, why);
      }

      @Override
      public void ahead(long records) {
        images.expect(records);
      }

      @Override
      public void recordsDone(long count) {
        images.advance(count);
      }
    };
  }
}
