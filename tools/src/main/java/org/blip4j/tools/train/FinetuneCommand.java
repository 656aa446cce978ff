package org.blip4j.tools.train;

import java.io.IOException;
import java.util.Optional;
import org.blip4j.graph.config.Task;
import org.blip4j.tools.console.ColumnOptions;
import org.blip4j.tools.console.ComputeOptions;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code finetune}: a pre-trained model for one task; a method each. */
@Command(
    name = "finetune",
    mixinStandardHelpOptions = true,
    description =
        "Fine-tune a pre-trained model for captions, retrieval, questions, dialogues or statements"
            + " about two images.",
    footerHeading = "%nExample:%n",
    footer =
        "  tools/blip finetune caption --init runs/first/model --data human.tfrecord --out"
            + " runs/captioner")
public final class FinetuneCommand implements Runnable {
  @Spec private CommandSpec spec;

  @Override
  public void run() {
    throw new ParameterException(
        spec.commandLine(), "one of caption, retrieval, vqa, nlvr and dialogue is missing");
  }

  /** The model that fine-tuning starts from. */
  static final class StartOption {
    @Option(
        names = "--init",
        paramLabel = "MODEL",
        description = "Model to start from: " + TrainingArguments.FORMS + ".")
    private String model;
  }

  /** The captioner, LM loss after a prompt. */
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
  int caption(
      @Mixin TrainingArguments arguments,
      @Mixin StartOption start,
      @Mixin ColumnOptions columns,
      @Mixin ComputeOptions common)
      throws IOException {
    return arguments.run(
        Task.CAPTION, Optional.ofNullable(start.model), true, common, columns.codec());
  }

  /** The filter, ITC and ITM losses. */
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
  int retrieval(
      @Mixin TrainingArguments arguments,
      @Mixin StartOption start,
      @Mixin ColumnOptions columns,
      @Mixin ComputeOptions common)
      throws IOException {
    return arguments.run(
        Task.RETRIEVAL, Optional.ofNullable(start.model), true, common, columns.codec());
  }

  /** Questions and answers, LM loss over each answer. */
  @Command(
      name = "vqa",
      description = {
        "Fine-tune for questions about images: language modelling of their answers.",
        "Records have an image, question, answers and, if they like, answer_weights. Without"
            + " --init, sizes are set in the configuration and weights are fresh.",
        "Writes a run folder as pretrain does."
      },
      footerHeading = "%nExample:%n",
      footer =
          "  tools/blip finetune vqa --init runs/first/model --data vqa.tfrecord --out"
              + " runs/answers")
  int vqa(
      @Mixin TrainingArguments arguments,
      @Mixin StartOption start,
      @Mixin ColumnOptions.Questions columns,
      @Mixin ComputeOptions common)
      throws IOException {
    return arguments.run(
        Task.VQA, Optional.ofNullable(start.model), false, common, columns.codec());
  }

  /** Statements about two images, cross-entropy of true and false. */
  @Command(
      name = "nlvr",
      description = {
        "Fine-tune for statements about two images: true or false.",
        "Records have left, right, statement and label (1 true, 0 false). Without --init, sizes"
            + " are set in the configuration and weights are fresh.",
        "Writes a run folder as pretrain does."
      },
      footerHeading = "%nExample:%n",
      footer =
          "  tools/blip finetune nlvr --init runs/first/model --data nlvr.tfrecord --out"
              + " runs/statements")
  int nlvr(
      @Mixin TrainingArguments arguments,
      @Mixin StartOption start,
      @Mixin ColumnOptions.Key columns,
      @Mixin ComputeOptions common)
      throws IOException {
    return arguments.run(
        Task.NLVR, Optional.ofNullable(start.model), false, common, columns.codec());
  }

  /** Answers in dialogues, matching of true and wrong ones. */
  @Command(
      name = "dialogue",
      description = {
        "Fine-tune for dialogues about images: which answer is the true one.",
        "Records have an image, its caption and a column dialog, as records pack makes them of"
            + " VisDial. Without --init, sizes are set in the configuration and weights are fresh.",
        "Writes a run folder as pretrain does."
      },
      footerHeading = "%nExample:%n",
      footer =
          "  tools/blip finetune dialogue --init runs/first/model --data visdial.tfrecord --out"
              + " runs/dialogue")
  int dialogue(
      @Mixin TrainingArguments arguments,
      @Mixin StartOption start,
      @Mixin ColumnOptions columns,
      @Mixin ComputeOptions common)
      throws IOException {
    return arguments.run(
        Task.DIALOGUE, Optional.ofNullable(start.model), false, common, columns.codec());
  }
}
