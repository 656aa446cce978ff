package org.blip4j.data.weights;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.google.common.collect.ImmutableMap;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import org.blip4j.data.file.AtomicFolder;
import org.tensorflow.ndarray.Shape;

/**
 * Writes a safetensors file: beside its place first, then renamed, one tensor in memory at a time.
 */
public final class SafetensorsWriter {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final int ALIGNMENT = 8;
  private static final int CHUNK = 1 << 20;

  private SafetensorsWriter() {}

  /** Something to write: floats ({@code F32}) or longs ({@code I64}), made when its turn comes. */
  public sealed interface Entry permits Floats, Longs {
    /** The name in the file. */
    String name();

    /** The shape. */
    Shape shape();
  }

  /** Floats. */
  public record Floats(String name, Shape shape, FloatSource values) implements Entry {}

  /** Longs. */
  public record Longs(String name, Shape shape, LongSource values) implements Entry {}

  /** Gives the floats of a tensor, row-major. */
  @FunctionalInterface
  public interface FloatSource {
    /** The values. */
    float[] get() throws IOException;
  }

  /** Gives the longs of a tensor, row-major. */
  @FunctionalInterface
  public interface LongSource {
    /** The values. */
    long[] get() throws IOException;
  }

  /**
   * Writes the entries in their order; an existing file is replaced only when all is written.
   *
   * @throws IllegalArgumentException if a name comes twice or a value has not its shape's size
   */
  public static void write(Path path, List<? extends Entry> entries) throws IOException {
    write(path, ImmutableMap.of(), entries);
  }

  /**
   * The same with strings about the file.
   *
   * @param metadata strings under {@code __metadata__}, beside {@code format}
   */
  public static void write(
      Path path, ImmutableMap<String, String> metadata, List<? extends Entry> entries)
      throws IOException {
    try (AtomicFolder place = AtomicFolder.reserve(path)) {
      try (FileChannel channel =
          FileChannel.open(place.path(), StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
        writeFully(channel, header(metadata, entries));
        for (Entry entry : entries) {
          writeValues(channel, entry);
        }
      }
      place.commit();
    }
  }

  private static ByteBuffer header(
      ImmutableMap<String, String> metadata, List<? extends Entry> entries) throws IOException {
    ObjectNode header = JSON.createObjectNode();
    ObjectNode strings = header.putObject("__metadata__").put("format", "pt");
    metadata.forEach(strings::put);
    long at = 0;
    for (Entry entry : entries) {
      if (header.has(entry.name())) {
        throw new IllegalArgumentException("tensor " + entry.name() + " comes twice");
      }
      WeightType type = entry instanceof Floats ? WeightType.F32 : WeightType.I64;
      ObjectNode node = header.putObject(entry.name()).put("dtype", type.name());
      ArrayNode shape = node.putArray("shape");
      for (long size : entry.shape().asArray()) {
        shape.add(size);
      }
      long end = at + entry.shape().size() * type.bytes();
      node.putArray("data_offsets").add(at).add(end);
      at = end;
    }
    byte[] text = JSON.writeValueAsBytes(header);
    int padded = (text.length + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    ByteBuffer bytes =
        ByteBuffer.allocate(Long.BYTES + padded).order(ByteOrder.LITTLE_ENDIAN).putLong(padded);
    bytes.put(text);
    while (bytes.hasRemaining()) {
      bytes.put((byte) ' ');
    }
    return bytes.flip();
  }

  private static void writeValues(FileChannel channel, Entry entry) throws IOException {
    ByteBuffer chunk = ByteBuffer.allocateDirect(CHUNK).order(ByteOrder.LITTLE_ENDIAN);
    if (entry instanceof Floats floats) {
      float[] values = floats.values().get();
      requireSize(entry, values.length);
      for (int at = 0; at < values.length; at += CHUNK / Float.BYTES) {
        int count = Math.min(CHUNK / Float.BYTES, values.length - at);
        chunk.clear().asFloatBuffer().put(values, at, count);
        writeFully(channel, chunk.limit(count * Float.BYTES));
      }
    } else if (entry instanceof Longs longs) {
      long[] values = longs.values().get();
      requireSize(entry, values.length);
      for (int at = 0; at < values.length; at += CHUNK / Long.BYTES) {
        int count = Math.min(CHUNK / Long.BYTES, values.length - at);
        chunk.clear().asLongBuffer().put(values, at, count);
        writeFully(channel, chunk.limit(count * Long.BYTES));
      }
    }
  }

  private static void requireSize(Entry entry, int size) {
    if (size != entry.shape().size()) {
      throw new IllegalArgumentException(
          "tensor %s of shape %s got %d values".formatted(entry.name(), entry.shape(), size));
    }
  }

  private static void writeFully(FileChannel channel, ByteBuffer bytes) throws IOException {
    while (bytes.hasRemaining()) {
      channel.write(bytes);
    }
  }
}
