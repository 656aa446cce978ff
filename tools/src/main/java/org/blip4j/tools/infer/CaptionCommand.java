package org.blip4j.tools.infer;

import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.Callable;
import org.blip4j.savedmodel.serve.Caption;
import org.blip4j.savedmodel.serve.Predictor;
import org.blip4j.tools.cli.CommonOptions;
import org.blip4j.tools.cli.Console;
import org.blip4j.tools.cli.Progress;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code caption}: writes captions of images. */
@Command(
    name = "caption",
    description = {
      "Write captions of images.",
      "Prints a line for each image in the order of the input; an unreadable image is named on"
          + " standard error and passed by (exit status 1)."
    },
    footerHeading = "%nExample:%n",
    footer = "  tools/blip caption --model runs/captioner/model --json photos/")
public final class CaptionCommand implements Callable<Integer> {
  private static final int BATCH = 4;

  @Parameters(
      paramLabel = "IMAGE",
      arity = "0..*",
      description = "Image files, folders, globs or TFRecord shards.")
  private List<String> arguments = new ArrayList<>();

  @Option(
      names = "--samples",
      paramLabel = "N",
      description = "With --nucleus: draw N captions for each image (1).")
  private Integer samples;

  @Option(names = "--ids", description = "With --json: print the tokens, too.")
  private boolean ids;

  @Option(names = "--sidecar", description = "Write each caption to NAME.txt beside NAME.jpg.")
  private boolean sidecar;

  @Option(names = "--csv", paramLabel = "FILE", description = "Write a table, too.")
  private Path csv;

  @Option(names = "--overwrite", description = "Replace existing files of --sidecar and --csv.")
  private boolean overwrite;

  @Mixin private ImageArguments inputs;
  @Mixin private ModelOptions model;
  @Mixin private DecodingOptions decoding;
  @Mixin private CommonOptions common;

  @Override
  public Integer call() throws IOException {
    decoding.requireOneWay();
    Console console = common.console();
    int batchSize = common.batchSize(BATCH);
    int drawn = drawn();
    try (ImageStream images = inputs.open(arguments, console.in());
        Predictor predictor =
            model.open(
                common,
                own -> decoding.adjust(own).withExpectedBatch(batchSize * Math.max(1, drawn)));
        ImageBatches batches = new ImageBatches(images, batchSize);
        Progress progress = console.progress("images", images.total());
        Sinks sinks = new Sinks()) {
      Captioner captioner = new Captioner(predictor, drawn, common.seed());
      for (List<LoadedImage> batch = batches.next(); !batch.isEmpty(); batch = batches.next()) {
        write(batch, captioner, sinks.all, console);
        progress.advance(batch.size());
      }
      sinks.commit();
    }
    return console.exitCode();
  }

  private int drawn() {
    if (samples != null && !decoding.sampling()) {
      throw new IllegalArgumentException("--samples needs --nucleus P, since a search gives one");
    }
    if (samples != null && samples < 1) {
      throw new IllegalArgumentException("--samples " + samples + " is less than 1; use 1 or more");
    }
    return decoding.sampling() ? samples == null ? 1 : samples : 0;
  }

  private void write(
      List<LoadedImage> batch, Captioner captioner, List<CaptionSink> sinks, Console console)
      throws IOException {
    Iterator<List<Caption>> captions =
        captioner.caption(batch.stream().filter(LoadedImage::readable).toList()).iterator();
    for (LoadedImage image : batch) {
      if (image.content() instanceof LoadedImage.Problem problem) {
        console.failed(image.name(), problem.text());
        continue;
      }
      List<Caption> own = captions.next();
      if (!own.get(0).ok()) {
        console.failed(image.name(), own.get(0).status());
        continue;
      }
      CaptionRow row = CaptionRow.of(image.name(), own, ids);
      console.result(row, row.text());
      for (CaptionSink sink : sinks) {
        try {
          sink.accept(image, row);
        } catch (FileAlreadyExistsException e) {
          console.failed(image.name(), e.getFile() + " exists already; give --overwrite");
        }
      }
    }
  }

  /** The files that are written beside standard output. */
  private final class Sinks implements AutoCloseable {
    private final List<CaptionSink> all = new ArrayList<>();

    Sinks() throws IOException {
      if (csv != null) {
        if (!overwrite && Files.exists(csv)) {
          throw new FileAlreadyExistsException(csv.toString());
        }
        all.add(new CsvSink(csv));
      }
      if (sidecar) {
        all.add(new SidecarSink(overwrite));
      }
    }

    void commit() throws IOException {
      for (CaptionSink sink : all) {
        sink.commit();
      }
    }

    @Override
    public void close() throws IOException {
      for (CaptionSink sink : all) {
        sink.close();
      }
    }
  }
}
