package org.blip4j.data.weights;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.WritableByteChannel;
import java.util.ArrayList;
import java.util.List;

/**
 * Writes a sorted string table that {@link SortedTable} and TensorFlow read: no compression, no
 * shared key prefixes.
 */
final class SortedTableWriter {
  private static final int BLOCK_BYTES = 4096;
  private static final int FOOTER_BYTES = 48;

  private final WritableByteChannel out;
  private final Block data = new Block();
  private final Block index = new Block();
  private long written;

  SortedTableWriter(WritableByteChannel out) {
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
    bytes.putLong(FOOTER_BYTES - Long.BYTES, SortedTable.MAGIC);
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
            .putInt(SortedTable.maskedCrc(content.duplicate()))
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
