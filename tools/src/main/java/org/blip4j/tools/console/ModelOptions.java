package org.blip4j.tools.console;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;
import java.util.function.UnaryOperator;
import org.blip4j.ops.kernel.Kernels;
import org.blip4j.savedmodel.open.ModelSource;
import org.blip4j.savedmodel.predict.Predictor;
import org.blip4j.savedmodel.predict.PredictorOptions;
import org.blip4j.savedmodel.signature.ServingSettings;
import org.tensorflow.proto.ConfigProto;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Which model a command runs. */
public final class ModelOptions {
  @Option(
      names = "--model",
      paramLabel = "MODEL",
      required = true,
      description =
          "A model folder, a .pth or safetensors file, a Hugging Face folder, hf:OWNER/NAME, or an"
              + " exported model.")
  private String model;

  @Option(
      names = "--config",
      paramLabel = "FILE",
      description = "Configuration of weights that do not tell their own (heads, tokens).")
  private Path config;

  @Mixin private HubOptions hub;

  @Mixin private QuantizeOption quantize;

  public ModelSource source(ComputeOptions common) throws IOException {
    return hub.resolve(model, Optional.ofNullable(config), common.console());
  }

  public Predictor open(ComputeOptions common, UnaryOperator<ServingSettings> adjust)
      throws IOException {
    ModelSource source = source(common);
    return Predictor.open(
        source,
        source instanceof ModelSource.Exported
            ? portable(common, adjust)
            : options(common, adjust));
  }

  /**
   * What an exported model, or one that becomes one, can be run with.
   *
   * @throws IllegalArgumentException if options ask for more
   */
  public PredictorOptions portable(ComputeOptions common, UnaryOperator<ServingSettings> adjust) {
    PredictorOptions options = options(common, adjust);
    if (options.kernels() == Kernels.INT8) {
      throw new IllegalArgumentException(
          "an exported model has no products in eight bits; leave --quantize int8 away");
    }
    if (options.kernels().narrow()) {
      throw new IllegalArgumentException(
          "an exported model computes in float32 on a GPU; leave --precision away");
    }
    return options;
  }

  public PredictorOptions options(ComputeOptions common, UnaryOperator<ServingSettings> adjust) {
    ConfigProto session = common.inferenceConfig();
    return new PredictorOptions(session, adjust, quantize.kernels(session));
  }
}
