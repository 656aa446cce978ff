package org.blip4j.data.dataset;

import com.fasterxml.jackson.databind.JsonNode;
import com.google.common.collect.ImmutableList;
import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.blip4j.data.file.JsonFile;
import org.blip4j.data.file.TextFile;

/**
 * Rows of named strings, one a line: values with tabs between, or JSON objects with those names. A
 * line that is neither is a row with a problem, unless it is the first, which rather means that the
 * file is of another kind.
 */
public final class RowFile implements Closeable {
  private final ImmutableList<String> columns;
  private final TextFile lines;

  /**
   * One line.
   *
   * @param place file and number of the line, for messages
   * @param values one for each column; none if there is a problem
   * @param problem why the line cannot be used
   */
  public record Row(String place, ImmutableList<String> values, Optional<String> problem) {}

  /** Opens a file; {@code -} is standard input. */
  public RowFile(String name, InputStream in, String... columns) throws IOException {
    this.columns = ImmutableList.copyOf(columns);
    this.lines =
        name.equals("-") ? TextFile.open("standard input", in) : TextFile.open(Path.of(name));
  }

  /**
   * The next row that is not blank; empty at the end.
   *
   * @throws IOException if the first line cannot be used
   */
  public Optional<Row> next() throws IOException {
    for (Optional<TextFile.Line> l = lines.next(); l.isPresent(); l = lines.next()) {
      if (!l.get().text().isBlank()) {
        return Optional.of(row(l.get()));
      }
    }
    return Optional.empty();
  }

  private Row row(TextFile.Line line) throws IOException {
    String place = lines.name() + ", line " + line.number();
    try {
      if (line.problem().isPresent()) {
        throw new IllegalArgumentException(line.problem().get());
      }
      String text = line.text();
      return new Row(place, text.startsWith("{") ? json(text) : tabbed(text), Optional.empty());
    } catch (IllegalArgumentException e) {
      if (line.number() == 1) {
        throw new IOException(place + ": " + e.getMessage(), e);
      }
      return new Row(place, ImmutableList.of(), Optional.of(e.getMessage()));
    }
  }

  /** The last value may have tabs of its own. */
  private ImmutableList<String> tabbed(String text) {
    List<String> values = List.of(text.split("\t", columns.size()));
    boolean named = values.subList(0, values.size() - 1).stream().noneMatch(String::isEmpty);
    if (values.size() < columns.size() || !named) {
      throw new IllegalArgumentException(
          "expected %s, or a JSON object with %s"
              .formatted(String.join("<tab>", columns), String.join(", ", columns)));
    }
    return ImmutableList.copyOf(values);
  }

  private ImmutableList<String> json(String text) {
    JsonNode node;
    try {
      node = JsonFile.parse(text, "").tree();
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException(e.getMessage().substring(2), e);
    }
    ImmutableList.Builder<String> values = ImmutableList.builder();
    for (String column : columns) {
      if (!node.path(column).isTextual()) {
        throw new IllegalArgumentException(
            "expected an object with the strings " + String.join(", ", columns));
      }
      values.add(node.get(column).textValue());
    }
    return values.build();
  }

  @Override
  public void close() throws IOException {
    lines.close();
  }
}
