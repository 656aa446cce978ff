package org.blip4j.data.tfrecord;

import java.io.BufferedInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.PushbackInputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.zip.GZIPInputStream;
import java.util.zip.InflaterInputStream;
import java.util.zip.ZipException;
import org.blip4j.data.file.MaskedCrc;
import org.blip4j.data.tfrecord.TfRecordException.Damage;

/**
 * The uncompressed bytes of a shard, and what can be said about places in it.
 *
 * <p>Compression is told by content, never by name. A file whose first twelve bytes are a length
 * with its right checksum is plain, whatever they look like: a plain record of 40,056 bytes begins
 * like a ZLIB stream.
 */
record RecordStream(InputStream in, Place place) {
  static final int HEADER = 12;
  private static final String GZIP = "gzip";
  private static final int BUFFER = 1 << 16;

  /** A shard, its length if it is plain (-1 if compressed), and its compression for messages. */
  record Place(Path shard, long plainLength, String compression) {
    String at(long offset) {
      return plainLength >= 0
          ? "record at byte " + offset
          : "record at byte %d of the uncompressed stream (%s)".formatted(offset, compression);
    }
  }

  static RecordStream open(Path shard) throws IOException {
    if (!Files.isRegularFile(shard)) {
      throw new IOException(
          shard
              + (Files.exists(shard)
                  ? ": is not a file, a shard is expected here"
                  : ": there is no such shard; check the name"));
    }
    long length = Files.size(shard);
    InputStream file = new BufferedInputStream(Files.newInputStream(shard), BUFFER);
    try {
      PushbackInputStream in = new PushbackInputStream(file, HEADER);
      byte[] head = in.readNBytes(HEADER);
      in.unread(head);
      if (!isPlain(head) && isGzip(head)) {
        return new RecordStream(gunzip(in, shard), new Place(shard, -1, GZIP));
      }
      if (!isPlain(head) && isZlib(head)) {
        InputStream inflated = new BufferedInputStream(new InflaterInputStream(in), BUFFER);
        return new RecordStream(inflated, new Place(shard, -1, "zlib"));
      }
      return new RecordStream(in, new Place(shard, length, "none"));
    } catch (IOException e) {
      file.close();
      throw e;
    }
  }

  private static InputStream gunzip(InputStream in, Path shard) throws IOException {
    try {
      return new BufferedInputStream(new GZIPInputStream(in, BUFFER), BUFFER);
    } catch (EOFException | ZipException e) {
      throw new TfRecordException(
          new Place(shard, -1, GZIP),
          0,
          Damage.COMPRESSION,
          "the gzip header is damaged or cut short; get the shard anew",
          e);
    }
  }

  private static boolean isPlain(byte[] head) {
    return head.length == HEADER && headerMatches(head);
  }

  static boolean headerMatches(byte[] header) {
    int stored = ByteBuffer.wrap(header).order(ByteOrder.LITTLE_ENDIAN).getInt(8);
    return MaskedCrc.of(header, 0, 8) == stored;
  }

  private static boolean isGzip(byte[] head) {
    return head.length >= 3 && head[0] == 0x1f && head[1] == (byte) 0x8b && head[2] == 8;
  }

  private static boolean isZlib(byte[] head) {
    return head.length >= 2
        && (head[0] & 0x0f) == 8
        && (head[0] & 0xff) >> 4 <= 7
        && ((head[0] & 0xff) << 8 | (head[1] & 0xff)) % 31 == 0;
  }
}
