package org.blip4j.tools.bench;

import java.util.Objects;
import org.tensorflow.proto.ConfigProto;

/**
 * What to measure and how often.
 *
 * @param work what is run
 * @param size the model's size; ignored for matrix products
 * @param batch images at once, or texts to be matched
 * @param repeat measured runs, after one that is not counted
 * @param session threads and device
 */
public record BenchPlan(
    BenchWork work, BenchSize size, int batch, int repeat, ConfigProto session) {

  /** Checks the counts. */
  public BenchPlan {
    Objects.requireNonNull(work, "work");
    Objects.requireNonNull(size, "size");
    Objects.requireNonNull(session, "session");
    if (batch < 1) {
      throw new IllegalArgumentException("batch " + batch + " is less than 1");
    }
    if (repeat < 1) {
      throw new IllegalArgumentException(
          "--repeat " + repeat + " is less than 1; use 3 or more, since machines are noisy");
    }
  }
}
