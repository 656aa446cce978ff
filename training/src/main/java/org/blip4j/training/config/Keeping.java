package org.blip4j.training.config;

/**
 * How often a run logs and stores itself.
 *
 * @param logEvery steps between log lines; each tells means since the one before
 * @param checkpointEvery steps between checkpoints; the last step always has one
 * @param checkpoints how many of the newest are kept
 */
public record Keeping(long logEvery, long checkpointEvery, int checkpoints) {

  /** Checks the ranges. */
  public Keeping {
    if (logEvery < 1 || checkpointEvery < 1 || checkpoints < 1) {
      throw new IllegalArgumentException(
          "keeping has logEvery %d, checkpointEvery %d, checkpoints %d; all must be positive"
              .formatted(logEvery, checkpointEvery, checkpoints));
    }
  }
}
