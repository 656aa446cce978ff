package org.blip4j.data.dataset;

import com.google.common.base.Joiner;
import com.google.common.collect.ImmutableList;
import com.google.common.collect.Iterables;
import com.google.common.io.CharSource;
import java.io.IOException;
import java.io.Reader;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import org.apache.commons.csv.CSVFormat;
import org.apache.commons.csv.CSVParser;
import org.apache.commons.csv.CSVRecord;
import org.blip4j.data.dataset.CaptionFile.Problem;
import org.blip4j.data.dataset.CaptionFile.Reading;
import org.blip4j.data.dataset.CaptionFile.Row;
import org.blip4j.data.file.TextFile;
import org.blip4j.data.sample.Columns;

/**
 * Captions of a table, one a row; an image may have several rows.
 *
 * <p>The separator is a tab in {@code .tsv} files; otherwise the first of comma, tab, bar and
 * semicolon that the first line has. Quotes are those of RFC 4180, except between tabs, where there
 * are none (IANA text/tab-separated-values): a quote is a letter like any other there.
 *
 * <p>The first row is a header if it names both an image and a text column. Without header the
 * first cell is the image and the second its caption.
 */
final class CsvCaptions {
  private static final String SEPARATORS = ",\t|;";

  /** As in Flickr30k's own file. */
  private static final String NUMBERED = ".+#\\d+\\s*";

  private final Path file;
  private final Reading reading;
  private final Predicate<String> isImage;
  private final ImmutableList.Builder<Row> rows = ImmutableList.builder();
  private final ImmutableList.Builder<Problem> problems = ImmutableList.builder();
  private final List<TextFile.Line> lines = new ArrayList<>();
  private char separator;
  private List<String> header = List.of();
  private List<String> first = List.of();
  private int image;
  private int text = 1;
  private boolean begun;

  CsvCaptions(Path file, Reading reading, Predicate<String> isImage) {
    this.file = file;
    this.reading = reading;
    this.isImage = isImage;
  }

  CaptionFile read() throws IOException {
    try (TextFile in = TextFile.open(file)) {
      for (Optional<TextFile.Line> l = in.next(); l.isPresent(); l = in.next()) {
        lines.add(l.get());
      }
    }
    String first =
        lines.stream().map(TextFile.Line::text).filter(l -> !l.isBlank()).findFirst().orElse("");
    if (first.isEmpty()) {
      throw new IOException(file + ": the file is empty, captions are expected");
    }
    boolean tabs = file.toString().toLowerCase(Locale.ROOT).endsWith(".tsv");
    separator = tabs ? '\t' : separator(first);
    for (int line = 0; line < lines.size(); ) {
      line = readFrom(line);
    }
    CaptionFile read = new CaptionFile(rows.build(), problems.build());
    refuseUnknownHeader(read.rows());
    return read;
  }

  private static char separator(String line) {
    return (char)
        line.chars()
            .filter(c -> SEPARATORS.indexOf(c) >= 0)
            .findFirst()
            .orElse(SEPARATORS.charAt(0));
  }

  /** Reads up to the end, or past a row whose quotes are broken; returns the next line's index. */
  private int readFrom(int start) throws IOException {
    CSVFormat format =
        CSVFormat.RFC4180
            .builder()
            .setDelimiter(separator)
            .setQuote(separator == '\t' ? null : '"')
            .get();
    int next = start;
    try (CSVParser parser = CSVParser.builder().setReader(text(start)).setFormat(format).get()) {
      try {
        for (CSVRecord row : parser) {
          int end = start + (int) parser.getCurrentLineNumber();
          accept(row.toList(), lines.subList(next, end));
          next = end;
        }
        return lines.size();
      } catch (UncheckedIOException e) {
        int reached = start + (int) parser.getCurrentLineNumber() - 1;
        boolean closed = !String.valueOf(e.getMessage()).contains("EOF");
        String how = closed ? "closed inside a cell" : "never closed";
        if (reached > next) {
          throw new IOException(
              ("%s: a quote is opened and %s, on line %d; double the quotes inside cells (\"\" for"
                      + " \"), or save it with tabs between, where quotes are letters")
                  .formatted(place(next), how, reached + 1),
              e);
        }
        problems.add(
            new Problem(
                place(next),
                "a quote is opened and %s; double the quotes inside cells (\"\" for \")"
                    .formatted(how)));
        return next + 1;
      }
    }
  }

  private Reader text(int start) throws IOException {
    return CharSource.concat(
            Iterables.transform(
                lines.subList(start, lines.size()), line -> CharSource.wrap(line.text() + "\n")))
        .openStream();
  }

  private void accept(List<String> cells, List<TextFile.Line> of) throws IOException {
    if (cells.stream().allMatch(String::isBlank)) {
      return;
    }
    String place = place((int) of.get(0).number() - 1);
    Optional<String> bytes = of.stream().flatMap(line -> line.problem().stream()).findFirst();
    if (bytes.isPresent()) {
      problems.add(new Problem(place, bytes.get()));
    } else if (begun || !isHeader(cells)) {
      row(new ArrayList<>(cells), place);
    }
    begun = true;
  }

  private boolean isHeader(List<String> cells) throws IOException {
    Optional<String> imageName = reading.imageOf(cells);
    Optional<String> textName = reading.textOf(cells);
    boolean named = textName.isPresent() || Reading.hasNoCaption(cells);
    if (!reading.noHeader() && imageName.isPresent() && named) {
      header = cells;
      image = cells.indexOf(imageName.get());
      text = textName.map(cells::indexOf).orElse(-1);
      return true;
    }
    if (reading.given()) {
      throw new IOException(
          "%s: the first row has no column %s and %s; it has %s"
              .formatted(
                  file,
                  Joiner.on('/').join(reading.image()),
                  Joiner.on('/').join(reading.text()),
                  Joiner.on(", ").join(cells)));
    }
    if (!reading.noHeader() && cells.size() > 2) {
      throw unknownHeader(cells);
    }
    first = cells;
    return false;
  }

  /** A first row that could be data, but names no image although others do. */
  private void refuseUnknownHeader(List<Row> found) throws IOException {
    boolean doubtful =
        !reading.noHeader()
            && !first.isEmpty()
            && !first.get(0).matches(NUMBERED)
            && !isImage.test(first.get(0).strip());
    if (doubtful && found.stream().anyMatch(row -> isImage.test(row.image()))) {
      throw unknownHeader(first);
    }
  }

  private IOException unknownHeader(List<String> cells) {
    return new IOException(
        ("%s: the first row names no image and caption column; its cells are %s; if it is a header,"
                + " name the image column and the caption column; if it is data, say that there is"
                + " no header (the first cell is the image then, the rest its caption)")
            .formatted(
                file,
                cells.stream().map(cell -> '"' + cell + '"').collect(Collectors.joining(", "))));
  }

  private void row(List<String> cells, String place) {
    int width = header.isEmpty() ? 2 : header.size();
    if (cells.size() > width && text == width - 1) {
      List<String> rest = cells.subList(text, cells.size());
      String joined = Joiner.on(separator).join(rest);
      rest.clear();
      cells.add(joined);
    }
    if (cells.size() != width) {
      problems.add(new Problem(place, problem(cells, width)));
      return;
    }
    Columns.Builder columns = Columns.builder();
    for (int i = 0; i < header.size(); i++) {
      if (i != image && i != text && !header.get(i).isBlank()) {
        columns.text(header.get(i).strip(), cells.get(i).strip());
      }
    }
    List<String> texts = text < 0 ? List.of() : List.of(cells.get(text).strip());
    rows.add(new Row(cells.get(image).strip(), texts, columns.build(), place));
  }

  private String problem(List<String> cells, int width) {
    if (header.isEmpty()) {
      return "has one cell, an image and its caption are expected: \"%s\"".formatted(cells.get(0));
    }
    return "has %d cell%s, the header has %d%s"
        .formatted(
            cells.size(),
            cells.size() == 1 ? "" : "s",
            width,
            separator == '\t' ? "" : "; quote cells that hold a \"%s\"".formatted(separator));
  }

  private String place(int line) {
    return "%s line %d".formatted(file, line + 1);
  }
}
