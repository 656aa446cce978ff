package org.blip4j.tools.verify;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.tensorflow.ndarray.Shape;

/**
 * Names, shapes and types of the state dict of one published model.
 *
 * @param file the list: a line each of name, {@code [sizes]} and type, tab-separated
 * @param tensors by name, in the order of the file
 * @param tied groups of names that share one storage; empty without a list of them
 */
record KeyList(Path file, Map<String, Tensor> tensors, List<List<String>> tied) {
  private static final String ENDING = ".tsv";
  private static final String TIED = ".tied.tsv";

  /** One tensor. */
  record Tensor(Shape shape, boolean integer) {}

  static boolean isList(Path file) {
    String name = file.getFileName().toString();
    return name.endsWith(ENDING) && !name.endsWith(TIED);
  }

  static KeyList read(Path file) throws IOException {
    Map<String, Tensor> tensors = new LinkedHashMap<>();
    for (String line : Files.readAllLines(file)) {
      String[] fields = line.split("\t", -1);
      if (fields.length != 3 || tensors.containsKey(fields[0])) {
        throw new IOException(file + ": not a new name with shape and type: " + line);
      }
      tensors.put(fields[0], new Tensor(shape(file, fields[1]), integer(file, fields[2])));
    }
    String name = file.getFileName().toString();
    Path groups = file.resolveSibling(name.replace(ENDING, TIED));
    List<List<String>> tied = new ArrayList<>();
    if (Files.exists(groups)) {
      for (String line : Files.readAllLines(groups)) {
        tied.add(List.of(line.split("\t", -1)));
      }
    }
    return new KeyList(file, tensors, tied);
  }

  private static Shape shape(Path file, String text) throws IOException {
    if (!text.matches("\\[(\\d+(,\\d+)*)?]")) {
      throw new IOException(file + ": not a shape: " + text);
    }
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

  private static boolean integer(Path file, String type) throws IOException {
    return switch (type) {
      case "int64" -> true;
      case "float32" -> false;
      default -> throw new IOException(file + ": a tensor of type " + type);
    };
  }

  /** The name of the model: {@code caption-base}. */
  String model() {
    String name = file.getFileName().toString();
    return name.substring(0, name.length() - ENDING.length());
  }

  /** Number of elements of all tensors together. */
  long values() {
    return tensors.values().stream().mapToLong(tensor -> tensor.shape().size()).sum();
  }

  /** The shapes alone. */
  Map<String, Shape> shapes() {
    Map<String, Shape> shapes = new LinkedHashMap<>();
    tensors.forEach((name, tensor) -> shapes.put(name, tensor.shape()));
    return shapes;
  }
}
