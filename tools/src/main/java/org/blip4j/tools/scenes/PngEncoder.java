package org.blip4j.tools.scenes;

import com.google.common.io.ByteArrayDataOutput;
import com.google.common.io.ByteStreams;
import java.nio.charset.StandardCharsets;
import java.util.zip.Adler32;
import java.util.zip.CRC32;

/**
 * Writes RGB pictures as PNG without compression.
 *
 * <p>Compressed bytes depend on the zlib that Java was built with; stored ones are the same
 * everywhere, and pictures full of noise would hardly get smaller.
 */
final class PngEncoder {
  private static final byte[] SIGNATURE = {(byte) 137, 'P', 'N', 'G', 13, 10, 26, 10};
  private static final int LARGEST_BLOCK = 65535;

  private PngEncoder() {}

  /** Encodes pixels [height x width x 3]. */
  static byte[] encode(int width, int height, byte[] rgb) {
    int stride = 3 * width;
    if (rgb.length != stride * height) {
      throw new IllegalArgumentException(
          rgb.length + " bytes are no picture of " + width + " x " + height + " x 3");
    }
    ByteArrayDataOutput header = ByteStreams.newDataOutput();
    header.writeInt(width);
    header.writeInt(height);
    header.write(new byte[] {8, 2, 0, 0, 0}); // 8 bits, RGB, deflate, no filter, no interlace
    byte[] rows = new byte[(stride + 1) * height]; // each row begins with filter 0
    for (int y = 0; y < height; y++) {
      System.arraycopy(rgb, y * stride, rows, y * (stride + 1) + 1, stride);
    }
    ByteArrayDataOutput png = ByteStreams.newDataOutput();
    png.write(SIGNATURE);
    chunk(png, "IHDR", header.toByteArray());
    chunk(png, "IDAT", stored(rows));
    chunk(png, "IEND", new byte[0]);
    return png.toByteArray();
  }

  private static void chunk(ByteArrayDataOutput png, String type, byte[] body) {
    byte[] name = type.getBytes(StandardCharsets.US_ASCII);
    CRC32 crc = new CRC32();
    crc.update(name);
    crc.update(body);
    png.writeInt(body.length);
    png.write(name);
    png.write(body);
    png.writeInt((int) crc.getValue());
  }

  /** A zlib stream of stored blocks (RFC 1950, RFC 1951 section 3.2.4). */
  private static byte[] stored(byte[] data) {
    ByteArrayDataOutput zlib = ByteStreams.newDataOutput();
    zlib.write(new byte[] {0x78, 0x01});
    for (int start = 0; start < data.length; start += LARGEST_BLOCK) {
      int length = Math.min(LARGEST_BLOCK, data.length - start);
      zlib.writeByte(start + length == data.length ? 1 : 0);
      zlib.writeShort(Short.reverseBytes((short) length));
      zlib.writeShort(Short.reverseBytes((short) ~length));
      zlib.write(data, start, length);
    }
    Adler32 adler = new Adler32();
    adler.update(data);
    zlib.writeInt((int) adler.getValue());
    return zlib.toByteArray();
  }
}
