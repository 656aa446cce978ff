package org.blip4j.tools.infer;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;
import java.util.function.UnaryOperator;
import org.blip4j.savedmodel.serve.ModelSource;
import org.blip4j.savedmodel.serve.Predictor;
import org.blip4j.savedmodel.serve.PredictorOptions;
import org.blip4j.savedmodel.serve.ServingSettings;
import org.blip4j.tools.cli.CommonOptions;
import picocli.CommandLine.Option;

/** Which model a command runs. */
final class ModelOptions {
  @Option(
      names = "--model",
      paramLabel = "MODEL",
      required = true,
      description =
          "A model folder, a .pth or safetensors file, a Hugging Face folder, or an exported"
              + " model.")
  private String model;

  @Option(
      names = "--config",
      paramLabel = "FILE",
      description = "Configuration of weights that do not tell their own (heads, tokens).")
  private Path config;

  ModelSource source() throws IOException {
    return ModelSource.resolve(model, Optional.ofNullable(config));
  }

  Predictor open(CommonOptions common, UnaryOperator<ServingSettings> adjust) throws IOException {
    return Predictor.open(source(), options(common, adjust));
  }

  static PredictorOptions options(CommonOptions common, UnaryOperator<ServingSettings> adjust) {
    return new PredictorOptions(common.settings().sessionConfig(), adjust);
  }
}
