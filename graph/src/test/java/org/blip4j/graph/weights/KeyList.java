package org.blip4j.graph.weights;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.zip.GZIPInputStream;
import org.tensorflow.ndarray.Shape;

/** Names and shapes of the state dict of a published model. */
final class KeyList {
  private KeyList() {}

  static Map<String, Shape> shapes(String list) throws IOException {
    Map<String, Shape> shapes = new LinkedHashMap<>();
    for (List<String> row : rows(list)) {
      shapes.put(row.get(0), shape(row.get(1)));
    }
    return shapes;
  }

  /** Groups of names that share one storage. */
  static List<List<String>> tied(String list) throws IOException {
    return rows(list + ".tied");
  }

  private static List<List<String>> rows(String list) throws IOException {
    try (BufferedReader reader =
        new BufferedReader(
            new InputStreamReader(
                new GZIPInputStream(KeyList.class.getResourceAsStream("keys/" + list + ".tsv.gz")),
                StandardCharsets.UTF_8))) {
      return reader.lines().map(line -> List.of(line.split("\t", -1))).toList();
    }
  }

  private static Shape shape(String text) {
    String sizes = text.substring(1, text.length() - 1);
    if (sizes.isEmpty()) {
      return Shape.scalar();
    }
    String[] parts = sizes.split(",", -1);
    long[] dims = new long[parts.length];
    for (int i = 0; i < parts.length; i++) {
      dims[i] = Long.parseLong(parts[i]);
    }
    return Shape.of(dims);
  }
}
