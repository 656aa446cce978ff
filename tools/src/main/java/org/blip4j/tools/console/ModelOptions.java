package org.blip4j.tools.console;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;
import java.util.function.UnaryOperator;
import org.blip4j.ops.kernel.Kernels;
import org.blip4j.savedmodel.open.ModelSource;
import org.blip4j.savedmodel.predict.Predictor;
import org.blip4j.savedmodel.predict.PredictorOptions;
import org.blip4j.savedmodel.predict.StagedModel;
import org.blip4j.savedmodel.signature.ServingSettings;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Which model a command runs. */
public final class ModelOptions {
  private static final String FORMS =
      "A model folder, a .pth or safetensors file, a Hugging Face folder, hf:OWNER/NAME, or an"
          + " exported model.";

  @Option(names = "--model", paramLabel = "MODEL", required = true, description = FORMS)
  private String model;

  @Mixin private Opening opening;

  public ModelSource source(ComputeOptions common) throws IOException {
    return opening.source(model, common);
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
    return open(source(common), common, quantize, adjust);
  }

  /** The same for a model that was found already. */
  public static Predictor open(
      ModelSource source,
      ComputeOptions common,
      ComputeOptions.Quantize quantize,
      UnaryOperator<ServingSettings> adjust)
      throws IOException {
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

  /** The model with its stages, to be run one by one; an exported one is built anew. */
  public StagedModel openStages(
      ComputeOptions common,
      ComputeOptions.Quantize quantize,
      UnaryOperator<ServingSettings> adjust)
      throws IOException {
    return StagedModel.open(source(common), quantize.change(common.inference()), adjust);
  }

  /**
   * What an exported model, or one that becomes one, can be run with.
   *
   * @throws IllegalArgumentException if options ask for more
   */
  public static PredictorOptions portable(
      ComputeOptions common, UnaryOperator<ServingSettings> adjust) {
    PredictorOptions options = common.inference().withSettings(adjust);
    if (options.kernels().narrow()) {
      throw new IllegalArgumentException(
          "an exported model computes in float32 on a GPU; leave --precision away");
    }
    return options;
  }

  /** How any model is found. */
  static final class Opening {
    @Option(
        names = "--config",
        paramLabel = "FILE",
        description = "Configuration of weights that do not tell their own (heads, tokens).")
    private Path config;

    @Mixin private HubOptions hub;

    private ModelSource source(String model, ComputeOptions common) throws IOException {
      return hub.resolve(model, Optional.ofNullable(config), common.console());
    }
  }

  /** A model for commands that can do without one. */
  public static final class OrNone {
    @Option(names = "--model", paramLabel = "MODEL", description = FORMS)
    private String model;

    @Mixin private Opening opening;

    /** Whether one was named. */
    public boolean given() {
      return model != null;
    }

    /** The model that was named. */
    public ModelSource source(ComputeOptions common) throws IOException {
      return source(model, common);
    }

    /** A model that another option names, found in the same way. */
    public ModelSource source(String name, ComputeOptions common) throws IOException {
      return opening.source(name, common);
    }

    /** The model that was named, ready to be run. */
    public Predictor open(
        ComputeOptions common,
        ComputeOptions.Quantize quantize,
        UnaryOperator<ServingSettings> adjust)
        throws IOException {
      return ModelOptions.open(source(common), common, quantize, adjust);
    }
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
