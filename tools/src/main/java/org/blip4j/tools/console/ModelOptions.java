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

  public ModelSource source(ComputeOptions common) throws IOException {
    return hub.resolve(model, Optional.ofNullable(config), common.console());
  }

  /**
   * The model, ready to be run.
   *
   * @throws IllegalArgumentException if an exported model is to compute in eight bits
   */
  public Predictor open(
      ComputeOptions common,
      ComputeOptions.Quantize quantize,
      UnaryOperator<ServingSettings> adjust)
      throws IOException {
    ModelSource source = source(common);
    PredictorOptions options = quantize.change(common.inference()).withSettings(adjust);
    if (!(source instanceof ModelSource.Exported)) {
      return Predictor.open(source, options);
    }
    if (options.kernels() == Kernels.INT8) {
      throw new IllegalArgumentException(
          "an exported model has no products in eight bits; leave --quantize int8 away");
    }
    return Predictor.open(source, portable(common, adjust));
  }

  /**
   * What an exported model, or one that becomes one, can be run with.
   *
   * @throws IllegalArgumentException if options ask for more
   */
  public PredictorOptions portable(ComputeOptions common, UnaryOperator<ServingSettings> adjust) {
    PredictorOptions options = common.inference().withSettings(adjust);
    if (options.kernels().narrow()) {
      throw new IllegalArgumentException(
          "an exported model computes in float32 on a GPU; leave --precision away");
    }
    return options;
  }

  /** {@code --match-token}, for commands that read texts or questions. */
  public static final class MatchToken {
    @Option(
        names = "--match-token",
        paramLabel = "enc|cls",
        description =
            "First token of a text or question: enc as trained, cls as the published demo and"
                + " Hugging Face, where a text is not cleaned either (enc).")
    private String token;

    /**
     * Settings with this token; as they are if none was given.
     *
     * @throws IllegalArgumentException if there is no such token
     */
    public ServingSettings adjust(ServingSettings own) {
      if (token == null) {
        return own;
      }
      return switch (token) {
        case "enc" -> own.withMatchToken(ServingSettings.MatchToken.ENC);
        case "cls" -> own.withMatchToken(ServingSettings.MatchToken.CLS);
        default ->
            throw new IllegalArgumentException(
                "--match-token " + token + " is unknown; use enc or cls");
      };
    }
  }
}
