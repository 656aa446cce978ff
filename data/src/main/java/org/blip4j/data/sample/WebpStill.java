package org.blip4j.data.sample;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import com.google.common.base.VerifyException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;

/**
 * The picture of a WebP file that is shown first.
 *
 * @param file a WebP file with one picture: the file itself, or what is made of the first picture
 *     of an animation
 * @param left where the picture stands on the canvas
 * @param top the same downwards
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
record WebpStill(byte[] file, int left, int top) {
  private static final int HEADER = 12; // RIFF, size, WEBP
  private static final int CHUNK = 8; // name, size
  private static final int FRAME = 16; // place, size, duration, flags

  /** The file itself if it is not animated, or too damaged to tell. */
  static WebpStill of(byte[] file) {
    int frame = find("ANMF", file, HEADER, file.length);
    if (frame < 0) {
      return new WebpStill(file, 0, 0);
    }
    int begin = frame + CHUNK + FRAME;
    int end = (int) Math.min(file.length, frame + CHUNK + size(file, frame));
    int picture = picture(file, begin, end);
    if (picture < 0) {
      return new WebpStill(file, 0, 0);
    }
    byte[] chunk = Arrays.copyOfRange(file, picture, end);
    ByteBuffer still = ByteBuffer.allocate(HEADER + chunk.length).order(ByteOrder.LITTLE_ENDIAN);
    still.put("RIFF".getBytes(ISO_8859_1)).putInt(4 + chunk.length);
    still.put("WEBP".getBytes(ISO_8859_1)).put(chunk);
    ByteBuffer bytes = ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN);
    int place = frame + CHUNK;
    return new WebpStill(
        still.array(),
        2 * (bytes.getInt(place) & 0xffffff),
        2 * (bytes.getInt(place + 3) & 0xffffff));
  }

  /**
   * Checks that the picture in a file is of the size that the file's header says, which is what a
   * decoder makes room for.
   */
  static void requireSize(ByteBuffer in, int width, int height) {
    byte[] file = new byte[in.limit()];
    in.duplicate().position(0).get(file);
    if (find("ANMF", file, HEADER, file.length) >= 0) {
      return;
    }
    int picture = picture(file, HEADER, file.length);
    if (picture < 0 || picture + CHUNK + 10 > file.length) {
      throw new VerifyException("it has no picture");
    }
    ByteBuffer bytes = ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN);
    boolean lossless = file[picture + 3] == 'L';
    int begin = picture + CHUNK;
    int bits = bytes.getInt(begin + 1);
    int ownWidth = lossless ? (bits & 0x3fff) + 1 : bytes.getShort(begin + 6) & 0x3fff;
    int ownHeight = lossless ? (bits >> 14 & 0x3fff) + 1 : bytes.getShort(begin + 8) & 0x3fff;
    if (ownWidth != width || ownHeight != height) {
      throw new VerifyException(
          "its header says %d x %d pixels, its picture has %d x %d"
              .formatted(width, height, ownWidth, ownHeight));
    }
  }

  private static int picture(byte[] file, int begin, int end) {
    int lossy = find("VP8 ", file, begin, end);
    return lossy < 0 ? find("VP8L", file, begin, end) : lossy;
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
