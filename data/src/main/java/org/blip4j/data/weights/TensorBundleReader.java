package org.blip4j.data.weights;

import com.google.common.collect.ImmutableMap;
import com.google.protobuf.InvalidProtocolBufferException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.Map;
import java.util.TreeMap;
import org.blip4j.data.file.MaskedCrc;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.proto.BundleEntryProto;
import org.tensorflow.proto.BundleHeaderProto;
import org.tensorflow.proto.DataType;
import org.tensorflow.proto.TensorShapeProto;

/**
 * Reads a TensorFlow V2 checkpoint without a session.
 *
 * <p>{@code TensorBundleReader.open(Path.of("model/variables"))} reads the index alone; single
 * tensors are read and checked against their checksum when asked for. No file stays open.
 */
public final class TensorBundleReader {
  private static final String INDEX = ".index";

  /**
   * One tensor, as the index describes it.
   *
   * @param name name of the variable
   * @param type element type
   * @param shape shape
   */
  public record Entry(String name, DataType type, Shape shape) {}

  /**
   * Where the bytes of a tensor lie.
   *
   * @param file the data file of the checkpoint
   * @param offset the first byte
   * @param length number of bytes
   */
  public record Region(Path file, long offset, long length) {}

  private final Path prefix;
  private final int shards;
  private final ImmutableMap<String, BundleEntryProto> entries;
  private final ImmutableMap<String, Entry> variables;

  private TensorBundleReader(Path prefix, int shards, Map<String, BundleEntryProto> entries)
      throws IOException {
    this.prefix = prefix;
    this.shards = shards;
    this.entries = ImmutableMap.copyOf(entries);
    ImmutableMap.Builder<String, Entry> named = ImmutableMap.builder();
    for (Map.Entry<String, BundleEntryProto> entry : entries.entrySet()) {
      BundleEntryProto proto = entry.getValue();
      named.put(
          entry.getKey(),
          new Entry(entry.getKey(), proto.getDtype(), shape(prefix, entry.getKey(), proto)));
    }
    this.variables = named.buildOrThrow();
  }

  /**
   * Opens a checkpoint.
   *
   * @param prefix path without {@code .index}
   * @throws IOException if there is no such checkpoint, or its index is damaged, compressed or
   *     big-endian; the message names the file
   */
  public static TensorBundleReader open(Path prefix) throws IOException {
    Path index = prefix.resolveSibling(prefix.getFileName() + INDEX);
    if (!Files.isRegularFile(index)) {
      throw new IOException(index + ": no such checkpoint index");
    }
    BundleHeaderProto.Builder header = BundleHeaderProto.newBuilder();
    Map<String, BundleEntryProto> entries = new TreeMap<>();
    try {
      SortedTable.scan(
          index,
          (key, value) -> {
            if (key.length == 0) {
              header.mergeFrom(BundleHeaderProto.parseFrom(value));
            } else {
              entries.put(
                  new String(key, StandardCharsets.UTF_8), BundleEntryProto.parseFrom(value));
            }
          });
    } catch (InvalidProtocolBufferException e) {
      throw new IOException(index + ": an entry of this index is damaged", e);
    }
    if (header.getNumShards() < 1) {
      throw new IOException(index + ": a table, but not the index of a checkpoint");
    }
    if (header.getEndianness() != BundleHeaderProto.Endianness.LITTLE) {
      throw new IOException(index + ": written big-endian; expected little-endian");
    }
    return new TensorBundleReader(prefix, header.getNumShards(), entries);
  }

  /** Whether a checkpoint with this prefix is there. */
  public static boolean exists(Path prefix) {
    return Files.isRegularFile(prefix.resolveSibling(prefix.getFileName() + INDEX));
  }

  /** All tensors by name, sorted. */
  public ImmutableMap<String, Entry> variables() {
    return variables;
  }

  /**
   * Reads a float32 tensor, row-major.
   *
   * @throws IllegalArgumentException if the checkpoint has no such tensor, or one of another type
   */
  public float[] floats(String name) throws IOException {
    ByteBuffer bytes = bytes(name, DataType.DT_FLOAT);
    float[] values = new float[bytes.remaining() / Float.BYTES];
    bytes.asFloatBuffer().get(values);
    return values;
  }

  /**
   * Reads an int64 tensor, row-major.
   *
   * @throws IllegalArgumentException if the checkpoint has no such tensor, or one of another type
   */
  public long[] longs(String name) throws IOException {
    ByteBuffer bytes = bytes(name, DataType.DT_INT64);
    long[] values = new long[bytes.remaining() / Long.BYTES];
    bytes.asLongBuffer().get(values);
    return values;
  }

  /**
   * Where the elements of a tensor lie, row-major and little-endian, after their checksum was found
   * right.
   *
   * @throws IllegalArgumentException if the checkpoint has no such tensor
   */
  public Region region(String name) throws IOException {
    BundleEntryProto entry = entry(name);
    Path data = checked(name, entry).file();
    return new Region(data, entry.getOffset(), entry.getSize());
  }

  private BundleEntryProto entry(String name) {
    BundleEntryProto entry = entries.get(name);
    if (entry == null) {
      throw new IllegalArgumentException(prefix + " has no tensor " + name);
    }
    return entry;
  }

  private ByteBuffer bytes(String name, DataType type) throws IOException {
    BundleEntryProto entry = entry(name);
    if (entry.getDtype() != type) {
      throw new IllegalArgumentException(
          "tensor %s of %s is %s, expected %s".formatted(name, prefix, entry.getDtype(), type));
    }
    return checked(name, entry).bytes();
  }

  private record Checked(Path file, ByteBuffer bytes) {}

  private Checked checked(String name, BundleEntryProto entry) throws IOException {
    if (entry.getSlicesCount() > 0) {
      throw new IOException(prefix + ": tensor " + name + " is stored in slices; save it whole");
    }
    Path data =
        prefix.resolveSibling(
            "%s.data-%05d-of-%05d".formatted(prefix.getFileName(), entry.getShardId(), shards));
    ByteBuffer bytes = read(data, name, entry);
    if (MaskedCrc.of(bytes.duplicate()) != entry.getCrc32C()) {
      throw new IOException(data + ": the checksum of tensor " + name + " does not match");
    }
    return new Checked(data, bytes);
  }

  private static ByteBuffer read(Path data, String name, BundleEntryProto entry)
      throws IOException {
    if (!Files.isRegularFile(data)) {
      throw new IOException(data + ": the data file of this checkpoint is missing");
    }
    try (FileChannel channel = FileChannel.open(data, StandardOpenOption.READ)) {
      long size = entry.getSize();
      if (entry.getOffset() < 0 || size < 0 || entry.getOffset() > channel.size() - size) {
        throw new IOException(data + ": cut off before the end of tensor " + name);
      }
      if (size > Integer.MAX_VALUE) {
        throw new IOException(
            "%s: tensor %s has %d bytes; at most 2 GiB are read".formatted(data, name, size));
      }
      ByteBuffer bytes = channel.map(FileChannel.MapMode.READ_ONLY, entry.getOffset(), size);
      return bytes.order(ByteOrder.LITTLE_ENDIAN);
    }
  }

  /** The shape, found to be that of the bytes. */
  private static Shape shape(Path prefix, String name, BundleEntryProto entry) throws IOException {
    TensorShapeProto proto = entry.getShape();
    long[] sizes = proto.getDimList().stream().mapToLong(TensorShapeProto.Dim::getSize).toArray();
    long bytes = entry.getDtype() == DataType.DT_INT64 ? Long.BYTES : Float.BYTES;
    try {
      for (long size : sizes) {
        bytes = size < 0 ? -1 : Math.multiplyExact(bytes, size);
      }
    } catch (ArithmeticException e) {
      bytes = -1;
    }
    boolean known = entry.getDtype() == DataType.DT_INT64 || entry.getDtype() == DataType.DT_FLOAT;
    if (proto.getUnknownRank() || bytes < 0 || (known && bytes != entry.getSize())) {
      throw new IOException(
          "%s%s: tensor %s of shape %s has %d bytes; the index is damaged"
              .formatted(prefix, INDEX, name, Arrays.toString(sizes), entry.getSize()));
    }
    return Shape.of(sizes);
  }
}
