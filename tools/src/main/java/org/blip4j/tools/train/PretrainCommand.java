package org.blip4j.tools.train;

import java.io.IOException;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.blip4j.graph.config.Task;
import org.blip4j.tools.console.ColumnOptions;
import org.blip4j.tools.console.ComputeOptions;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

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
    footer = "  tools/blip pretrain --config small.json --data shards --out runs/first")
public final class PretrainCommand implements Callable<Integer> {
  @Mixin private TrainingArguments arguments;

  @Option(
      names = "--init",
      paramLabel = "MODEL",
      description = "Model to start from (fresh weights): " + TrainingArguments.FORMS + ".")
  private String init;

  @Mixin private ColumnOptions columns;
  @Mixin private ComputeOptions common;

  @Override
  public Integer call() throws IOException {
    return arguments.run(Task.PRETRAIN, Optional.ofNullable(init), false, common, columns.codec());
  }
}
