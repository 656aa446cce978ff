package org.blip4j.data.dataset;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.google.common.collect.ImmutableList;
import java.io.BufferedReader;
import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * Rows of named strings, one a line: values with tabs between, or JSON objects with those names. A
 * line that is neither is a row with a problem, unless it is the first, which rather means that the
 * file is of another kind.
 */
public final class RowFile implements Closeable {
  private static final JsonMapper MAPPER = new JsonMapper();

  private final String name;
  private final ImmutableList<String> columns;
  private final BufferedReader reader;
  private int line;

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
    this.name = name;
    this.columns = ImmutableList.copyOf(columns);
    InputStream bytes = name.equals("-") ? in : Files.newInputStream(Path.of(name));
    this.reader = new BufferedReader(new InputStreamReader(bytes, StandardCharsets.UTF_8));
  }

  /**
   * The next row that is not blank; empty at the end.
   *
   * @throws IOException if the first line cannot be used
   */
  public Optional<Row> next() throws IOException {
    for (String text = reader.readLine(); text != null; text = reader.readLine()) {
      line++;
      if (!text.isBlank()) {
        return Optional.of(row(text));
      }
    }
    return Optional.empty();
  }

  private Row row(String text) throws IOException {
    String place = (name.equals("-") ? "standard input" : name) + ", line " + line;
    try {
      return new Row(place, text.startsWith("{") ? json(text) : tabbed(text), Optional.empty());
    } catch (IllegalArgumentException e) {
      if (line == 1) {
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
    try {
      JsonNode node = MAPPER.readTree(text);
      ImmutableList.Builder<String> values = ImmutableList.builder();
      for (String column : columns) {
        if (!node.path(column).isTextual()) {
          throw new IllegalArgumentException(
              "expected an object with the strings " + String.join(", ", columns));
        }
        values.add(node.get(column).textValue());
      }
      return values.build();
    } catch (JsonProcessingException e) {
      throw new IllegalArgumentException("not a JSON object: " + e.getOriginalMessage(), e);
    }
  }

  @Override
  public void close() throws IOException {
    reader.close();
  }
}
