package org.blip4j.data.dataset;

import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * Rows of a CSV file (RFC 4180: quoted cells may hold separators, line ends and doubled quotes).
 *
 * <p>The separator is a tab in {@code .tsv} files; otherwise the first of comma, tab and bar that
 * the first line has.
 */
record CsvTable(char separator, List<Row> rows) {
  /** One row and the line it begins on. */
  record Row(int line, List<String> cells) {}

  static CsvTable read(Path file) throws IOException {
    String text;
    try {
      text = Files.readString(file, StandardCharsets.UTF_8);
    } catch (CharacterCodingException e) {
      throw new IOException(file + ": is not UTF-8; save it as UTF-8", e);
    }
    if (text.startsWith("\ufeff")) {
      text = text.substring(1);
    }
    boolean tabs = file.toString().toLowerCase(Locale.ROOT).endsWith(".tsv");
    char separator = tabs ? '\t' : separator(text.lines().findFirst().orElse(""));
    return new CsvTable(separator, new Parser(file, text, separator).rows());
  }

  private static char separator(String firstLine) {
    for (char c : new char[] {',', '\t', '|'}) {
      if (firstLine.indexOf(c) >= 0) {
        return c;
      }
    }
    return ',';
  }

  private static final class Parser {
    private final Path file;
    private final String text;
    private final char separator;
    private final List<Row> rows = new ArrayList<>();
    private List<String> cells = new ArrayList<>();
    private int at;
    private int line = 1;

    Parser(Path file, String text, char separator) {
      this.file = file;
      this.text = text;
      this.separator = separator;
    }

    List<Row> rows() throws IOException {
      while (at < text.length()) {
        int begin = line;
        boolean more = true;
        while (more) {
          cells.add(at < text.length() && text.charAt(at) == '"' ? quoted(begin) : plain());
          more = at < text.length() && text.charAt(at) == separator;
          at += more ? 1 : 0;
        }
        endLine(begin);
      }
      return rows;
    }

    private String plain() {
      int start = at;
      while (at < text.length() && text.charAt(at) != separator && !isLineEnd()) {
        at++;
      }
      return text.substring(start, at);
    }

    private String quoted(int begin) throws IOException {
      StringBuilder cell = new StringBuilder();
      for (at++; at < text.length(); at++) {
        char c = text.charAt(at);
        if (c == '"') {
          if (at + 1 == text.length() || text.charAt(at + 1) != '"') {
            at++;
            return cell.append(plain()).toString();
          }
          at++;
        } else if (c == '\n') {
          line++;
        }
        cell.append(c);
      }
      throw new IOException(
          "%s line %d: a quote is opened and never closed; double quotes inside cells"
              .formatted(file, begin));
    }

    private boolean isLineEnd() {
      return text.charAt(at) == '\n' || text.charAt(at) == '\r';
    }

    private void endLine(int begin) {
      if (at < text.length() && text.charAt(at) == '\r') {
        at++;
      }
      if (at < text.length() && text.charAt(at) == '\n') {
        at++;
      }
      line++;
      boolean blank = cells.size() == 1 && cells.get(0).isBlank();
      if (!blank) {
        rows.add(new Row(begin, cells));
      }
      cells = new ArrayList<>();
    }
  }
}
