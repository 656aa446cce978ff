package org.blip4j.tools.infer;

import com.google.common.collect.Lists;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.function.UnaryOperator;
import org.blip4j.savedmodel.predict.Predictor;
import org.blip4j.tools.console.CommonOptions;
import org.blip4j.tools.console.Console;
import org.blip4j.tools.console.ModelOptions;
import org.blip4j.tools.console.Progress;
import org.blip4j.tools.input.ImageStream;
import org.blip4j.tools.input.LoadedImage;
import org.blip4j.tools.input.ReadAhead;
import org.blip4j.tools.input.TextLimit;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code nlvr}: judges statements about two images. */
@Command(
    name = "nlvr",
    description = {
      "Tell whether statements about two images are true.",
      "Prints for each statement True or False with the probability of that answer; an unreadable"
          + " image is named on standard error and passed by (exit status 1)."
    },
    footerHeading = "%nExample:%n",
    footer = {
      "  tools/blip nlvr --model model_base_nlvr.pth --left a.jpg --right b.jpg \\",
      "      --statement \"one image shows a red bus\" --json"
    })
public final class NlvrCommand implements Callable<Integer> {
  private static final int STATEMENTS = 4;

  @Option(names = "--left", paramLabel = "IMAGE", description = "The first image.")
  private Path left;

  @Option(names = "--right", paramLabel = "IMAGE", description = "The second image.")
  private Path right;

  @Option(
      names = "--statement",
      paramLabel = "TEXT",
      description = "A statement about both; may be repeated.")
  private List<String> statements = new ArrayList<>();

  @Option(
      names = "--pairs",
      paramLabel = "FILE",
      description =
          "Many at once instead: lines of LEFT<tab>RIGHT<tab>STATEMENT, or JSON objects with left,"
              + " right and statement; - is standard input.")
  private String file;

  @Mixin private ModelOptions model;
  @Mixin private CommonOptions common;

  @Override
  public Integer call() throws IOException {
    Console console = common.console();
    int batchSize = common.batchSize(STATEMENTS);
    boolean single = left != null || right != null || !statements.isEmpty();
    if (file != null && single) {
      throw new IllegalArgumentException(
          "--pairs has images and statements of its own; leave --left, --right and --statement"
              + " away");
    }
    if (file != null) {
      file(console, batchSize);
    } else {
      single(console, batchSize);
    }
    return console.exitCode();
  }

  private void file(Console console, int batchSize) throws IOException {
    try (Predictor predictor = model.open(common, UnaryOperator.identity());
        StatementFile source =
            new StatementFile(file, console.in(), TextLimit.of(predictor.model()));
        ReadAhead<Judge.Statement> batches = new ReadAhead<>(() -> source.next(batchSize));
        Progress progress = console.progress("statements", -1)) {
      Judge judge = new Judge(predictor, console);
      for (List<Judge.Statement> batch = batches.next(); !batch.isEmpty(); batch = batches.next()) {
        judge.judge(batch);
        progress.advance(batch.size());
      }
    }
  }

  private void single(Console console, int batchSize) throws IOException {
    if (left == null || right == null || statements.isEmpty()) {
      throw new IllegalArgumentException(
          "two images and a statement are needed; give --left, --right and --statement, or --pairs"
              + " FILE");
    }
    LoadedImage first = read(left);
    LoadedImage second = read(right);
    try (Predictor predictor = model.open(common, UnaryOperator.identity());
        Progress progress = console.progress("statements", statements.size())) {
      TextLimit.of(predictor.model()).require(statements);
      Judge judge = new Judge(predictor, console);
      for (List<String> batch : Lists.partition(statements, batchSize)) {
        judge.judge(batch.stream().map(text -> new Judge.Statement(first, second, text)).toList());
        progress.advance(batch.size());
      }
    }
  }

  private static LoadedImage read(Path image) throws IOException {
    if (!Files.isRegularFile(image)) {
      throw new IOException(image + ": there is no such image file");
    }
    return ImageStream.read(image);
  }
}
