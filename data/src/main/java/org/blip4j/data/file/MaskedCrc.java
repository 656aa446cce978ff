package org.blip4j.data.file;

import java.util.zip.CRC32C;

/** TFRecord's checksum: CRC32C, rotated right by 15 bits, plus a constant. */
public final class MaskedCrc {
  private static final int MASK_DELTA = 0xa282ead8;

  private MaskedCrc() {}

  public static int of(byte[] bytes, int offset, int length) {
    CRC32C crc = new CRC32C();
    crc.update(bytes, offset, length);
    return Integer.rotateRight((int) crc.getValue(), 15) + MASK_DELTA;
  }
}
