package org.blip4j.tools.train;

import java.util.Optional;
import picocli.CommandLine.Option;

/** The model that fine-tuning starts from. */
final class StartOption {
  /** What a model may be named by, for help. */
  static final String FORMS =
      "a model folder, a run, a .pth or safetensors file, a Hugging Face folder, an exported model,"
          + " or hf:OWNER/NAME";

  @Option(
      names = "--init",
      paramLabel = "MODEL",
      required = true,
      description = "Model to start from: " + FORMS + ".")
  private String model;

  Optional<String> model() {
    return Optional.of(model);
  }
}
