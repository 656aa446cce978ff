package org.blip4j.tools.capfilt;

/** Hears of the progress of a job; called by several threads. */
public interface CapFiltListener {
  /** Hears nothing. */
  CapFiltListener NONE =
      new CapFiltListener() {
        @Override
        public void unreadable(String shard, String key, String why) {}

        @Override
        public void shardDone(String shard) {}
      };

  /** A record or its image could not be used. */
  void unreadable(String shard, String key, String why);

  /** A shard is written. */
  void shardDone(String shard);
}
