package org.blip4j.video;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;

/** How long a file is by its own first bytes, where its format says so (Matroska, WebM, AVI). */
final class FileEnds {
  private static final int READ = 4096;
  private static final int EBML = 0x1A45DFA3;
  private static final int SEGMENT = 0x18538067;
  private static final int RIFF = 0x52494646;

  private FileEnds() {}

  /** The bytes that the file must have, as far as it says; 0 if it does not. */
  static long stated(Path file) throws IOException {
    byte[] first;
    try (InputStream in = Files.newInputStream(file)) {
      first = in.readNBytes(READ);
    }
    ByteBuffer bytes = ByteBuffer.wrap(first);
    if (bytes.remaining() < 8) {
      return 0;
    }
    int format = bytes.getInt();
    if (format == RIFF) {
      return 8 + (bytes.order(ByteOrder.LITTLE_ENDIAN).getInt() & 0xffffffffL);
    }
    if (format != EBML) {
      return 0;
    }
    long segment = size(bytes) + bytes.position();
    if (segment < 0 || segment > bytes.limit() - 12) {
      return 0;
    }
    boolean found = bytes.position((int) segment).getInt() == SEGMENT;
    long size = found ? size(bytes) : -1;
    return size < 0 ? 0 : bytes.position() + size;
  }

  /** The size of an element (RFC 8794, section 4.4); -1 if it is not known. */
  private static long size(ByteBuffer bytes) {
    int first = bytes.get() & 255;
    int length = Integer.numberOfLeadingZeros(first) - 23; // 1 to 8; 9 is no size
    if (length > Math.min(8, bytes.remaining())) {
      return -1;
    }
    long size = first & (255 >> length);
    for (int i = 1; i < length; i++) {
      size = (size << 8) | (bytes.get() & 255);
    }
    return size == (1L << (7 * length)) - 1 ? -1 : size;
  }
}
