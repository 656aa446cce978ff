package org.blip4j.data.tfrecord;

import java.io.BufferedInputStream;
import java.io.Closeable;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.SeekableByteChannel;
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
 * like a ZLIB stream. A plain shard can be read from any place; what lies between is not read.
 */
final class RecordStream implements Closeable {
  static final int HEADER = 12;
  private static final String GZIP = "gzip";
  private static final int INFLATED = 1 << 16;

  private final Raw raw;
  private final InputStream in;
  private final Place place;

  /** A shard, its length if it is plain (-1 if compressed), and its compression for messages. */
  record Place(Path shard, long plainLength, String compression) {
    String at(long offset) {
      return isPlain()
          ? "record at byte " + offset
          : "record at byte %d of the uncompressed stream (%s)".formatted(offset, compression);
    }

    boolean isPlain() {
      return plainLength >= 0;
    }
  }

  private RecordStream(Raw raw, InputStream in, Place place) {
    this.raw = raw;
    this.in = in;
    this.place = place;
  }

  static RecordStream open(Path shard, TfRecordReader.Access access) throws IOException {
    if (!Files.isRegularFile(shard)) {
      throw new IOException(
          shard
              + (Files.exists(shard)
                  ? ": is not a file, a shard is expected here"
                  : ": there is no such shard; check the name"));
    }
    Raw raw = new Raw(access.files().open(shard), access.buffer());
    try {
      byte[] head = raw.readNBytes(HEADER);
      raw.seek(0);
      if (!isPlain(head) && isGzip(head)) {
        return new RecordStream(raw, gunzip(raw, shard), new Place(shard, -1, GZIP));
      }
      if (!isPlain(head) && isZlib(head)) {
        InputStream inflated = new BufferedInputStream(new InflaterInputStream(raw), INFLATED);
        return new RecordStream(raw, inflated, new Place(shard, -1, "zlib"));
      }
      return new RecordStream(raw, raw, new Place(shard, raw.size(), "none"));
    } catch (IOException e) {
      raw.close();
      throw e;
    }
  }

  /** The bytes from where the last reader left off. */
  InputStream in() {
    return in;
  }

  Place place() {
    return place;
  }

  /** Goes to a place of a plain shard. */
  void seek(long offset) {
    raw.seek(offset);
  }

  @Override
  public void close() throws IOException {
    in.close();
  }

  private static InputStream gunzip(InputStream in, Path shard) throws IOException {
    try {
      return new BufferedInputStream(new GZIPInputStream(in, INFLATED), INFLATED);
    } catch (EOFException | ZipException e) {
      throw new TfRecordException(
          new Place(shard, -1, GZIP),
          0,
          Damage.COMPRESSION,
          "the gzip header is damaged or cut short; get the shard anew",
          e);
    }
  }

  /** Whether a file's first bytes are a length with its right checksum. */
  static boolean isPlain(byte[] head) {
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

  /** The file's own bytes; passing over some reads none of them beyond the buffer. */
  private static final class Raw extends InputStream {
    private final SeekableByteChannel channel;
    private final ByteBuffer buffer;
    private long start;

    Raw(SeekableByteChannel channel, int size) {
      this.channel = channel;
      this.buffer = ByteBuffer.allocate(size).limit(0);
    }

    long size() throws IOException {
      return channel.size();
    }

    void seek(long offset) {
      if (offset >= start && offset <= start + buffer.limit()) {
        buffer.position((int) (offset - start));
      } else {
        start = offset;
        buffer.limit(0);
      }
    }

    @Override
    public int read() throws IOException {
      return fill() ? buffer.get() & 0xff : -1;
    }

    @Override
    public int read(byte[] bytes, int offset, int length) throws IOException {
      if (length == 0) {
        return 0;
      }
      if (!buffer.hasRemaining() && length >= buffer.capacity()) {
        start += buffer.limit();
        buffer.limit(0);
        channel.position(start);
        int read = channel.read(ByteBuffer.wrap(bytes, offset, length));
        start += Math.max(read, 0);
        return read;
      }
      if (!fill()) {
        return -1;
      }
      int read = Math.min(length, buffer.remaining());
      buffer.get(bytes, offset, read);
      return read;
    }

    @Override
    public long skip(long count) throws IOException {
      long position = start + buffer.position();
      long skipped = Math.max(0, Math.min(count, channel.size() - position));
      seek(position + skipped);
      return skipped;
    }

    @Override
    public void close() throws IOException {
      channel.close();
    }

    /** Whether there is a byte left. */
    private boolean fill() throws IOException {
      if (!buffer.hasRemaining()) {
        start += buffer.limit();
        buffer.clear();
        channel.position(start);
        int read = channel.read(buffer);
        buffer.limit(Math.max(read, 0)).position(0);
      }
      return buffer.hasRemaining();
    }
  }
}
