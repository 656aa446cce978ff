package org.blip4j.tools.train;

import java.io.IOException;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.blip4j.graph.config.Task;
import org.blip4j.tools.cli.CommonOptions;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code finetune caption}: the captioner, LM loss after a prompt. */
@Command(
    name = "caption",
    description = {
      "Fine-tune for captions: language modelling after the prompt.",
      "Writes a run folder as pretrain does."
    },
    footerHeading = "%nExample:%n",
    footer =
        "  tools/blip finetune caption --init runs/first/model --data human.tfrecord --out"
            + " runs/captioner")
final class FinetuneCaptionCommand implements Callable<Integer> {
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
    return arguments.run(Task.CAPTION, Optional.of(init), common);
  }
}
