package org.blip4j.tools.infer;

import com.google.common.collect.Lists;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.function.UnaryOperator;
import org.blip4j.savedmodel.predict.EmbeddingVector;
import org.blip4j.savedmodel.predict.Predictor;
import org.blip4j.tools.console.CommonOptions;
import org.blip4j.tools.console.Console;
import org.blip4j.tools.console.ExitCodes;
import org.blip4j.tools.console.ModelOptions;
import org.blip4j.tools.console.Progress;
import org.blip4j.tools.input.ImageArguments;
import org.blip4j.tools.input.ImageBatches;
import org.blip4j.tools.input.ImageStream;
import org.blip4j.tools.input.LoadedImage;
import org.blip4j.tools.input.TextArguments;
import org.blip4j.tools.input.TextLimit;
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
    @Mixin private EmbedOutput output;
    @Mixin private ModelOptions model;
    @Mixin private CommonOptions common;

    @Override
    public Integer call() throws IOException {
      Console console = common.console();
      try (ImageStream images = inputs.open(arguments, console);
          EmbedOutput.Writer writer = output.open(console);
          Predictor predictor = model.open(common, UnaryOperator.identity());
          ImageBatches batches = new ImageBatches(images, common.batchSize(BATCH));
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
        List<LoadedImage> batch, Predictor predictor, EmbedOutput.Writer writer, Console console)
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

    @Option(
        names = "--match-token",
        paramLabel = "enc|cls",
        description =
            "As a text is prepared: enc as trained, cls as Hugging Face, where it is not cleaned"
                + " (enc).")
    private String matchToken;

    @Mixin private TextArguments list;
    @Mixin private EmbedOutput output;
    @Mixin private ModelOptions model;
    @Mixin private CommonOptions common;

    @Override
    public Integer call() throws IOException {
      Console console = common.console();
      List<String> texts = list.with(arguments, console.in());
      if (texts.isEmpty()) {
        throw new IllegalArgumentException("no texts given; name some or give --texts-from FILE");
      }
      try (EmbedOutput.Writer writer = output.open(console);
          Predictor predictor =
              model.open(
                  common,
                  own ->
                      matchToken == null
                          ? own
                          : own.withMatchToken(MatchCommand.MatchTokens.parse(matchToken)));
          Progress progress = console.progress("texts", texts.size())) {
        TextLimit.of(predictor.model()).require(texts);
        for (List<String> batch : Lists.partition(texts, common.batchSize(BATCH))) {
          List<EmbeddingVector> embeddings = predictor.embedTexts(batch);
          for (int i = 0; i < batch.size(); i++) {
            writer.add(batch.get(i), embeddings.get(i));
          }
          progress.advance(batch.size());
        }
        writer.commit();
      }
      return ExitCodes.OK;
    }
  }
}
