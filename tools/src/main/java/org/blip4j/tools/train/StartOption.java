package org.blip4j.tools.train;

import java.util.Optional;
import picocli.CommandLine.Option;

/** The model that fine-tuning starts from. */
final class StartOption {
  @Option(
      names = "--init",
      paramLabel = "MODEL",
      required = true,
      description = "Model folder to start from.")
  private String model;

  Optional<String> model() {
    return Optional.of(model);
  }
}
