package org.blip4j.tools.export;

import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import org.blip4j.savedmodel.export.ModelExporter;
import org.blip4j.savedmodel.predict.PredictorOptions;
import org.blip4j.tools.console.ComputeOptions;
import org.blip4j.tools.console.Console;
import org.blip4j.tools.console.ExitCodes;
import org.blip4j.tools.console.ModelOptions;
import org.blip4j.tools.infer.DecodingOptions;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code export}: writes a SavedModel for TensorFlow Serving. */
@Command(
    name = "export",
    description = {
      "Write a SavedModel that TensorFlow Serving loads as it is: bytes of images and texts in,"
          + " captions and scores out.",
      "Decoding options are baked in.",
      "With --captioner and --filter in place of --model, both become one SavedModel that writes a"
          + " caption and judges it and a web text."
    },
    footerHeading = "%nExample:%n",
    footer = "  tools/blip export --model runs/captioner/model --out served/captioner")
public final class ExportCommand implements Callable<Integer> {
  @Option(
      names = "--out",
      paramLabel = "DIR",
      required = true,
      description = "The model's base path; the version becomes a folder in it.")
  private Path out;

  @Option(
      names = {"--version", "--model-version"},
      paramLabel = "N",
      description = "Number of the version; a server takes the highest (1).")
  private long version = 1;

  @Option(names = "--overwrite", description = "Replace the version if it exists.")
  private boolean overwrite;

  @Option(
      names = "--captioner",
      paramLabel = "MODEL",
      description = "Writes captions; for a model of CapFilt, with --filter.")
  private String captioner;

  @Option(
      names = "--filter",
      paramLabel = "MODEL",
      description = "Judges captions and web texts; with --captioner.")
  private String filter;

  @Mixin private ModelOptions.MatchToken matchToken;
  @Mixin private ModelOptions.OrNone model;
  @Mixin private DecodingOptions decoding;
  @Mixin private ComputeOptions common;
  @Mixin private ComputeOptions.Batch batch;

  @Override
  public Integer call() throws IOException {
    Console console = common.console();
    ModelExporter.Target target = new ModelExporter.Target(out, version, overwrite);
    try {
      target.requireFree();
    } catch (FileAlreadyExistsException e) {
      throw new IllegalArgumentException(
          e.getFile() + ": exists already; choose another version or folder, or use --overwrite");
    }
    PredictorOptions options =
        ModelOptions.portable(
            common,
            own -> matchToken.adjust(decoding.adjust(own)).withExpectedBatch(batch.size(1)));
    ModelExporter.Exported exported = export(options, target);
    Row row = new Row(exported.folder().toString(), exported.signatures().asList());
    console.result(row, row.folder() + "\t" + String.join(" ", row.signatures()));
    return ExitCodes.OK;
  }

  private ModelExporter.Exported export(PredictorOptions options, ModelExporter.Target target)
      throws IOException {
    boolean both = captioner != null && filter != null;
    if (both == model.given() || (captioner == null) != (filter == null)) {
      throw new IllegalArgumentException(
          "give --model MODEL, or --captioner MODEL and --filter MODEL, to be exported");
    }
    if (!both) {
      return ModelExporter.export(model.source(common), options, target);
    }
    return ModelExporter.exportCapFilt(
        new ModelExporter.Bundle(model.source(captioner, common), model.source(filter, common)),
        options,
        target);
  }

  /**
   * What is said at the end.
   *
   * @param folder the folder of the version
   * @param signatures the keys that can be called
   */
  record Row(String folder, List<String> signatures) {}
}
