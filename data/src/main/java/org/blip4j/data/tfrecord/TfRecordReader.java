package org.blip4j.data.tfrecord;

import java.io.Closeable;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.Optional;
import java.util.zip.ZipException;
import org.blip4j.data.file.MaskedCrc;
import org.blip4j.data.tfrecord.TfRecordException.Damage;

/**
 * Reads the records of one shard in order, checking both checksums of each; GZIP and ZLIB are
 * recognised by content.
 *
 * <p>A length is believed only after its checksum, only up to a limit, and memory grows with the
 * bytes that are really there. Damage is a {@link TfRecordException}; after one whose {@code
 * canContinue()} is true the next call reads the next record.
 */
public final class TfRecordReader implements Closeable {
  /** Records above this length are refused unless another limit is given: 256 MiB. */
  public static final long DEFAULT_LIMIT = 256L << 20;

  private static final int MAX_ARRAY = Integer.MAX_VALUE - 8;

  private final InputStream in;
  private final RecordStream.Place place;
  private final long limit;
  private long position;
  private long start;

  private TfRecordReader(RecordStream stream, long limit) {
    this.in = stream.in();
    this.place = stream.place();
    this.limit = limit;
  }

  /** Opens a shard with the default limit. */
  public static TfRecordReader open(Path shard) throws IOException {
    return open(shard, DEFAULT_LIMIT);
  }

  /** Opens a shard, refusing records longer than {@code limit} bytes. */
  public static TfRecordReader open(Path shard, long limit) throws IOException {
    if (limit < 1 || limit > MAX_ARRAY) {
      throw new IllegalArgumentException(
          "record limit is %d bytes, it must be 1 to %d".formatted(limit, MAX_ARRAY));
    }
    return new TfRecordReader(RecordStream.open(shard), limit);
  }

  /** The shard being read. */
  public Path shard() {
    return place.shard();
  }

  /** Where the record last read (or found damaged) begins. */
  public long offset() {
    return start;
  }

  /** The place of the record last read, for messages: {@code shard: record at byte N}. */
  public String where() {
    return place.shard() + ": " + place.at(start);
  }

  /** The data of the next record, or empty at the end of the shard. */
  public Optional<byte[]> next() throws IOException {
    long length = nextLength();
    if (length < 0) {
      return Optional.empty();
    }
    byte[] data = read((int) length);
    byte[] footer = data.length < length ? new byte[0] : read(4);
    if (footer.length < 4) {
      throw truncated(length, position - start - RecordStream.HEADER);
    }
    int stored = ByteBuffer.wrap(footer).order(ByteOrder.LITTLE_ENDIAN).getInt();
    int actual = MaskedCrc.of(data, 0, data.length);
    if (actual != stored) {
      throw damaged(
          Damage.CORRUPT_DATA,
          "its %d bytes of data have checksum %08x, the file says %08x; the record is corrupt, get"
                  .formatted(length, actual, stored)
              + " the shard anew or leave the record out");
    }
    return Optional.of(data);
  }

  /** Passes over the next record without checking its data; false at the end of the shard. */
  public boolean skip() throws IOException {
    long length = nextLength();
    if (length < 0) {
      return false;
    }
    long skipped = 0;
    try {
      in.skipNBytes(length + 3);
      skipped = length + 3;
      if (in.read() >= 0) {
        position += length + 4;
        return true;
      }
    } catch (EOFException e) {
      throw truncated(length, -1);
    } catch (ZipException e) {
      throw compression(e);
    }
    throw truncated(length, skipped);
  }

  @Override
  public void close() throws IOException {
    in.close();
  }

  /** Reads a header; the length, or -1 at the end. */
  private long nextLength() throws IOException {
    start = position;
    byte[] header = read(RecordStream.HEADER);
    if (header.length == 0) {
      return -1;
    }
    if (header.length < RecordStream.HEADER) {
      throw damaged(
          Damage.TRUNCATED,
          "the file ends after %d of the 12 bytes of a record header; %s"
              .formatted(header.length, cutShort()));
    }
    long length = ByteBuffer.wrap(header).order(ByteOrder.LITTLE_ENDIAN).getLong();
    if (!RecordStream.headerMatches(header)) {
      throw damaged(
          Damage.CORRUPT_LENGTH,
          start == 0
              ? "the length does not match its checksum; this is not a TFRecord file, or its first"
                  + " bytes are damaged"
              : "the length does not match its checksum, so no record from here on can be found;"
                  + " get the shard anew");
    }
    if (length < 0 || length > limit) {
      throw damaged(
          Damage.TOO_LONG,
          "the record claims %s bytes, the limit is %d; the shard is damaged or needs a higher limit"
              .formatted(Long.toUnsignedString(length), limit));
    }
    if (place.plainLength() >= 0 && length + 4 > place.plainLength() - position) {
      throw truncated(length, Math.max(0, place.plainLength() - position));
    }
    return length;
  }

  /** Reads up to {@code length} bytes; fewer at the end. Memory grows as bytes arrive. */
  private byte[] read(int length) throws IOException {
    try {
      byte[] bytes = in.readNBytes(length);
      position += bytes.length;
      return bytes;
    } catch (EOFException e) {
      throw damaged(Damage.TRUNCATED, "the compressed stream ends too early; " + cutShort(), e);
    } catch (ZipException e) {
      throw compression(e);
    }
  }

  private TfRecordException truncated(long length, long present) {
    String found = present < 0 ? "fewer" : Long.toString(present);
    return damaged(
        Damage.TRUNCATED,
        "the record needs %d bytes of data and 4 of checksum, %s are left in the file; %s"
            .formatted(length, found, cutShort()));
  }

  private static String cutShort() {
    return "it was cut short, get or write the shard anew";
  }

  private TfRecordException compression(ZipException e) {
    return damaged(
        Damage.COMPRESSION,
        "the %s data are damaged (%s); get the shard anew"
            .formatted(place.compression(), e.getMessage()),
        e);
  }

  private TfRecordException damaged(Damage damage, String what) {
    return damaged(damage, what, null);
  }

  private TfRecordException damaged(Damage damage, String what, Throwable cause) {
    return new TfRecordException(place, start, damage, what, cause);
  }
}
