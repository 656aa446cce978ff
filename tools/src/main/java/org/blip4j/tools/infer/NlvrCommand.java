package org.blip4j.tools.infer;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.google.common.collect.Lists;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.function.UnaryOperator;
import org.blip4j.data.dataset.RowFile;
import org.blip4j.savedmodel.predict.Answer;
import org.blip4j.savedmodel.predict.Predictor;
import org.blip4j.tools.console.ComputeOptions;
import org.blip4j.tools.console.Console;
import org.blip4j.tools.console.ModelOptions;
import org.blip4j.tools.console.Progress;
import org.blip4j.tools.input.ImageStream;
import org.blip4j.tools.input.LoadedImage;
import org.blip4j.tools.input.NamedImages;
import org.blip4j.tools.input.ReadAhead;
import org.blip4j.tools.input.TextArguments;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code nlvr}: whether statements about two images hold. */
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
  @Mixin private ComputeOptions.Quantize quantize;
  @Mixin private ComputeOptions common;
  @Mixin private ComputeOptions.Batch batch;

  @Override
  public Integer call() throws IOException {
    Console console = common.console();
    int batchSize = batch.size(STATEMENTS);
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
    NamedImages images = new NamedImages();
    try (Predictor predictor = model.open(common, quantize, UnaryOperator.identity());
        RowFile rows = new RowFile(file, console.in(), "left", "right", "statement");
        ReadAhead<Statement> batches = new ReadAhead<>(() -> next(rows, images, batchSize));
        Progress progress = console.progress("statements", -1)) {
      Run run = new Run(predictor, console);
      for (List<Statement> batch = batches.next(); !batch.isEmpty(); batch = batches.next()) {
        run.batch(batch);
        progress.advance(batch.size());
      }
    }
  }

  /** Up to {@code count} further statements with their images; empty at the end. */
  private static List<Statement> next(RowFile rows, NamedImages images, int count)
      throws IOException {
    List<Statement> statements = new ArrayList<>();
    images.nextBatch();
    while (statements.size() < count) {
      Optional<RowFile.Row> row = rows.next();
      if (row.isEmpty()) {
        break;
      }
      statements.add(statement(row.get(), images));
    }
    return statements;
  }

  private static Statement statement(RowFile.Row row, NamedImages images) {
    if (row.problem().isPresent()) {
      LoadedImage none = LoadedImage.failed(row.place(), Optional.empty(), row.problem().get());
      return new Statement(none, none, "");
    }
    return new Statement(
        images.get(row.values().get(0)), images.get(row.values().get(1)), row.values().get(2));
  }

  private void single(Console console, int batchSize) throws IOException {
    if (left == null || right == null || statements.isEmpty()) {
      throw new IllegalArgumentException(
          "two images and a statement are needed; give --left, --right and --statement, or --pairs"
              + " FILE");
    }
    LoadedImage first = read(left);
    LoadedImage second = read(right);
    try (Predictor predictor = model.open(common, quantize, UnaryOperator.identity());
        Progress progress = console.progress("statements", statements.size())) {
      Run run = new Run(predictor, console);
      for (List<String> batch : Lists.partition(statements, batchSize)) {
        run.batch(batch.stream().map(text -> new Statement(first, second, text)).toList());
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

  /** A statement about two images, which may turn out to be unreadable. */
  private record Statement(LoadedImage left, LoadedImage right, String text) {
    boolean readable() {
      return left.readable() && right.readable();
    }
  }

  /** Asks a model and prints its answers in order; an unreadable image is named once. */
  private static final class Run {
    private final Predictor model;
    private final Console console;
    private final TextArguments.Notes notes;
    private final Set<String> named = new HashSet<>();

    Run(Predictor model, Console console) {
      this.model = model;
      this.console = console;
      this.notes = new TextArguments.Notes(console);
    }

    void batch(List<Statement> statements) throws IOException {
      List<Statement> readable = statements.stream().filter(Statement::readable).toList();
      Iterator<Answer.Nlvr> answers =
          model
              .nlvr(
                  readable.stream().map(statement -> bytes(statement.left())).toList(),
                  readable.stream().map(statement -> bytes(statement.right())).toList(),
                  readable.stream().map(Statement::text).toList())
              .iterator();
      for (Statement statement : statements) {
        if (!statement.readable()) {
          failed(statement.left());
          failed(statement.right());
          continue;
        }
        Answer.Nlvr answer = answers.next();
        if (answer.ok()) {
          Row row = Row.of(statement, answer);
          console.result(row, row.line());
          notes.tell(statement.text(), answer.note());
        } else {
          failed(statement.left().name() + " and " + statement.right().name(), answer.status());
        }
      }
    }

    private static byte[] bytes(LoadedImage image) {
      return ((LoadedImage.Bytes) image.content()).value();
    }

    private void failed(LoadedImage image) {
      if (image.content() instanceof LoadedImage.Problem problem) {
        failed(image.name(), problem.text());
      }
    }

    private void failed(String image, String why) {
      if (named.add(image)) {
        console.failed(image, why);
      }
    }
  }

  /**
   * One line of {@code nlvr}.
   *
   * @param left path of the first image
   * @param right path of the second one
   * @param statement about both
   * @param label {@code True} or {@code False}
   * @param probability of the label
   * @param note how the statement was cut, if it was
   */
  private record Row(
      String left,
      String right,
      String statement,
      String label,
      float probability,
      @JsonInclude(JsonInclude.Include.NON_EMPTY) String note) {

    static Row of(Statement statement, Answer.Nlvr answer) {
      return new Row(
          statement.left().name(),
          statement.right().name(),
          statement.text(),
          answer.label(),
          answer.probability(),
          answer.note());
    }

    /** For people: label, probability, both images, statement. */
    String line() {
      return String.format(
          Locale.ROOT, "%s\t%.4f\t%s\t%s\t%s", label, probability, left, right, statement);
    }
  }
}
