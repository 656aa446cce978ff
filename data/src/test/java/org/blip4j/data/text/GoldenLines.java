package org.blip4j.data.text;

import com.google.common.base.Splitter;
import com.google.common.io.Resources;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;

/** Reads the tab-separated reference files of {@code golden/}, escapes resolved. */
final class GoldenLines {
  private GoldenLines() {}

  static List<List<String>> read(String name) throws IOException {
    return Resources.readLines(Resources.getResource("golden/" + name), StandardCharsets.UTF_8)
        .stream()
        .map(
            line -> Splitter.on('\t').splitToList(line).stream().map(GoldenLines::resolve).toList())
        .toList();
  }

  static int[] ids(String field) {
    return Arrays.stream(field.split(" ", -1)).mapToInt(Integer::parseInt).toArray();
  }

  private static String resolve(String field) {
    StringBuilder out = new StringBuilder();
    for (int i = 0; i < field.length(); i++) {
      char c = field.charAt(i);
      if (c != '\\') {
        out.append(c);
      } else if (field.charAt(++i) == 'u') {
        out.append((char) Integer.parseInt(field, i + 1, i + 5, 16));
        i += 4;
      } else {
        out.append(field.charAt(i));
      }
    }
    return out.toString();
  }
}
