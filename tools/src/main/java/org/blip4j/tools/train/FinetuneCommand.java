package org.blip4j.tools.train;

import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code finetune}: a pre-trained model for one task. */
@Command(
    name = "finetune",
    mixinStandardHelpOptions = true,
    description = "Fine-tune a pre-trained model for captions or for retrieval.",
    footerHeading = "%nExample:%n",
    footer =
        "  tools/blip finetune caption --init runs/first/model --data human.tfrecord --out"
            + " runs/captioner",
    subcommands = {FinetuneCaptionCommand.class, FinetuneRetrievalCommand.class})
public final class FinetuneCommand implements Runnable {
  @Spec private CommandSpec spec;

  @Override
  public void run() {
    throw new ParameterException(spec.commandLine(), "one of caption and retrieval is missing");
  }
}
