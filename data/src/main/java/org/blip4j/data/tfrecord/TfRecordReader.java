package org.blip4j.data.tfrecord;

import com.google.common.io.ByteStreams;
import java.io.ByteArrayInputStream;
import java.io.Closeable;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.SeekableByteChannel;
import java.nio.file.Files;
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

  /** How the bytes of a shard are come by. */
  @FunctionalInterface
  public interface Opener {
    /** Opens a shard for reading from any place. */
    SeekableByteChannel open(Path shard) throws IOException;
  }

  /**
   * How shards are read.
   *
   * @param files opens them
   * @param limit longest record accepted, in bytes
   * @param buffer bytes that are read at least at once
   */
  public record Access(Opener files, long limit, int buffer) {
    public Access {
      if (limit < 1 || limit > MAX_ARRAY) {
        throw new IllegalArgumentException(
            "record limit is %d bytes, it must be 1 to %d".formatted(limit, MAX_ARRAY));
      }
      if (buffer < RecordStream.HEADER) {
        throw new IllegalArgumentException(
            "buffer of %d bytes is too small, use 512 or more".formatted(buffer));
      }
    }

    /** Files of the system, {@link #DEFAULT_LIMIT}, 64 KiB at once. */
    public static Access standard() {
      return new Access(Files::newByteChannel, DEFAULT_LIMIT, 1 << 16);
    }

    /** The same with another limit. */
    public Access withLimit(long bytes) {
      return new Access(files, bytes, buffer);
    }

    /** The same for looking here and there: little is read at once. */
    public Access sparing() {
      return new Access(files, limit, 512);
    }
  }

  private final RecordStream stream;
  private final InputStream in;
  private final RecordStream.Place place;
  private final long limit;
  private long position;
  private long start;

  private TfRecordReader(RecordStream stream, long limit) {
    this.stream = stream;
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
    return open(shard, Access.standard().withLimit(limit));
  }

  /** Opens a shard. */
  public static TfRecordReader open(Path shard, Access access) throws IOException {
    return new TfRecordReader(RecordStream.open(shard, access), access.limit());
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
    passOver(length);
    return true;
  }

  /**
   * The next record's data, unchecked, to look at a part of them: of a plain shard only what is
   * asked for is read. Empty at the end of the shard.
   */
  public Optional<InputStream> peek() throws IOException {
    if (!place.isPlain()) {
      return next().map(ByteArrayInputStream::new);
    }
    long length = nextLength();
    if (length < 0) {
      return Optional.empty();
    }
    position += length + 4;
    return Optional.of(ByteStreams.limit(in, length));
  }

  /** Whether any record can be gone to without reading those before it. */
  public boolean isPlain() {
    return place.isPlain();
  }

  /** Where the next record begins. */
  public long position() {
    return position;
  }

  /**
   * Goes to where a record begins; of a compressed shard all up to there is read.
   *
   * @throws IllegalArgumentException if that is behind, in a compressed shard
   */
  public void seek(long offset) throws IOException {
    if (place.isPlain()) {
      position = offset;
      return;
    }
    if (offset < position) {
      throw new IllegalArgumentException(
          "byte %d of %s is behind and cannot be gone back to".formatted(offset, place.shard()));
    }
    start = position;
    if (offset > position) {
      passOver(offset - position - 4);
    }
  }

  @Override
  public void close() throws IOException {
    stream.close();
  }

  /** Passes over data and checksum. */
  private void passOver(long length) throws IOException {
    long skipped = 0;
    try {
      in.skipNBytes(length + 3);
      skipped = length + 3;
      if (in.read() >= 0) {
        position += length + 4;
        return;
      }
    } catch (EOFException e) {
      throw truncated(length, -1);
    } catch (ZipException e) {
      throw compression(e);
    }
    throw truncated(length, skipped);
  }

  /** Reads a header; the length, or -1 at the end. */
  private long nextLength() throws IOException {
    start = position;
    if (place.isPlain()) {
      stream.seek(position);
    }
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
    if (place.isPlain() && length + 4 > place.plainLength() - position) {
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
