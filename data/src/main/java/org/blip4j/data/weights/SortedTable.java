package org.blip4j.data.weights;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.zip.CRC32C;

/**
 * A sorted string table as LevelDB writes it and TensorFlow's checkpoint index uses it: blocks of
 * prefix-compressed keys, a block of block positions, a footer of 48 bytes.
 */
public final class SortedTable {
  /** Last eight bytes of a table. */
  static final long MAGIC = 0xdb4775248b80fb57L;

  private static final int FOOTER_BYTES = 48;
  private static final int TRAILER_BYTES = 5;
  private static final int CRC_MASK = 0xa282ead8;

  private final Path path;
  private final ByteBuffer bytes;

  private SortedTable(Path path, ByteBuffer bytes) {
    this.path = path;
    this.bytes = bytes;
  }

  /** Takes the entries in the order of their keys. */
  @FunctionalInterface
  interface Visitor {
    void accept(byte[] key, ByteBuffer value) throws IOException;
  }

  /** Gives every entry of a table to {@code visitor}. */
  static void scan(Path path, Visitor visitor) throws IOException {
    ByteBuffer bytes = ByteBuffer.wrap(Files.readAllBytes(path)).order(ByteOrder.LITTLE_ENDIAN);
    new SortedTable(path, bytes).scan(visitor);
  }

  /** The checksum of some bytes, masked as LevelDB and TFRecord mask it. */
  public static int maskedCrc(ByteBuffer content) {
    CRC32C crc = new CRC32C();
    crc.update(content);
    return masked(crc);
  }

  /** A checksum, masked. */
  static int masked(CRC32C crc) {
    return Integer.rotateRight((int) crc.getValue(), 15) + CRC_MASK;
  }

  private void scan(Visitor visitor) throws IOException {
    if (bytes.capacity() < FOOTER_BYTES || bytes.getLong(bytes.capacity() - Long.BYTES) != MAGIC) {
      throw damaged("not a TensorFlow checkpoint index, or cut off");
    }
    ByteBuffer footer = slice(bytes.capacity() - FOOTER_BYTES, FOOTER_BYTES);
    readVarint(footer);
    readVarint(footer);
    entries(block(footer), (key, handle) -> entries(block(handle), visitor));
  }

  /** The content of the block that a handle (position and size) points to. */
  private ByteBuffer block(ByteBuffer handle) throws IOException {
    long position = readVarint(handle);
    long size = readVarint(handle);
    if (position < 0
        || size < Integer.BYTES
        || position > bytes.capacity() - size - TRAILER_BYTES) {
      throw damaged("a block lies outside the file");
    }
    int type = bytes.get((int) (position + size));
    if (maskedCrc(slice((int) position, (int) size + 1))
        != bytes.getInt((int) (position + size + 1))) {
      throw damaged("the checksum of the block at byte " + position + " does not match");
    }
    if (type != 0) {
      throw damaged(
          (type == 1 ? "its blocks are compressed with Snappy" : "unknown compression " + type)
              + "; save it with TensorFlow's own SaveV2, which does not compress");
    }
    return slice((int) position, (int) size);
  }

  private void entries(ByteBuffer block, Visitor visitor) throws IOException {
    int restarts = block.getInt(block.capacity() - Integer.BYTES);
    long end = block.capacity() - Integer.BYTES * (1L + restarts);
    if (restarts < 0 || end < 0) {
      throw damaged("a block without end");
    }
    block.limit((int) end);
    byte[] key = {};
    while (block.hasRemaining()) {
      long shared = readVarint(block);
      long fresh = readVarint(block);
      long size = readVarint(block);
      if (shared > key.length || fresh > block.remaining() || size > block.remaining() - fresh) {
        throw damaged("an entry is longer than its block");
      }
      ByteArrayOutputStream grown = new ByteArrayOutputStream();
      grown.write(key, 0, (int) shared);
      byte[] rest = new byte[(int) fresh];
      block.get(rest);
      grown.writeBytes(rest);
      key = grown.toByteArray();
      ByteBuffer value = block.slice(block.position(), (int) size).order(ByteOrder.LITTLE_ENDIAN);
      block.position(block.position() + (int) size);
      visitor.accept(Arrays.copyOf(key, key.length), value);
    }
  }

  private long readVarint(ByteBuffer in) throws IOException {
    long value = 0;
    for (int shift = 0; shift < Long.SIZE && in.hasRemaining(); shift += 7) {
      byte next = in.get();
      value |= (next & 0x7fL) << shift;
      if (next >= 0) {
        if (value < 0) {
          break;
        }
        return value;
      }
    }
    throw damaged("a number without end");
  }

  private ByteBuffer slice(int position, int size) {
    return bytes.slice(position, size).order(ByteOrder.LITTLE_ENDIAN);
  }

  private IOException damaged(String problem) {
    return new IOException(path + ": " + problem);
  }
}
