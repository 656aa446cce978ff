package org.blip4j.data.weights;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.WritableByteChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.blip4j.data.file.MaskedCrc;

/**
 * A sorted string table as LevelDB writes it and TensorFlow's checkpoint index uses it: blocks of
 * prefix-compressed keys, a block of block positions, a footer of 48 bytes.
 */
final class SortedTable {
  /** Last eight bytes of a table. */
  static final long MAGIC = 0xdb4775248b80fb57L;

  private static final int FOOTER_BYTES = 48;
  private static final int TRAILER_BYTES = 5;
  private static final int LONGEST_KEY = 1 << 14;
  private static final long LARGEST = 1 << 28;

  private final Path path;
  private final ByteBuffer bytes;
  private long covered;

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
    if (Files.size(path) > LARGEST) {
      throw new IOException(path + ": too large for the index of a checkpoint");
    }
    ByteBuffer bytes = ByteBuffer.wrap(Files.readAllBytes(path)).order(ByteOrder.LITTLE_ENDIAN);
    new SortedTable(path, bytes).scan(visitor);
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
    covered += size;
    if (covered > bytes.capacity()) {
      throw damaged("its blocks lie over each other");
    }
    int type = bytes.get((int) (position + size));
    if (MaskedCrc.of(slice((int) position, (int) size + 1))
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
      if (shared + fresh > LONGEST_KEY) {
        throw damaged("a name of " + (shared + fresh) + " bytes");
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

  /**
   * Writes a sorted string table that {@link #scan} and TensorFlow read: no compression, no shared
   * key prefixes.
   */
  static final class Writer {
    private static final int BLOCK_BYTES = 4096;

    private final WritableByteChannel out;
    private final Block data = new Block();
    private final Block index = new Block();
    private long written;

    Writer(WritableByteChannel out) {
      this.out = out;
    }

    /** Entries that are written together. */
    private static final class Block {
      private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
      private final List<Integer> starts = new ArrayList<>();
      private byte[] lastKey = {};

      void add(byte[] key, byte[] value) {
        starts.add(bytes.size());
        putVarint(bytes, 0);
        putVarint(bytes, key.length);
        putVarint(bytes, value.length);
        bytes.writeBytes(key);
        bytes.writeBytes(value);
        lastKey = key;
      }

      /** Entries, where each starts, how many, and the byte that says "not compressed". */
      ByteBuffer close() {
        if (starts.isEmpty()) {
          starts.add(0);
        }
        ByteBuffer block =
            ByteBuffer.allocate(bytes.size() + Integer.BYTES * (starts.size() + 1) + 1)
                .order(ByteOrder.LITTLE_ENDIAN)
                .put(bytes.toByteArray());
        starts.forEach(block::putInt);
        block.putInt(starts.size()).put((byte) 0);
        bytes.reset();
        starts.clear();
        return block.flip();
      }
    }

    /** Adds an entry; keys come in the order of their bytes. */
    void add(byte[] key, byte[] value) throws IOException {
      data.add(key, value);
      if (data.bytes.size() >= BLOCK_BYTES) {
        flush();
      }
    }

    /** Writes what is left, the index and the footer. */
    void finish() throws IOException {
      if (data.bytes.size() > 0) {
        flush();
      }
      ByteArrayOutputStream footer = new ByteArrayOutputStream();
      footer.writeBytes(write(new Block()));
      footer.writeBytes(write(index));
      ByteBuffer bytes = ByteBuffer.allocate(FOOTER_BYTES).order(ByteOrder.LITTLE_ENDIAN);
      bytes.put(footer.toByteArray());
      bytes.putLong(FOOTER_BYTES - Long.BYTES, MAGIC);
      writeFully(bytes.rewind());
    }

    private void flush() throws IOException {
      byte[] lastKey = data.lastKey;
      index.add(lastKey, write(data));
    }

    /** Writes a block with its checksum; returns its handle. */
    private byte[] write(Block block) throws IOException {
      ByteBuffer content = block.close();
      ByteBuffer checksum =
          ByteBuffer.allocate(Integer.BYTES)
              .order(ByteOrder.LITTLE_ENDIAN)
              .putInt(MaskedCrc.of(content.duplicate()))
              .flip();
      ByteArrayOutputStream handle = new ByteArrayOutputStream();
      putVarint(handle, written);
      putVarint(handle, content.remaining() - 1L);
      written += content.remaining() + checksum.remaining();
      writeFully(content);
      writeFully(checksum);
      return handle.toByteArray();
    }

    private void writeFully(ByteBuffer bytes) throws IOException {
      while (bytes.hasRemaining()) {
        out.write(bytes);
      }
    }

    private static void putVarint(ByteArrayOutputStream out, long value) {
      long rest = value;
      while (rest >= 0x80) {
        out.write((int) (rest | 0x80) & 0xff);
        rest >>>= 7;
      }
      out.write((int) rest);
    }
  }
}
