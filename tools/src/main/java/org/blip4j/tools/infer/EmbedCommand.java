package org.blip4j.tools.infer;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.google.common.collect.Lists;
import com.google.common.primitives.Floats;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;
import org.blip4j.savedmodel.predict.EmbeddingVector;
import org.blip4j.savedmodel.predict.Predictor;
import org.blip4j.tools.console.ComputeOptions;
import org.blip4j.tools.console.Console;
import org.blip4j.tools.console.ModelOptions;
import org.blip4j.tools.console.Progress;
import org.blip4j.tools.input.ImageArguments;
import org.blip4j.tools.input.ImageStream;
import org.blip4j.tools.input.LoadedImage;
import org.blip4j.tools.input.ReadAhead;
import org.blip4j.tools.input.TextArguments;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code embed}: features of images and texts in the space that both share. */
@Command(
    name = "embed",
    mixinStandardHelpOptions = true,
    description = "Print or store features of images or texts; the product of two is their cosine.",
    synopsisSubcommandLabel = "images|texts",
    subcommands = {EmbedCommand.Images.class, EmbedCommand.Texts.class},
    footerHeading = "%nExample:%n",
    footer = "  tools/blip embed images --model runs/filter/model --out photos.npy photos/")
public final class EmbedCommand implements Runnable {
  private static final int BATCH = 8;

  @Spec private CommandSpec spec;

  @Override
  public void run() {
    throw new ParameterException(spec.commandLine(), "embed images or embed texts?");
  }

  /** {@code embed images}. */
  @Command(
      name = "images",
      description = "Features of images.",
      footerHeading = "%nExample:%n",
      footer = "  tools/blip embed images --model runs/filter/model --json photo.jpg")
  static final class Images implements Callable<Integer> {
    @Parameters(
        paramLabel = "IMAGE",
        arity = "0..*",
        description = "Image files, folders, globs or TFRecord shards.")
    private List<String> arguments = new ArrayList<>();

    @Mixin private ImageArguments inputs;
    @Mixin private Output output;
    @Mixin private ModelOptions model;
    @Mixin private ComputeOptions.Quantize quantize;
    @Mixin private ComputeOptions common;
    @Mixin private ComputeOptions.Batch batch;

    @Override
    public Integer call() throws IOException {
      Console console = common.console();
      try (ImageStream images = inputs.open(arguments, console);
          Writer writer = output.open(console);
          Predictor predictor = model.open(common, quantize, UnaryOperator.identity());
          ReadAhead<LoadedImage> batches = ReadAhead.of(images, batch.size(BATCH));
          Progress progress = console.progress("images", images.total())) {
        for (List<LoadedImage> batch = batches.next(); !batch.isEmpty(); batch = batches.next()) {
          write(batch, predictor, writer, console);
          progress.advance(batch.size());
        }
        writer.commit();
      }
      return console.exitCode();
    }

    private static void write(
        List<LoadedImage> batch, Predictor predictor, Writer writer, Console console)
        throws IOException {
      Iterator<EmbeddingVector> embeddings =
          predictor
              .embedImages(
                  batch.stream()
                      .filter(LoadedImage::readable)
                      .map(image -> ((LoadedImage.Bytes) image.content()).value())
                      .toList())
              .iterator();
      for (LoadedImage image : batch) {
        if (image.content() instanceof LoadedImage.Problem problem) {
          console.failed(image.name(), problem.text());
          continue;
        }
        EmbeddingVector embedding = embeddings.next();
        if (embedding.ok()) {
          writer.add(image.name(), embedding);
        } else {
          console.failed(image.name(), embedding.status());
        }
      }
    }
  }

  /** {@code embed texts}. */
  @Command(
      name = "texts",
      description = "Features of texts.",
      footerHeading = "%nExample:%n",
      footer = "  tools/blip embed texts --model runs/filter/model --json \"a dog\"")
  static final class Texts implements Callable<Integer> {
    @Parameters(paramLabel = "TEXT", arity = "0..*", description = "Texts.")
    private List<String> arguments = new ArrayList<>();

    @Mixin private ModelOptions.MatchToken matchToken;
    @Mixin private TextArguments list;
    @Mixin private Output output;
    @Mixin private ModelOptions model;
    @Mixin private ComputeOptions.Quantize quantize;
    @Mixin private ComputeOptions common;
    @Mixin private ComputeOptions.Batch batch;

    @Override
    public Integer call() throws IOException {
      Console console = common.console();
      List<String> texts = list.with(arguments, console.in());
      if (texts.isEmpty()) {
        throw new IllegalArgumentException("no texts given; name some or give --texts-from FILE");
      }
      TextArguments.Notes notes = new TextArguments.Notes(console);
      try (Writer writer = output.open(console);
          Predictor predictor = model.open(common, quantize, own -> matchToken.adjust(own));
          Progress progress = console.progress("texts", texts.size())) {
        for (List<String> batch : Lists.partition(texts, batch.size(BATCH))) {
          List<EmbeddingVector> embeddings = predictor.embedTexts(batch);
          for (int i = 0; i < batch.size(); i++) {
            EmbeddingVector embedding = embeddings.get(i);
            if (embedding.ok()) {
              writer.add(batch.get(i), embedding);
              notes.tell(batch.get(i), embedding.note());
            } else {
              console.failed(batch.get(i), embedding.status());
            }
          }
          progress.advance(batch.size());
        }
        writer.commit();
      }
      return console.exitCode();
    }
  }

  /** Where embeddings go: to a NumPy file if one is given, else to standard output. */
  static final class Output {
    @Option(
        names = "--out",
        paramLabel = "X.npy",
        description = "Write float32 rows to a NumPy file, and what they are of to X.txt.")
    private Path out;

    @Option(names = "--overwrite", description = "Replace existing files of --out.")
    private boolean overwrite;

    Writer open(Console console) throws IOException {
      return new Writer(
          console, out == null ? Optional.empty() : Optional.of(new NpyWriter(out, overwrite)));
    }
  }

  /** Takes embeddings. */
  private record Writer(Console console, Optional<NpyWriter> file) implements AutoCloseable {
    void add(String item, EmbeddingVector embedding) throws IOException {
      float[] values = embedding.values();
      Row row = new Row(item, Floats.asList(values), embedding.note());
      if (file.isPresent()) {
        file.get().add(item, values);
        console.json(row);
      } else {
        console.result(row, row.line());
      }
    }

    /** Called after the last one. */
    void commit() throws IOException {
      if (file.isPresent()) {
        file.get().commit();
      }
    }

    @Override
    public void close() throws IOException {
      if (file.isPresent()) {
        file.get().close();
      }
    }
  }

  /**
   * One line of {@code embed}.
   *
   * @param item the image's path or key, or the text
   * @param embedding a feature of length 1
   * @param note how a text was cut, if it was
   */
  record Row(
      String item, List<Float> embedding, @JsonInclude(JsonInclude.Include.NON_EMPTY) String note) {

    /** For people: the item and its numbers, with tabs between. */
    String line() {
      return item
          + "\t"
          + embedding.stream()
              .map(value -> Float.toString(value))
              .collect(Collectors.joining("\t"));
    }
  }
}
