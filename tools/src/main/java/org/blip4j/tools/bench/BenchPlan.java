package org.blip4j.tools.bench;

import java.util.Objects;
import org.blip4j.ops.kernel.Kernels;
import org.tensorflow.proto.ConfigProto;

/**
 * What to measure and how often.
 *
 * @param work what is run
 * @param size the model's size; ignored for matrix products
 * @param batch images at once, or texts to be matched
 * @param atOnce batches computed at once, each a run of the session
 * @param repeat measured runs, after one that is not counted
 * @param session threads and device
 * @param kernels what products are made of
 */
public record BenchPlan(
    BenchWork work,
    BenchSize size,
    int batch,
    int atOnce,
    int repeat,
    ConfigProto session,
    Kernels kernels) {

  /** Checks the counts. */
  public BenchPlan {
    Objects.requireNonNull(work, "work");
    Objects.requireNonNull(size, "size");
    Objects.requireNonNull(session, "session");
    Objects.requireNonNull(kernels, "kernels");
    if (batch < 1) {
      throw new IllegalArgumentException("batch " + batch + " is less than 1");
    }
    if (atOnce < 1) {
      throw new IllegalArgumentException(
          "--at-once " + atOnce + " is less than 1; use 1 to measure one batch after another");
    }
    if (repeat < 1) {
      throw new IllegalArgumentException(
          "--repeat " + repeat + " is less than 1; use 3 or more, since machines are noisy");
    }
  }
}
