package org.blip4j.data.weights;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.google.common.base.Ascii;
import com.google.common.collect.ImmutableMap;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.tensorflow.ndarray.Shape;

/**
 * A safetensors file: 8-byte header length, JSON header, tensor bytes.
 *
 * <p>The whole header is checked before anything is read: every tensor inside the file, of exactly
 * the bytes that its shape needs, none over another, no gaps, no name twice.
 */
public final class SafetensorsFile implements WeightFile {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final String METADATA = "__metadata__";
  private static final int LENGTH_BYTES = 8;
  private static final long LONGEST = 100_000_000;
  private static final int SHOWN = 200;

  private final Path path;
  private final FileChannel channel;
  private final Header header;

  private SafetensorsFile(Path path, FileChannel channel, Header header) {
    this.path = path;
    this.channel = channel;
    this.header = header;
  }

  static SafetensorsFile open(Path path) throws IOException {
    FileChannel channel = FileChannel.open(path, StandardOpenOption.READ);
    try {
      return new SafetensorsFile(path, channel, read(FileRegion.whole(path, channel)));
    } catch (IOException | RuntimeException e) {
      channel.close();
      throw e;
    }
  }

  @Override
  public Path path() {
    return path;
  }

  @Override
  public String kind() {
    return "safetensors";
  }

  @Override
  public ImmutableMap<String, StoredTensor> tensors() {
    return header.tensors();
  }

  /** The strings under {@code __metadata__}; empty if there are none. */
  @Override
  public ImmutableMap<String, String> metadata() {
    return header.metadata();
  }

  @Override
  public void close() throws IOException {
    channel.close();
  }

  /**
   * The checked header.
   *
   * @param tensors the tensors by name, in the order of the header
   * @param metadata the free strings
   */
  private record Header(
      ImmutableMap<String, StoredTensor> tensors, ImmutableMap<String, String> metadata) {}

  private record Span(String name, long begin, long end) {}

  private static Header read(FileRegion file) throws IOException {
    long length = file.copy(0, LENGTH_BYTES).getLong();
    if (length < 0 || length > LONGEST) {
      throw new WeightFileException(
          file.path(),
          "safetensors header claims %d bytes, the most is %d".formatted(length, LONGEST));
    }
    if (length > file.length() - LENGTH_BYTES) {
      throw new WeightFileException(
          file.path(),
          "the file is cut off inside its header: %d bytes of %d"
              .formatted(file.length() - LENGTH_BYTES, length));
    }
    Map<String, JsonNode> entries = parse(file.path(), file.bytes(LENGTH_BYTES, (int) length));
    JsonNode metadata = entries.remove(METADATA);
    long dataAt = LENGTH_BYTES + length;
    FileRegion data = file.slice(dataAt, file.length() - dataAt);
    ImmutableMap.Builder<String, StoredTensor> tensors = ImmutableMap.builder();
    List<Span> spans = new ArrayList<>();
    for (Map.Entry<String, JsonNode> entry : entries.entrySet()) {
      Entry parsed = entry(data, entry.getKey(), entry.getValue());
      spans.add(parsed.span);
      tensors.put(
          entry.getKey(),
          StoredTensor.of(
              entry.getKey(),
              parsed.type,
              TensorView.contiguous(parsed.shape),
              data.slice(parsed.span.begin, parsed.span.end - parsed.span.begin)));
    }
    checkCoverage(data, spans);
    return new Header(tensors.buildOrThrow(), strings(metadata));
  }

  private record Entry(WeightType type, Shape shape, Span span) {}

  private static Map<String, JsonNode> parse(Path path, byte[] text) throws IOException {
    Map<String, JsonNode> entries = new LinkedHashMap<>();
    try (JsonParser parser = JSON.createParser(text)) {
      if (parser.nextToken() != JsonToken.START_OBJECT) {
        throw new WeightFileException(path, "the safetensors header is not a JSON object");
      }
      while (parser.nextToken() == JsonToken.FIELD_NAME) {
        String name = parser.currentName();
        parser.nextToken();
        JsonNode value = parser.readValueAsTree();
        if (entries.put(name, value) != null) {
          throw new WeightFileException(path, "the header names tensor " + name + " twice");
        }
      }
      if (parser.currentToken() != JsonToken.END_OBJECT) {
        throw new WeightFileException(path, "the safetensors header does not end");
      }
    } catch (JsonProcessingException e) {
      throw new WeightFileException(
          path,
          "the safetensors header is not valid JSON at byte "
              + (LENGTH_BYTES + e.getLocation().getByteOffset()));
    }
    return entries;
  }

  private static Entry entry(FileRegion data, String name, JsonNode node) throws IOException {
    String dtype = node.path("dtype").asText("");
    Optional<WeightType> type =
        Arrays.stream(WeightType.values()).filter(known -> known.name().equals(dtype)).findFirst();
    if (type.isEmpty()) {
      throw new WeightFileException(
          data.path(),
          "tensor %s has dtype '%s', expected one of %s"
              .formatted(name, dtype, Arrays.toString(WeightType.values())));
    }
    JsonNode offsets = node.path("data_offsets");
    if (!wholeNumbers(node.path("shape")) || !wholeNumbers(offsets) || offsets.size() != 2) {
      throw new WeightFileException(
          data.path(),
          "tensor %s lacks a proper shape or data_offsets: %s"
              .formatted(name, Ascii.truncate(node.toString(), SHOWN, " ...")));
    }
    Span span = new Span(name, offsets.get(0).longValue(), offsets.get(1).longValue());
    if (span.begin > span.end) {
      throw new WeightFileException(
          data.path(),
          "tensor %s ends (%d) before it begins (%d)".formatted(name, span.end, span.begin));
    }
    if (span.end > data.length()) {
      throw new WeightFileException(
          data.path(),
          "tensor %s ends at byte %d, but only %d data bytes are there: the file is cut off or its"
                  .formatted(name, span.end, data.length())
              + " header lies");
    }
    Shape shape = shape(node.path("shape"));
    long needed = bytes(shape, type.get());
    if (needed != span.end - span.begin) {
      throw new WeightFileException(
          data.path(),
          "tensor %s of %s%s needs %s bytes, its data_offsets give %d"
              .formatted(
                  name,
                  type.get(),
                  shape,
                  needed < 0 ? "too many" : needed,
                  span.end - span.begin));
    }
    return new Entry(type.get(), shape, span);
  }

  private static boolean wholeNumbers(JsonNode array) {
    if (!array.isArray()) {
      return false;
    }
    for (JsonNode number : array) {
      if (!number.isIntegralNumber() || !number.canConvertToLong() || number.longValue() < 0) {
        return false;
      }
    }
    return true;
  }

  private static Shape shape(JsonNode sizes) {
    long[] dims = new long[sizes.size()];
    for (int axis = 0; axis < dims.length; axis++) {
      dims[axis] = sizes.get(axis).longValue();
    }
    return Shape.of(dims);
  }

  /** Bytes of a tensor, -1 if more than a long counts. */
  private static long bytes(Shape shape, WeightType type) {
    long bytes = type.bytes();
    try {
      for (long size : shape.asArray()) {
        bytes = Math.multiplyExact(bytes, size);
      }
    } catch (ArithmeticException e) {
      return -1;
    }
    return bytes;
  }

  private static void checkCoverage(FileRegion data, List<Span> spans) throws IOException {
    spans.sort(Comparator.comparingLong(Span::begin).thenComparingLong(Span::end));
    long covered = 0;
    String before = "the header";
    for (Span span : spans) {
      if (span.begin != covered) {
        throw new WeightFileException(
            data.path(),
            span.begin < covered
                ? "tensors %s and %s overlap".formatted(before, span.name)
                : "%d bytes between %s and tensor %s belong to no tensor"
                    .formatted(span.begin - covered, before, span.name));
      }
      covered = span.end;
      before = span.name;
    }
    if (covered != data.length()) {
      throw new WeightFileException(
          data.path(),
          "%d bytes after the last tensor belong to no tensor".formatted(data.length() - covered));
    }
  }

  private static ImmutableMap<String, String> strings(JsonNode metadata) {
    ImmutableMap.Builder<String, String> strings = ImmutableMap.builder();
    if (metadata != null) {
      for (Map.Entry<String, JsonNode> entry : metadata.properties()) {
        strings.put(entry.getKey(), entry.getValue().asText());
      }
    }
    return strings.buildOrThrow();
  }
}
