package org.blip4j.tools.infer;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.blip4j.savedmodel.predict.Answer;
import org.blip4j.savedmodel.signature.ServingSettings;
import org.blip4j.tools.input.TextArguments;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** How answers are found: written by search, or chosen from a list. */
public final class AnswerOptions {
  @Mixin private Listed listed;

  @Option(
      names = "--top",
      paramLabel = "N",
      description = "With --answers: print the N best answers.")
  private Integer top;

  @Option(names = "--beams", paramLabel = "K", description = "Beam search with K beams (3).")
  private Integer beams;

  @Mixin private DecodingOptions.Lengths lengths;

  /** How many ranked answers are printed; 0 if only the best. */
  int shown() {
    return top == null ? 0 : top;
  }

  /**
   * The answers to choose from, if there are any.
   *
   * @throws IllegalArgumentException if options contradict each other or the list is empty
   */
  Optional<Answer.Choice> choice() throws IOException {
    Optional<Answer.Choice> choice = listed.choice();
    if (choice.isEmpty() && top != null) {
      throw new IllegalArgumentException("--top needs a list of answers; give --answers FILE");
    }
    if (choice.isPresent() && (beams != null || lengths.given())) {
      throw new IllegalArgumentException(
          "--answers chooses and does not write; leave --beams, --min-length and --max-length"
              + " away");
    }
    if (top != null && top < 1) {
      throw new IllegalArgumentException("--top " + top + " is less than 1; use 1 or more");
    }
    return choice;
  }

  /** The model's settings with those of the options in their place. */
  ServingSettings adjust(ServingSettings own) {
    return own.withSearch(
        own.search()
            .withBeams(Optional.ofNullable(beams).orElse(own.search().beams()))
            .withLengths(lengths.of(own.search().lengths())));
  }

  /** A list of answers to choose from. */
  public static final class Listed {
    @Option(
        names = "--answers",
        paramLabel = "FILE",
        description = "Choose among these answers: one a line, or a JSON list of strings.")
    private Path file;

    @Option(
        names = "--top-k",
        paramLabel = "K",
        description =
            "With --answers: compare the K answers whole whose first tokens are likeliest (128).")
    private Integer topK;

    /**
     * The answers, if there are any.
     *
     * @throws IllegalArgumentException if the list is empty, or is missing and the number is not
     */
    public Optional<Answer.Choice> choice() throws IOException {
      if (file == null) {
        if (topK != null) {
          throw new IllegalArgumentException(
              "--top-k needs a list of answers; give --answers FILE");
        }
        return Optional.empty();
      }
      List<String> answers = answers();
      if (answers.isEmpty()) {
        throw new IllegalArgumentException(file + ": the list of answers is empty");
      }
      return Optional.of(
          new Answer.Choice(
              answers, Optional.ofNullable(topK).orElse(Answer.Choice.PUBLISHED_TOP_K)));
    }

    private List<String> answers() throws IOException {
      List<String> lines = TextArguments.lines(file.toString(), InputStream.nullInputStream());
      boolean json =
          lines.stream()
              .map(String::strip)
              .filter(line -> !line.isEmpty())
              .findFirst()
              .filter(line -> line.startsWith("["))
              .isPresent();
      Stream<String> all = lines.stream();
      if (json) {
        try {
          all = Stream.of(new JsonMapper().readValue(String.join("\n", lines), String[].class));
        } catch (JsonProcessingException e) {
          throw new IOException(
              file + ": not a JSON list of strings: " + e.getOriginalMessage(), e);
        }
      }
      return all.map(String::strip).filter(answer -> !answer.isEmpty()).distinct().toList();
    }
  }
}
