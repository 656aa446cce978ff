package org.blip4j.tools.console;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;
import java.util.function.UnaryOperator;
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

  public ModelSource source(CommonOptions common) throws IOException {
    return hub.resolve(model, Optional.ofNullable(config), common.console());
  }

  public Predictor open(CommonOptions common, UnaryOperator<ServingSettings> adjust)
      throws IOException {
    return Predictor.open(source(common), options(common, adjust));
  }

  public PredictorOptions options(CommonOptions common, UnaryOperator<ServingSettings> adjust) {
    ConfigProto session = common.inferenceConfig();
    return new PredictorOptions(session, adjust, quantize.kernels(session));
  }
}
