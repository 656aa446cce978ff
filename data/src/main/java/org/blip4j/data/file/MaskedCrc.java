package org.blip4j.data.file;

import java.nio.ByteBuffer;
import java.util.zip.CRC32C;

/** The checksum of TFRecord and LevelDB: CRC32C, rotated right by 15 bits, plus a constant. */
public final class MaskedCrc {
  private static final int MASK_DELTA = 0xa282ead8;

  private MaskedCrc() {}

  public static int of(byte[] bytes, int offset, int length) {
    CRC32C crc = new CRC32C();
    crc.update(bytes, offset, length);
    return of(crc);
  }

  /** The checksum of what remains of a buffer, whose position moves to its end. */
  public static int of(ByteBuffer bytes) {
    CRC32C crc = new CRC32C();
    crc.update(bytes);
    return of(crc);
  }

  /** A sum that was made piece by piece, masked. */
  public static int of(CRC32C crc) {
    return Integer.rotateRight((int) crc.getValue(), 15) + MASK_DELTA;
  }
}
