package org.blip4j.savedmodel.predict;

import java.util.Objects;
import java.util.function.UnaryOperator;
import org.blip4j.ops.kernel.Kernels;
import org.blip4j.savedmodel.signature.ServingSettings;
import org.tensorflow.proto.ConfigProto;

/**
 * How a model is run.
 *
 * @param session threads, devices, precision; the first session of a process fixes the threads
 * @param adjust changes the model's own settings; for an exported model, where they are baked in,
 *     it may not
 * @param kernels what products and norms are made of; an exported model has kernels of its own
 */
public record PredictorOptions(
    ConfigProto session, UnaryOperator<ServingSettings> adjust, Kernels kernels) {
  /** Checks the parts. */
  public PredictorOptions {
    Objects.requireNonNull(session, "session");
    Objects.requireNonNull(adjust, "adjust");
    Objects.requireNonNull(kernels, "kernels");
  }

  /** The kernels that are fastest in such a session. */
  public PredictorOptions(ConfigProto session, UnaryOperator<ServingSettings> adjust) {
    this(session, adjust, Kernels.forSession(session));
  }

  /** TensorFlow's own session configuration and the model's own settings. */
  public static PredictorOptions defaults() {
    return new PredictorOptions(ConfigProto.getDefaultInstance(), UnaryOperator.identity());
  }

  /** The same with another session configuration, and the kernels that are fastest in it. */
  public PredictorOptions withSession(ConfigProto other) {
    return new PredictorOptions(other, adjust);
  }

  /** The same with other settings. */
  public PredictorOptions withSettings(UnaryOperator<ServingSettings> other) {
    return new PredictorOptions(session, other, kernels);
  }

  /**
   * The same with stock kernels, which every TensorFlow has and exported models are made of.
   *
   * @throws IllegalArgumentException if eight bits are asked for, or fewer than float32 has on a
   *     GPU
   */
  public PredictorOptions portable() {
    if (kernels == Kernels.INT8) {
      throw new IllegalArgumentException(
          "an exported model runs in every TensorFlow and has no products in eight bits; leave"
              + " --quantize int8 away, or run the model folder or the weights themselves");
    }
    if (kernels.narrow()) {
      throw new IllegalArgumentException(
          "an exported model computes in float32 on a GPU, as it was exported; leave --precision"
              + " away, or run the model folder or the weights themselves");
    }
    return new PredictorOptions(session, adjust, Kernels.PORTABLE);
  }
}
