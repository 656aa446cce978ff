package org.blip4j.data.weights;

import java.io.IOException;
import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;

/** The bytes of one or more pickles, read forward; a length is checked before it is believed. */
final class PickleInput {
  private static final int BUFFER = 1 << 16;
  private static final int LONGEST_LINE = 1 << 12;
  private static final int LONGEST_NUMBER = 1 << 12;
  private static final long MOST_BYTES = 1 << 28;

  private final FileRegion region;
  private final ByteBuffer buffer =
      ByteBuffer.allocate(BUFFER).order(ByteOrder.LITTLE_ENDIAN).limit(0);
  private long filled;
  private long handedOut;

  PickleInput(FileRegion region) {
    this.region = region;
  }

  /** How many bytes were read. */
  long position() {
    return filled - buffer.remaining();
  }

  int readByte() throws IOException {
    need(1);
    return buffer.get() & 0xff;
  }

  int readShort() throws IOException {
    need(Short.BYTES);
    return buffer.getShort() & 0xffff;
  }

  int readInt() throws IOException {
    need(Integer.BYTES);
    return buffer.getInt();
  }

  long readLong() throws IOException {
    need(Long.BYTES);
    return buffer.getLong();
  }

  /** A double, which pickle writes with the highest byte first. */
  double readDouble() throws IOException {
    return Double.longBitsToDouble(Long.reverseBytes(readLong()));
  }

  byte[] readBytes(long count) throws IOException {
    if (count < 0 || count > region.length() - position()) {
      throw new WeightFileException(
          region.path(),
          "the pickle is cut off or damaged: it claims %d more bytes, %d are left"
              .formatted(count, region.length() - position()));
    }
    handedOut += count;
    if (handedOut > MOST_BYTES) {
      throw new WeightFileException(
          region.path(),
          "the pickle is damaged: its texts have more than %d MiB".formatted(MOST_BYTES >> 20));
    }
    byte[] bytes = new byte[(int) count];
    int buffered = Math.min(bytes.length, buffer.remaining());
    buffer.get(bytes, 0, buffered);
    region.read(ByteBuffer.wrap(bytes, buffered, bytes.length - buffered), filled);
    filled += bytes.length - buffered;
    return bytes;
  }

  String readText(long count, Charset charset) throws IOException {
    return new String(readBytes(count), charset);
  }

  /** A whole number of any size in two's complement, lowest byte first; a Long where it fits. */
  Number readBigInteger(long count) throws IOException {
    if (count > LONGEST_NUMBER) {
      throw new WeightFileException(
          region.path(), "the pickle is damaged: a number of " + count + " bytes");
    }
    byte[] bytes = readBytes(count);
    for (int i = 0, j = bytes.length - 1; i < j; i++, j--) {
      byte swapped = bytes[i];
      bytes[i] = bytes[j];
      bytes[j] = swapped;
    }
    BigInteger value = bytes.length == 0 ? BigInteger.ZERO : new BigInteger(bytes);
    return value.bitLength() < Long.SIZE ? (Number) value.longValue() : value;
  }

  String readLine() throws IOException {
    StringBuilder line = new StringBuilder();
    for (int c = readByte(); c != '\n'; c = readByte()) {
      line.append((char) c);
      if (line.length() > LONGEST_LINE) {
        throw new WeightFileException(region.path(), "the pickle is damaged: a name without end");
      }
    }
    return new String(
        line.toString().getBytes(StandardCharsets.ISO_8859_1), StandardCharsets.UTF_8);
  }

  private void need(int count) throws IOException {
    if (buffer.remaining() >= count) {
      return;
    }
    long left = region.length() - filled;
    if (buffer.remaining() + left < count) {
      throw new WeightFileException(
          region.path(), "the file is cut off inside a pickle; download it again");
    }
    buffer.compact();
    buffer.limit((int) Math.min(buffer.capacity(), buffer.position() + left));
    int fresh = buffer.remaining();
    region.read(buffer, filled);
    filled += fresh;
    buffer.flip();
  }
}
