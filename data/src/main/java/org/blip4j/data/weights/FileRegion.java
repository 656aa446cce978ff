package org.blip4j.data.weights;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.FileChannel;
import java.nio.file.Path;

/**
 * A run of bytes of an open file.
 *
 * @param path the file, for messages
 * @param channel the open file
 * @param position first byte of the run in the file
 * @param length number of bytes
 */
public record FileRegion(Path path, FileChannel channel, long position, long length) {
  private static final int CHUNK = 1 << 20;

  public static FileRegion whole(Path path, FileChannel channel) throws IOException {
    return new FileRegion(path, channel, 0, channel.size());
  }

  /** The part of this region that starts {@code offset} bytes in; it must lie inside. */
  public FileRegion slice(long offset, long size) {
    if (offset < 0 || size < 0 || offset > length - size) {
      throw new IllegalArgumentException(
          "bytes " + offset + " to " + (offset + size) + " lie outside a region of " + length);
    }
    return new FileRegion(path, channel, position + offset, size);
  }

  /** The bytes, mapped read-only and little-endian; at most 2 GiB. */
  ByteBuffer map() throws IOException {
    if (length > Integer.MAX_VALUE) {
      throw new WeightFileException(
          path, "one tensor of " + length + " bytes; at most 2 GiB can be mapped at once");
    }
    return channel
        .map(FileChannel.MapMode.READ_ONLY, position, length)
        .order(ByteOrder.LITTLE_ENDIAN);
  }

  /** Fills what remains of {@code target} from {@code offset} on. */
  void read(ByteBuffer target, long offset) throws IOException {
    long at = position + offset;
    if (target.remaining() > length - offset) {
      throw new WeightFileException(path, "the file is cut off: nothing follows byte " + end());
    }
    while (target.hasRemaining()) {
      int count = read(channel, target, at);
      if (count < 0) {
        throw new WeightFileException(path, "the file is cut off: nothing follows byte " + at);
      }
      at += count;
    }
  }

  private int read(FileChannel from, ByteBuffer target, long at) throws IOException {
    try {
      return from.read(target, at);
    } catch (ClosedByInterruptException e) {
      throw new WeightFileException(path, "reading was interrupted");
    } catch (ClosedChannelException e) {
      throw new WeightFileException(path, "the file was closed while it was read");
    }
  }

  /** A copy of {@code size} bytes from {@code offset} on. */
  byte[] bytes(long offset, int size) throws IOException {
    if (size > length - offset) {
      throw new WeightFileException(path, "the file is cut off: nothing follows byte " + end());
    }
    byte[] bytes = new byte[size];
    read(ByteBuffer.wrap(bytes), offset);
    return bytes;
  }

  /** The same, little-endian. */
  ByteBuffer copy(long offset, int size) throws IOException {
    return ByteBuffer.wrap(bytes(offset, size)).order(ByteOrder.LITTLE_ENDIAN);
  }

  /** Whether another region of the same length has the same bytes; read in pieces. */
  boolean sameBytes(FileRegion other) throws IOException {
    ByteBuffer ours = ByteBuffer.allocateDirect((int) Math.min(CHUNK, length));
    ByteBuffer theirs = ByteBuffer.allocateDirect(ours.capacity());
    boolean same = length == other.length;
    for (long at = 0; same && at < length; at += CHUNK) {
      int size = (int) Math.min(CHUNK, length - at);
      read(ours.clear().limit(size), at);
      other.read(theirs.clear().limit(size), at);
      same = ours.flip().equals(theirs.flip());
    }
    return same;
  }

  private long end() {
    return position + length;
  }
}
