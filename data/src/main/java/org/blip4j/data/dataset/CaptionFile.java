package org.blip4j.data.dataset;

import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableSet;
import com.google.common.collect.Sets;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Predicate;
import org.blip4j.data.sample.Columns;

/**
 * What a caption file says, row by row; a row that cannot be read is a problem and the others are
 * read.
 *
 * <p>CSV, TSV and the {@code .token} files of Flickr8k and Flickr30k; JSON and JSON Lines in the
 * forms of COCO, Karpathy and Hugging Face.
 *
 * @param rows the good rows, in order
 * @param problems the others
 */
public record CaptionFile(ImmutableList<Row> rows, ImmutableList<Problem> problems) {
  /**
   * What is said about one image: captions, or a question with its answers; or about two, of which
   * this is the left one: a statement.
   *
   * @param image its file as named there
   * @param texts captions; none of a question or statement
   * @param columns everything else that is said
   * @param place where it stands, for messages: {@code captions.csv line 7}
   */
  public record Row(String image, List<String> texts, Columns columns, String place) {
    /** Whether its columns {@code question} and {@code answers} are what it is there for. */
    boolean isQuestion() {
      return texts.isEmpty() && (Reading.isQuestion(columns.features().keySet()) || isUnanswered());
    }

    /** Whether it is a question of a test set, of which the answers are not known. */
    private boolean isUnanswered() {
      return columns.features().containsKey("question")
          && columns.features().containsKey("question_id")
          && !columns.features().containsKey("answers");
    }

    /** Whether its columns {@code right} and {@code statement} are what it is there for. */
    boolean isStatement() {
      return texts.isEmpty() && columns.features().keySet().containsAll(List.of(RIGHT, STATEMENT));
    }

    /**
     * A statement's label: 1 = true, 0 = false, -1 = not known.
     *
     * @throws IllegalArgumentException if it is something else
     */
    int label() {
      String label = columns.text(LABEL).orElse("").strip();
      return switch (label.toLowerCase(Locale.ROOT)) {
        case "1", "true" -> 1;
        case "0", "false" -> 0;
        case "" -> -1;
        default ->
            throw new IllegalArgumentException(
                "its label is \"%s\"; true (1) or false (0) is expected".formatted(label));
      };
    }

    /**
     * Checks a question.
     *
     * @throws IllegalArgumentException saying what is wrong with it
     */
    void requireQuestion() {
      List<String> answers = columns.texts("answers");
      if (columns.texts("question").stream().allMatch(String::isBlank)) {
        throw new IllegalArgumentException("its question is empty");
      }
      if ((answers.isEmpty() && !isUnanswered()) || answers.stream().anyMatch(String::isBlank)) {
        throw new IllegalArgumentException(
            "an answer or a list of answers is expected, not " + answers);
      }
      List<Float> weights = columns.floats("answer_weights");
      if (columns.features().containsKey("answer_weights")
          && (weights.size() != answers.size() || weights.stream().anyMatch(w -> !(w >= 0)))) {
        throw new IllegalArgumentException(
            "its answer_weights are %s; a number of 0 or more is expected for each of %d answers"
                .formatted(columns.texts("answer_weights"), answers.size()));
      }
    }
  }

  static final String LEFT = "left";
  static final String RIGHT = "right";
  static final String STATEMENT = "statement";
  static final String LABEL = "label";

  /** A row that cannot be used, and why. */
  public record Problem(String place, String what) {}

  /**
   * The names of the columns or fields of image and text; the first that is present is taken.
   *
   * @param given whether the user named them, so that a file without them is an error
   * @param noHeader take the first row of a CSV file for data
   * @param splits the parts of the data set that are wanted, by the column {@code "split"}; all if
   *     none is named
   * @param answers the file of the answers, of questions that have theirs apart (VQA)
   */
  public record Reading(
      ImmutableList<String> image,
      ImmutableList<String> text,
      boolean given,
      boolean noHeader,
      ImmutableSet<String> splits,
      Optional<Path> answers) {
    private static final ImmutableList<String> IMAGE =
        ImmutableList.of(
            "image",
            "file",
            "file_name",
            "filename",
            "image_name",
            "image_path",
            "filepath",
            "path",
            "img",
            "jpg",
            "image_id",
            "video",
            "clip_name",
            "video_id");
    private static final ImmutableList<String> TEXT =
        ImmutableList.of(
            "caption",
            "captions",
            "text",
            "txt",
            "comment",
            "sentence",
            "sentences",
            "description");

    /** The usual names. */
    public static Reading usual() {
      return of(null, null, false);
    }

    /** The usual names, or those given (either may be null). */
    public static Reading of(String image, String text, boolean noHeader) {
      return new Reading(
          image == null ? IMAGE : ImmutableList.of(image),
          text == null ? TEXT : ImmutableList.of(text),
          image != null || text != null,
          noHeader,
          ImmutableSet.of(),
          Optional.empty());
    }

    /** With the parts that are wanted; all if none is named. */
    public Reading withSplits(Collection<String> wanted) {
      return new Reading(image, text, given, noHeader, ImmutableSet.copyOf(wanted), answers);
    }

    /** With the file of the answers. */
    public Reading withAnswers(Path file) {
      return new Reading(image, text, given, noHeader, splits, Optional.of(file));
    }

    static boolean isQuestion(Collection<String> columns) {
      return columns.contains("question") && columns.contains("answers");
    }

    /** Two images and a statement about both. */
    static boolean isStatement(Collection<String> columns) {
      return columns.containsAll(List.of(LEFT, RIGHT, STATEMENT));
    }

    /** Whether a row says what it is there for without a caption. */
    static boolean hasNoCaption(Collection<String> columns) {
      return isQuestion(columns) || isStatement(columns);
    }

    Optional<String> imageOf(Collection<String> columns) {
      return textOf(columns).isEmpty() && isStatement(columns)
          ? Optional.of(LEFT)
          : first(image, columns);
    }

    Optional<String> textOf(Collection<String> columns) {
      return first(text, columns);
    }

    private static Optional<String> first(List<String> names, Collection<String> columns) {
      return names.stream()
          .flatMap(name -> columns.stream().filter(c -> c.strip().equalsIgnoreCase(name)))
          .findFirst();
    }
  }

  /** Whether a file is read by {@link #read}, by its ending. */
  public static boolean isKnown(Path file) {
    return List.of("csv", "tsv", "json", "jsonl", "ndjson", "token").contains(ending(file));
  }

  /**
   * Reads a file.
   *
   * @param isImage whether a name is that of an image, to tell an unknown header from data
   * @throws IOException if the file as a whole cannot be read, or its columns must be asked for
   */
  public static CaptionFile read(Path file, Reading reading, Predicate<String> isImage)
      throws IOException {
    if (!Files.isRegularFile(file)) {
      throw new IOException(file + ": there is no such caption file");
    }
    try {
      Optional<TaskJson> task =
          isJson(file) && !reading.given() ? TaskJson.recognise(file) : Optional.empty();
      if (task.isPresent()) {
        return task.get().read(reading.answers()).only(reading.splits(), file);
      }
      if (reading.answers().isPresent()) {
        throw new IOException(file + ": has no questions of VQA, to which answers belong");
      }
      CaptionFile all =
          switch (ending(file)) {
            case "jsonl", "ndjson" -> new JsonCaptions(file, reading).readLines();
            case "json" -> new JsonCaptions(file, reading).read();
            case "csv", "tsv", "txt", "token" -> new CsvCaptions(file, reading, isImage).read();
            default ->
                throw new IOException(
                    file + ": captions are read from .csv, .tsv, .json and .jsonl files only");
          };
      return all.only(reading.splits(), file);
    } catch (IllegalArgumentException e) {
      throw new IOException(e.getMessage(), e);
    }
  }

  private static boolean isJson(Path file) {
    return List.of("json", "jsonl", "ndjson").contains(ending(file));
  }

  /** The rows of some parts of the data set. */
  private CaptionFile only(Set<String> splits, Path file) throws IOException {
    if (splits.isEmpty()) {
      return this;
    }
    Set<String> there = new TreeSet<>();
    rows.forEach(row -> there.addAll(row.columns().texts("split")));
    if (!there.containsAll(splits)) {
      throw new IOException(
          "%s: has no split %s; %s"
              .formatted(
                  file,
                  String.join(", ", Sets.difference(splits, there)),
                  there.isEmpty()
                      ? "its rows have no field split: leave the split out"
                      : "it has " + String.join(", ", there)));
    }
    ImmutableList<Row> wanted =
        rows.stream()
            .filter(row -> row.columns().text("split").filter(splits::contains).isPresent())
            .collect(ImmutableList.toImmutableList());
    return new CaptionFile(wanted, problems);
  }

  private static String ending(Path file) {
    String name = file.getFileName().toString().toLowerCase(Locale.ROOT);
    return name.substring(name.lastIndexOf('.') + 1);
  }
}
