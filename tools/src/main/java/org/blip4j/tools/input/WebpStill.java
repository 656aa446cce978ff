package org.blip4j.tools.input;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;

/** Makes of an animated WebP file one with its first picture alone, as it is taken of a GIF. */
final class WebpStill {
  private static final int HEADER = 12; // RIFF, size, WEBP
  private static final int CHUNK = 8; // name, size
  private static final int FRAME = 16; // place, size, duration, flags

  private WebpStill() {}

  /** The file itself if it is not animated, or too damaged to tell. */
  static byte[] of(byte[] file) {
    int frame = find("ANMF", file, HEADER, file.length);
    if (frame < 0) {
      return file;
    }
    int begin = frame + CHUNK + FRAME;
    int end = (int) Math.min(file.length, frame + CHUNK + size(file, frame));
    int lossy = find("VP8 ", file, begin, end);
    int picture = lossy < 0 ? find("VP8L", file, begin, end) : lossy;
    if (picture < 0) {
      return file;
    }
    byte[] chunk = Arrays.copyOfRange(file, picture, end);
    ByteBuffer still = ByteBuffer.allocate(HEADER + chunk.length).order(ByteOrder.LITTLE_ENDIAN);
    still.put("RIFF".getBytes(ISO_8859_1)).putInt(4 + chunk.length);
    return still.put("WEBP".getBytes(ISO_8859_1)).put(chunk).array();
  }

  private static int find(String name, byte[] file, int begin, int end) {
    long at = begin;
    while (at + CHUNK <= end) {
      if (new String(file, (int) at, 4, ISO_8859_1).equals(name)) {
        return (int) at;
      }
      long size = size(file, (int) at);
      at += CHUNK + size + (size & 1);
    }
    return -1;
  }

  private static long size(byte[] file, int chunk) {
    return ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN).getInt(chunk + 4) & 0xffffffffL;
  }
}
