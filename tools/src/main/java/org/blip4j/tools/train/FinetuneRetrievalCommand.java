package org.blip4j.tools.train;

import java.io.IOException;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.blip4j.graph.config.Task;
import org.blip4j.tools.cli.CommonOptions;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code finetune retrieval}: the filter, ITC and ITM losses. */
@Command(
    name = "retrieval",
    description = {
      "Fine-tune for retrieval and filtering: contrast and matching.",
      "Writes a run folder as pretrain does."
    },
    footerHeading = "%nExample:%n",
    footer =
        "  tools/blip finetune retrieval --init runs/first/model --data human.tfrecord --out"
            + " runs/filter")
final class FinetuneRetrievalCommand implements Callable<Integer> {
  @Mixin private TrainingArguments arguments;

  @Option(
      names = "--init",
      paramLabel = "MODEL",
      required = true,
      description = "Model folder to start from.")
  private String init;

  @Mixin private CommonOptions common;

  @Override
  public Integer call() throws IOException {
    return arguments.run(Task.RETRIEVAL, Optional.of(init), common);
  }
}
