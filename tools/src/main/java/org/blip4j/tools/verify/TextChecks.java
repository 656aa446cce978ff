package org.blip4j.tools.verify;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.google.common.base.Ascii;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.StreamSupport;
import org.blip4j.data.text.CaptionText;
import org.blip4j.data.text.Detokenizer;
import org.blip4j.data.text.TokenBatch;
import org.blip4j.data.text.Vocabulary;
import org.blip4j.data.text.WordPieceTokenizer;

/** Files of JSON lines, compared field by field, one row for each field over all lines. */
final class TextChecks {
  private static final Pattern FIELD = Pattern.compile("(ids|mask|pre_caption|pre_question)(\\d*)");
  private static final ObjectMapper MAPPER = new ObjectMapper();

  private TextChecks() {}

  /** Computes one field of a line; null if the field is an input. */
  @FunctionalInterface
  private interface Field {
    Object compute(String field, JsonNode line);
  }

  /** The outcome of one field so far. */
  private static final class Tally {
    private long lines;
    private long wrong;
    private String first;
  }

  /**
   * Tokenises and cleans every text: {@code ids}, {@code idsN} and {@code maskN} (padded and cut to
   * N), {@code pre_captionN} and {@code pre_question} (N words, 50 unless said).
   */
  static void tokenizer(GoldenRun run) throws IOException {
    WordPieceTokenizer tokenizer = new WordPieceTokenizer(Vocabulary.bertBaseUncased());
    check(
        run,
        (field, line) -> {
          Matcher matcher = FIELD.matcher(field);
          if (!matcher.matches()) {
            return field.equals("text") ? null : "no such field is known";
          }
          String text = line.path("text").textValue();
          boolean limited = !matcher.group(2).isEmpty();
          int limit = limited ? Integer.parseInt(matcher.group(2)) : 50;
          TokenBatch padded =
              tokenizer.encode(List.of(text), TokenBatch.Padding.maxLength(), limit);
          return switch (matcher.group(1)) {
            case "ids" -> limited ? padded.ids() : tokenizer.encode(text);
            case "mask" -> padded.mask();
            case "pre_caption" -> CaptionText.cleanCaption(text, limit);
            default -> CaptionText.cleanQuestion(text, limit);
          };
        });
    graphTokenizer(run);
  }

  /**
   * The same in the graph, as exported models do it: ids, padded ids with their mask, clean texts.
   */
  private static void graphTokenizer(GoldenRun run) throws IOException {
    List<String> texts = new ArrayList<>();
    lines(run, (number, line) -> texts.add(line.path("text").textValue()));
    try (GraphTexts graph = new GraphTexts(Vocabulary.bertBaseUncased())) {
      Map<String, GraphTexts.Read> read = graph.read(texts);
      check(
          run,
          " in the graph",
          (field, line) -> read.get(line.path("text").textValue()).field(field));
    }
  }

  /** Turns every list of ids back into text. */
  static void detokenizer(GoldenRun run) throws IOException {
    Detokenizer detokenizer = new Detokenizer(Vocabulary.bertBaseUncased());
    check(
        run,
        (field, line) -> {
          var ids = StreamSupport.stream(line.path("ids").spliterator(), false);
          int[] list = ids.mapToInt(JsonNode::intValue).toArray();
          return field.equals("text") ? detokenizer.decode(list) : null;
        });
  }

  private static void check(GoldenRun run, Field function) throws IOException {
    check(run, "", function);
  }

  /** Takes the lines of a file with their numbers, from 1. */
  @FunctionalInterface
  private interface Line {
    void take(long number, JsonNode line);
  }

  private static long lines(GoldenRun run, Line take) throws IOException {
    long number = 0;
    try (BufferedReader reader = Files.newBufferedReader(run.golden().path())) {
      for (String text = reader.readLine(); text != null; text = reader.readLine()) {
        take.take(++number, Golden.readJson(run.golden().path() + ":" + number, text));
      }
    }
    return number;
  }

  /**
   * Compares fields.
   *
   * @param where ends the name of each row
   */
  private static void check(GoldenRun run, String where, Field function) throws IOException {
    Map<String, Tally> tallies = new LinkedHashMap<>();
    long number =
        lines(
            run,
            (place, line) -> {
              for (Map.Entry<String, JsonNode> field : line.properties()) {
                Object actual = function.compute(field.getKey(), line);
                if (actual != null) {
                  Tally tally =
                      tallies.computeIfAbsent(field.getKey() + where, name -> new Tally());
                  count(tally, place, MAPPER.valueToTree(actual), field.getValue());
                }
              }
            });
    for (Map.Entry<String, Tally> entry : tallies.entrySet()) {
      Tally tally = entry.getValue();
      if (tally.lines < number) {
        String some = "stands in %d of %d lines only".formatted(tally.lines, number);
        run.failed(entry.getKey(), some);
      } else if (tally.wrong == 0) {
        run.exact(entry.getKey(), null);
      } else {
        String differ =
            "%d of %d lines differ, first %s".formatted(tally.wrong, number, tally.first);
        run.row(
            CheckRow.deviates(
                run.golden().name(), entry.getKey(), (double) tally.wrong, 0, differ));
      }
    }
  }

  private static void count(Tally tally, long number, JsonNode actual, JsonNode expected) {
    tally.lines++;
    if (!actual.toString().equals(expected.toString())) { // 1 as int and as long are one number
      tally.wrong++;
      if (tally.first == null) {
        tally.first = "line %d: %s, expected %s".formatted(number, brief(actual), brief(expected));
      }
    }
  }

  private static String brief(JsonNode node) {
    return Ascii.truncate(node.toString(), 160, "...");
  }
}
