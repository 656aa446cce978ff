package org.blip4j.savedmodel.serve;

import java.util.Objects;
import java.util.function.UnaryOperator;
import org.tensorflow.proto.ConfigProto;

/**
 * How a model is run.
 *
 * @param session threads, devices, precision; the first session of a process fixes the threads
 * @param adjust changes the model's own settings; for an exported model, where they are baked in,
 *     it may not
 */
public record PredictorOptions(ConfigProto session, UnaryOperator<ServingSettings> adjust) {
  /** Checks the parts. */
  public PredictorOptions {
    Objects.requireNonNull(session, "session");
    Objects.requireNonNull(adjust, "adjust");
  }

  /** TensorFlow's own session configuration and the model's own settings. */
  public static PredictorOptions defaults() {
    return new PredictorOptions(ConfigProto.getDefaultInstance(), UnaryOperator.identity());
  }

  /** The same with another session configuration. */
  public PredictorOptions withSession(ConfigProto other) {
    return new PredictorOptions(other, adjust);
  }

  /** The same with other settings. */
  public PredictorOptions withSettings(UnaryOperator<ServingSettings> other) {
    return new PredictorOptions(session, other);
  }
}
