package org.blip4j.data.weights;

import com.google.protobuf.ByteString;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Map;
import java.util.TreeMap;
import java.util.zip.CRC32C;
import org.blip4j.data.file.AtomicFolder;
import org.blip4j.data.file.MaskedCrc;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.proto.BundleEntryProto;
import org.tensorflow.proto.BundleHeaderProto;
import org.tensorflow.proto.DataType;
import org.tensorflow.proto.TensorShapeProto;
import org.tensorflow.proto.VersionDef;

/**
 * Writes a TensorFlow V2 checkpoint without a session, one tensor in memory at a time.
 *
 * <p>Everything is written beside its place; {@link #finish} moves the data and then the index, so
 * a checkpoint is there whole or not at all. Closing without finishing leaves nothing behind.
 */
public final class TensorBundleWriter implements AutoCloseable {
  private static final int CHUNK = 1 << 20;
  private static final int PRODUCER = 1;

  private final AtomicFolder data;
  private final AtomicFolder index;
  private final FileChannel channel;
  private final ByteBuffer chunk = ByteBuffer.allocateDirect(CHUNK).order(ByteOrder.LITTLE_ENDIAN);
  private final Map<ByteString, BundleEntryProto> entries =
      new TreeMap<>(ByteString.unsignedLexicographicalComparator());
  private long written;

  private TensorBundleWriter(Path prefix) throws IOException {
    String name = prefix.getFileName().toString();
    this.data = AtomicFolder.reserve(prefix.resolveSibling(name + ".data-00000-of-00001"));
    try {
      this.index = AtomicFolder.reserve(prefix.resolveSibling(name + ".index"));
      this.channel = open(data.path());
    } catch (IOException e) {
      data.close();
      throw e;
    }
  }

  /**
   * Starts a checkpoint.
   *
   * @param prefix path without {@code .index}, in a folder that exists
   */
  public static TensorBundleWriter create(Path prefix) throws IOException {
    return new TensorBundleWriter(prefix);
  }

  /**
   * Adds a float32 tensor.
   *
   * @throws IllegalArgumentException if the name was added before or the shape has another size
   */
  public void add(String name, Shape shape, float[] values) throws IOException {
    require(name, shape, values.length);
    long start = written;
    CRC32C crc = new CRC32C();
    for (int at = 0; at < values.length; at += CHUNK / Float.BYTES) {
      int count = Math.min(CHUNK / Float.BYTES, values.length - at);
      chunk.clear().asFloatBuffer().put(values, at, count);
      write(count * Float.BYTES, crc);
    }
    record(name, shape, DataType.DT_FLOAT, start, crc);
  }

  /**
   * Adds an int64 tensor.
   *
   * @throws IllegalArgumentException if the name was added before or the shape has another size
   */
  public void add(String name, Shape shape, long[] values) throws IOException {
    require(name, shape, values.length);
    long start = written;
    CRC32C crc = new CRC32C();
    for (int at = 0; at < values.length; at += CHUNK / Long.BYTES) {
      int count = Math.min(CHUNK / Long.BYTES, values.length - at);
      chunk.clear().asLongBuffer().put(values, at, count);
      write(count * Long.BYTES, crc);
    }
    record(name, shape, DataType.DT_INT64, start, crc);
  }

  /** Makes the checkpoint appear; it replaces one of the same prefix. */
  public void finish() throws IOException {
    channel.close();
    try (FileChannel out = open(index.path())) {
      SortedTable.Writer table = new SortedTable.Writer(out);
      BundleHeaderProto header =
          BundleHeaderProto.newBuilder()
              .setNumShards(1)
              .setEndianness(BundleHeaderProto.Endianness.LITTLE)
              .setVersion(VersionDef.newBuilder().setProducer(PRODUCER))
              .build();
      table.add(new byte[0], header.toByteArray());
      for (Map.Entry<ByteString, BundleEntryProto> entry : entries.entrySet()) {
        table.add(entry.getKey().toByteArray(), entry.getValue().toByteArray());
      }
      table.finish();
    }
    data.commit();
    index.commit();
  }

  @Override
  public void close() throws IOException {
    channel.close();
    data.close();
    index.close();
  }

  private void require(String name, Shape shape, int count) {
    if (entries.containsKey(key(name))) {
      throw new IllegalArgumentException("tensor " + name + " comes twice");
    }
    if (shape.size() != count) {
      throw new IllegalArgumentException(
          "tensor %s of shape %s got %d values".formatted(name, shape, count));
    }
  }

  private void write(int bytes, CRC32C crc) throws IOException {
    crc.update(chunk.position(0).limit(bytes));
    chunk.position(0);
    while (chunk.hasRemaining()) {
      written += channel.write(chunk);
    }
  }

  private void record(String name, Shape shape, DataType type, long start, CRC32C crc) {
    TensorShapeProto.Builder dims = TensorShapeProto.newBuilder();
    for (long size : shape.asArray()) {
      dims.addDim(TensorShapeProto.Dim.newBuilder().setSize(size));
    }
    entries.put(
        key(name),
        BundleEntryProto.newBuilder()
            .setDtype(type)
            .setShape(dims)
            .setOffset(start)
            .setSize(written - start)
            .setCrc32C(MaskedCrc.of(crc))
            .build());
  }

  private static ByteString key(String name) {
    return ByteString.copyFrom(name, StandardCharsets.UTF_8);
  }

  private static FileChannel open(Path path) throws IOException {
    return FileChannel.open(
        path,
        StandardOpenOption.CREATE,
        StandardOpenOption.TRUNCATE_EXISTING,
        StandardOpenOption.WRITE);
  }
}
