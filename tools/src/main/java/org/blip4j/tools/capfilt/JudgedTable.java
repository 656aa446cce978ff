package org.blip4j.tools.capfilt;

import com.google.common.base.Joiner;
import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableMap;
import java.io.IOException;
import java.io.StringReader;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.apache.commons.csv.CSVFormat;
import org.apache.commons.csv.CSVParser;
import org.apache.commons.csv.CSVRecord;
import org.blip4j.data.file.TextFile;
import org.blip4j.savedmodel.capfilt.CapFiltText;

/**
 * A table of pairs that a person judges: {@code capfilt sample} writes it with an empty last
 * column, {@code capfilt calibrate} reads it.
 *
 * @param rows all pairs
 */
record JudgedTable(ImmutableList<Row> rows) {
  private static final List<String> HEADER =
      List.of(
          "shard",
          "index",
          "number",
          "key",
          "stratum",
          "source",
          "itm_probability",
          "weight",
          "text",
          "right");
  private static final Set<String> YES = Set.of("y", "yes", "1", "true", "right");
  private static final Set<String> NO = Set.of("n", "no", "0", "false", "wrong");

  /**
   * A pair.
   *
   * @param shard its shard
   * @param index number of its record there
   * @param number of the text among those of the record, from 0
   * @param key of its record
   * @param stratum part of all texts that it was drawn from
   * @param source who wrote the text
   * @param probability the filter's match probability
   * @param weight texts that it stands for: those of its part by those drawn of it
   * @param text itself
   * @param right what the person says: yes, no; empty if nobody has said so
   */
  record Row(
      String shard,
      long index,
      int number,
      String key,
      String stratum,
      CapFiltText.Source source,
      double probability,
      double weight,
      String text,
      Optional<Boolean> right) {
    /** The same, standing for another number of texts. */
    Row withWeight(double other) {
      return new Row(shard, index, number, key, stratum, source, probability, other, text, right);
    }

    /** The line of the table up to the last comma. */
    String open() {
      return Joiner.on(',')
              .join(
                  quoted(shard),
                  index,
                  number,
                  quoted(key),
                  quoted(stratum),
                  source.word(),
                  Double.toString(probability),
                  Double.toString(weight),
                  quoted(text))
          + ",";
    }

    private static String quoted(String cell) {
      return '"' + cell.replace("\"", "\"\"").replaceAll("[\\r\\n]+", " ") + '"';
    }
  }

  /** The first line. */
  static String header() {
    return String.join(",", HEADER);
  }

  /** The table as CSV (RFC 4180, lines end with a line feed). */
  String csv() {
    StringBuilder csv = new StringBuilder(header()).append('\n');
    for (Row row : rows) {
      csv.append(row.open()).append(row.right().map(yes -> yes ? "yes" : "no").orElse(""));
      csv.append('\n');
    }
    return csv.toString();
  }

  /**
   * Reads a judged table; cells may be set apart by commas, semicolons or tabs, as spreadsheets
   * write them.
   *
   * @throws IOException naming file, line and column of what cannot be used
   */
  static JudgedTable read(Path file) throws IOException {
    String text = TextFile.read(file);
    String first = text.lines().findFirst().orElse("");
    char separator = first.contains("\t") ? '\t' : first.contains(";") ? ';' : ',';
    CSVFormat format =
        CSVFormat.RFC4180
            .builder()
            .setDelimiter(separator)
            .setHeader()
            .setSkipHeaderRecord(true)
            .setIgnoreEmptyLines(true)
            .get();
    List<Row> rows = new ArrayList<>();
    try (CSVParser parser = format.parse(new StringReader(text))) {
      List<String> missing = new ArrayList<>(HEADER);
      missing.removeAll(parser.getHeaderNames());
      if (!missing.isEmpty()) {
        throw new IOException(
            "%s has no column %s; give the table that capfilt sample wrote, judged"
                .formatted(file, String.join(", ", missing)));
      }
      for (CSVRecord record : parser) {
        rows.add(row(record, file + ", line " + parser.getCurrentLineNumber()));
      }
    } catch (IllegalArgumentException | UncheckedIOException e) {
      throw new IOException(file + " is no table: " + e.getMessage(), e);
    }
    return new JudgedTable(ImmutableList.copyOf(rows));
  }

  private static Row row(CSVRecord record, String place) throws IOException {
    if (!record.isConsistent()) {
      throw new IOException(
          "%s has %d cells, the header has %d; quote cells that hold a separator"
              .formatted(place, record.size(), HEADER.size()));
    }
    String word = record.get("source").strip();
    CapFiltText.Source source =
        Arrays.stream(CapFiltText.Source.values())
            .filter(one -> one.word().equals(word))
            .findFirst()
            .orElseThrow(
                () ->
                    new IOException(
                        "%s: source is \"%s\"; it must be web or synthetic"
                            .formatted(place, word)));
    double probability = number(record, "itm_probability", place);
    double weight = number(record, "weight", place);
    if (!(probability >= 0 && probability <= 1 && weight > 0)) {
      throw new IOException(
          "%s: itm_probability is %s and weight %s; they must be 0 to 1 and above 0"
              .formatted(place, probability, weight));
    }
    return new Row(
        record.get("shard"),
        (long) number(record, "index", place),
        (int) number(record, "number", place),
        record.get("key"),
        record.get("stratum"),
        source,
        probability,
        weight,
        record.get("text"),
        right(record.get("right").strip().toLowerCase(Locale.ROOT), place));
  }

  private static double number(CSVRecord record, String column, String place) throws IOException {
    String cell = record.get(column).strip();
    try {
      return Double.parseDouble(cell);
    } catch (NumberFormatException e) {
      throw new IOException(
          "%s: %s is \"%s\", a number with a point is expected".formatted(place, column, cell), e);
    }
  }

  private static Optional<Boolean> right(String cell, String place) throws IOException {
    if (cell.isEmpty() || cell.equals("?")) {
      return Optional.empty();
    }
    if (!YES.contains(cell) && !NO.contains(cell)) {
      throw new IOException(
          "%s: right is \"%s\"; write yes or no, or leave it empty (or ?) if you cannot tell"
              .formatted(place, cell));
    }
    return Optional.of(YES.contains(cell));
  }

  /**
   * The judged pairs, those of each part standing for all of the part: others are taken to be like
   * them.
   *
   * @throws IllegalArgumentException if there are none, or none of a part
   */
  ImmutableList<Row> judged() {
    Map<String, Double> whole = new HashMap<>();
    Map<String, Double> said = new HashMap<>();
    for (Row row : rows) {
      whole.merge(row.stratum(), row.weight(), Double::sum);
      if (row.right().isPresent()) {
        said.merge(row.stratum(), row.weight(), Double::sum);
      }
    }
    if (said.isEmpty()) {
      throw new IllegalArgumentException(
          "none of the %d pairs is judged; write yes or no into the column right"
              .formatted(rows.size()));
    }
    for (String stratum : ImmutableMap.copyOf(whole).keySet()) {
      if (!said.containsKey(stratum)) {
        throw new IllegalArgumentException(
            "no pair of the part \"%s\" is judged; judge some of each part".formatted(stratum));
      }
    }
    ImmutableList.Builder<Row> judged = ImmutableList.builder();
    for (Row row : rows) {
      if (row.right().isPresent()) {
        double weight = row.weight() * whole.get(row.stratum()) / said.get(row.stratum());
        judged.add(row.withWeight(weight));
      }
    }
    return judged.build();
  }
}
