package org.blip4j.tools.verify;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.Arrays;
import org.blip4j.data.text.Detokenizer;
import org.blip4j.data.text.WordPieceTokenizer;
import org.blip4j.graph.config.SpecialTokens;

/**
 * Compares generated texts with the strings and hypotheses in {@code cases.json}.
 *
 * @param golden name of the golden
 * @param detokenizer over its vocabulary
 * @param tokens its special tokens
 */
record GeneratedTexts(String golden, Detokenizer detokenizer, SpecialTokens tokens) {
  private static final double SCORE_TOLERANCE = 1e-4;

  /** The first {@code columns} of ids that hold nothing but padding after them. */
  static Values withoutPadding(Values ids, long columns) {
    int width = (int) ids.shape()[1];
    if (columns > width) {
      return ids;
    }
    double[] cut = new double[(int) (ids.shape()[0] * columns)];
    for (int i = 0; i < ids.data().length; i++) {
      int column = i % width;
      if (column < columns) {
        cut[(int) (i / width * columns) + column] = ids.data()[i];
      } else if (ids.data()[i] != 0) {
        return ids; // longer than expected: the shapes will differ
      }
    }
    return new Values(new long[] {ids.shape()[0], columns}, cut);
  }

  /** Compares the ids of the prompt, the start token apart. */
  void checkPrompt(String name, JsonNode example, WordPieceTokenizer tokenizer, RowSink rows) {
    int[] ids = tokenizer.encodePrompt(example.path("settings").path("prompt").asText());
    String actual = Arrays.toString(Arrays.copyOfRange(ids, 1, ids.length)).replace(" ", "");
    rows.accept(row(name + " prompt_ids", actual, example.path("prompt_ids").toString()));
  }

  /** Compares the texts with and without the prompt. */
  void checkTexts(String name, JsonNode example, Values ids, RowSink rows) {
    int width = (int) ids.shape()[1];
    int prompt = example.path("settings").path("prompt").asText().length();
    for (int i = 0; i < ids.shape()[0]; i++) {
      long[] row = Arrays.copyOfRange(ids.longs(), i * width, (i + 1) * width);
      String text = detokenizer.decode(row);
      String caption = text.substring(Math.min(prompt, text.length()));
      String which = " " + i;
      rows.accept(
          row(
              name + " decoded_with_prompt" + which,
              text,
              example.path("decoded_with_prompt").path(i).asText()));
      rows.accept(
          row(name + " captions" + which, caption, example.path("captions").path(i).asText()));
      rows.accept(
          row(
              name + " lengths_without_pad" + which,
              Integer.toString(length(row)),
              example.path("lengths_without_pad").path(i).asText()));
      if (example.has("ended_with_sep")) {
        rows.accept(
            row(
                name + " ended_with_sep" + which,
                row[length(row) - 1] == tokens.sep() ? "1" : "0",
                example.path("ended_with_sep").path(i).asText()));
      }
    }
  }

  /** Compares how often the decoder was run for the whole batch. */
  void checkSteps(String name, JsonNode example, Values steps, RowSink rows) {
    if (example.has("decoder_steps")) {
      rows.accept(
          row(
              name + " decoder_steps",
              Long.toString(steps.longs()[0]),
              example.path("decoder_steps").asText()));
    }
  }

  /** Compares all hypotheses of every image: ids and score. */
  void checkHypotheses(String name, JsonNode expected, Values ids, Values scores, RowSink rows) {
    int width = (int) ids.shape()[ids.shape().length - 1];
    long[] all = ids.longs();
    int next = 0;
    for (JsonNode image : expected) {
      for (JsonNode hypothesis : image) {
        String what = name + " hypothesis " + next;
        if ((next + 1) * width > all.length) {
          rows.accept(CheckRow.failed(golden, what, "was not found"));
          return;
        }
        long[] row = Arrays.copyOfRange(all, next * width, (next + 1) * width);
        int length = hypothesis.path("ids").size();
        String found = Arrays.toString(Arrays.copyOf(row, length)).replace(" ", "");
        boolean rest = Arrays.stream(row, Math.min(length, width), width).allMatch(this::ends);
        rows.accept(row(what + " ids", found + (rest ? "" : "..."), ids(hypothesis)));
        double deviation = Math.abs(scores.data()[next] - hypothesis.path("score").doubleValue());
        rows.accept(
            deviation <= SCORE_TOLERANCE
                ? CheckRow.passed(golden, what + " score", deviation, SCORE_TOLERANCE)
                : CheckRow.deviates(
                    golden, what + " score", deviation, SCORE_TOLERANCE, "another score"));
        next++;
      }
    }
  }

  private boolean ends(long id) {
    return id == tokens.pad() || id == tokens.sep();
  }

  private static String ids(JsonNode hypothesis) {
    return hypothesis.path("ids").toString();
  }

  private int length(long... row) {
    for (int i = 1; i < row.length; i++) {
      if (row[i] == tokens.sep()) {
        return i + 1;
      }
    }
    return row.length;
  }

  private CheckRow row(String check, String actual, String expected) {
    return CheckRow.texts(golden, check, actual, expected);
  }
}
