package org.blip4j.savedmodel.evaluate;

import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.Closeable;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.EOFException;
import java.io.FileInputStream;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.zip.CRC32C;

/**
 * Rows of numbers that were computed, one an image, kept in a file so that a second start goes on
 * where the first one ended. A row that a killed process has left half-written is dropped.
 */
final class FinishedRows implements Closeable {
  private static final int LARGEST = 1 << 28;

  private final Map<Integer, Row> before = new HashMap<>();
  private final Optional<DataOutputStream> out;

  /**
   * What was computed of an image.
   *
   * @param texts which texts it is about; may be empty
   * @param values any number
   */
  @SuppressWarnings("ArrayRecordComponent") // equality is not used
  record Row(int image, int[] texts, float[] values) {
    private byte[] bytes() {
      ByteBuffer bytes = ByteBuffer.allocate(4 * (3 + texts.length + values.length));
      bytes.putInt(image).putInt(texts.length).putInt(values.length);
      bytes.asIntBuffer().put(texts);
      bytes.position(bytes.position() + 4 * texts.length);
      bytes.asFloatBuffer().put(values);
      return bytes.array();
    }

    private static Row of(byte[] all, int texts, int values) {
      ByteBuffer bytes = ByteBuffer.wrap(all);
      Row row = new Row(bytes.getInt(), new int[texts], new float[values]);
      bytes.position(12);
      bytes.asIntBuffer().get(row.texts);
      bytes.position(12 + 4 * texts);
      bytes.asFloatBuffer().get(row.values);
      return row;
    }
  }

  private FinishedRows(Optional<Path> file) throws IOException {
    if (file.isPresent()) {
      long whole = Files.exists(file.get()) ? read(file.get()) : 0;
      try (RandomAccessFile cut = new RandomAccessFile(file.get().toFile(), "rw")) {
        cut.setLength(whole);
      }
      out =
          Optional.of(
              new DataOutputStream(
                  new BufferedOutputStream(new FileOutputStream(file.get().toFile(), true))));
    } else {
      out = Optional.empty();
    }
  }

  /** Reads what a file has, if there is one, and goes on writing to it; without one keeps none. */
  static FinishedRows open(Optional<Path> file) throws IOException {
    return new FinishedRows(file);
  }

  private long read(Path file) throws IOException {
    long whole = 0;
    try (DataInputStream in =
        new DataInputStream(new BufferedInputStream(new FileInputStream(file.toFile())))) {
      while (true) {
        byte[] head = in.readNBytes(12);
        ByteBuffer numbers = ByteBuffer.wrap(head);
        if (head.length < 12 || numbers.getInt(4) < 0 || numbers.getInt(8) < 0) {
          return whole;
        }
        long length = 4L * numbers.getInt(4) + 4L * numbers.getInt(8);
        byte[] rest = in.readNBytes((int) Math.min(LARGEST, length));
        byte[] all = ByteBuffer.allocate(12 + rest.length).put(head).put(rest).array();
        if (rest.length < length || in.readInt() != checksum(all)) {
          return whole;
        }
        Row row = Row.of(all, numbers.getInt(4), numbers.getInt(8));
        before.put(row.image(), row);
        whole += all.length + 4L;
      }
    } catch (EOFException e) {
      return whole;
    }
  }

  private static int checksum(byte[] bytes) {
    CRC32C crc = new CRC32C();
    crc.update(bytes);
    return (int) crc.getValue();
  }

  /** What an earlier start has computed of an image. */
  Optional<Row> of(int image) {
    return Optional.ofNullable(before.get(image));
  }

  /** Keeps a row; it is on the way to the disk when this returns. */
  void add(Row row) throws IOException {
    if (out.isPresent()) {
      byte[] bytes = row.bytes();
      out.get().write(bytes);
      out.get().writeInt(checksum(bytes));
      out.get().flush();
    }
  }

  @Override
  public void close() throws IOException {
    if (out.isPresent()) {
      out.get().close();
    }
  }
}
