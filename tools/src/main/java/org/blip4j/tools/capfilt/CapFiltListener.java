package org.blip4j.tools.capfilt;

import org.blip4j.tools.console.Console;
import org.blip4j.tools.console.Progress;

/** Hears of the progress of a job; called by several threads. */
public interface CapFiltListener {
  /** Hears nothing. */
  CapFiltListener NONE = new CapFiltListener() {};

  /** A record or its image could not be used. */
  default void unreadable(String shard, String key, String why) {}

  /** A record was judged and is written. */
  default void recordDone(String shard) {}

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
      public void recordDone(String shard) {
        images.advance(1);
      }
    };
  }
}
