package org.blip4j.ops.text;

import com.google.common.base.Splitter;
import com.google.common.io.Resources;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;

/** Texts of the test resources with what the published code makes of them. */
final class TextCases {
  private TextCases() {}

  /** Tokens that the lines need, in id order. */
  static List<String> pieces() {
    return lines("pieces.txt");
  }

  /** The lines of a file, split at tabs, unescaped. */
  static List<List<String>> rows(String file) {
    return lines(file).stream()
        .map(line -> Splitter.on('\t').splitToList(line).stream().map(TextCases::unescape).toList())
        .toList();
  }

  private static List<String> lines(String file) {
    try {
      return Resources.readLines(Resources.getResource("text/" + file), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static String unescape(String text) {
    StringBuilder out = new StringBuilder();
    for (int i = 0; i < text.length(); i++) {
      if (text.charAt(i) != '\\') {
        out.append(text.charAt(i));
      } else if (text.charAt(++i) == 'u') {
        out.append((char) Integer.parseInt(text.substring(i + 1, i + 5), 16));
        i += 4;
      } else {
        out.append(text.charAt(i));
      }
    }
    return out.toString();
  }
}
