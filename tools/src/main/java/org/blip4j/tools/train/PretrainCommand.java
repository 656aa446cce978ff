package org.blip4j.tools.train;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.blip4j.graph.config.Task;
import org.blip4j.tools.console.ColumnOptions;
import org.blip4j.tools.console.ComputeOptions;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code pretrain}: ITC, ITM and LM over image-text pairs. */
@Command(
    name = "pretrain",
    description = {
      "Pre-train a model on image-text pairs (contrast, matching and captions together).",
      "Writes a run folder: checkpoints, metrics.jsonl, TensorBoard events, report.html and, at"
          + " the end, model/. Stopped by Ctrl-C or killed, the same command goes on from the last"
          + " checkpoint and ends with the very same weights. With --json: an object a logged step."
    },
    footerHeading = "%nExample:%n",
    footer = {
      "  tools/blip pretrain --config small.json --data shards --out runs/first",
      "  tools/blip pretrain --init-vision deit_base_patch16_224-b5f2ef4d.pth --init-text"
          + " bert-base-uncased --data shards --out runs/base"
    })
public final class PretrainCommand implements Callable<Integer> {
  @Mixin private TrainingArguments arguments;

  @Option(
      names = "--init",
      paramLabel = "MODEL",
      description = "Model to start from (fresh weights): " + TrainingArguments.FORMS + ".")
  private String init;

  @Option(
      names = "--init-vision",
      paramLabel = "FILE",
      description =
          "Vision transformer to start from: a state dict with timm's names (DeiT) or the .npz of"
              + " Google's; positions are interpolated to the image size.")
  private Path vision;

  @Option(
      names = "--init-text",
      paramLabel = "BERT",
      description =
          "BERT that encoder and decoder start from: pytorch_model.bin, a safetensors file, a"
              + " folder with one of them, or a TensorFlow SavedModel; with its vocab.txt.")
  private Path text;

  @Mixin private ColumnOptions columns;
  @Mixin private ComputeOptions common;
  @Spec private CommandSpec spec;

  @Override
  public Integer call() throws IOException {
    if (vision != null || text != null) {
      if (init != null) {
        throw new ParameterException(
            spec.commandLine(),
            "--init is a whole model; leave it away, or --init-vision and --init-text");
      }
      return arguments.pretrain(
          Optional.ofNullable(vision), Optional.ofNullable(text), common, columns.codec());
    }
    return arguments.run(Task.PRETRAIN, Optional.ofNullable(init), false, common, columns.codec());
  }
}
