package org.blip4j.data.tfrecord;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.zip.GZIPOutputStream;
import org.blip4j.data.file.AtomicFile;
import org.blip4j.data.file.MaskedCrc;

/**
 * Writes one shard beside its final place and renames it when it is whole.
 *
 * <p>{@link #commit} gives the shard its name; closing without it removes what was written, so that
 * an exception never leaves half a shard.
 *
 * <pre>{@code
 * try (TfRecordWriter writer = TfRecordWriter.create(path, TfRecordWriter.Options.plain())) {
 *   writer.write(example.toByteArray());
 *   writer.commit();
 * }
 * }</pre>
 */
public final class TfRecordWriter implements AutoCloseable {
  /** GZIP or plain, and whether an existing file may be replaced. */
  public record Options(boolean gzip, boolean overwrite) {
    /** Plain, refusing to replace an existing file. */
    public static Options plain() {
      return new Options(false, false);
    }

    /** The same, compressed or not. */
    public Options withGzip(boolean value) {
      return new Options(value, overwrite);
    }

    /** The same, replacing an existing file or not. */
    public Options withOverwrite(boolean value) {
      return new Options(gzip, value);
    }
  }

  private final AtomicFile file;
  private final OutputStream out;
  private final ByteBuffer header = ByteBuffer.allocate(12).order(ByteOrder.LITTLE_ENDIAN);
  private final ByteBuffer footer = ByteBuffer.allocate(4).order(ByteOrder.LITTLE_ENDIAN);
  private long records;

  private TfRecordWriter(AtomicFile file, OutputStream out) {
    this.file = file;
    this.out = out;
  }

  /** Starts a shard; missing parent folders are made. */
  public static TfRecordWriter create(Path target, Options options) throws IOException {
    if (!options.overwrite() && Files.exists(target)) {
      throw new IOException(target + " exists already; choose another name or allow overwriting");
    }
    AtomicFile file = AtomicFile.create(target);
    try {
      OutputStream out =
          options.gzip() ? new GZIPOutputStream(file.stream(), 1 << 16) : file.stream();
      return new TfRecordWriter(file, out);
    } catch (IOException e) {
      file.close();
      throw e;
    }
  }

  /** Appends one record. */
  public void write(byte[] data) throws IOException {
    header.clear().putLong(data.length).putInt(MaskedCrc.of(header.array(), 0, 8));
    footer.clear().putInt(MaskedCrc.of(data, 0, data.length));
    out.write(header.array());
    out.write(data);
    out.write(footer.array());
    records++;
  }

  /** Records written so far. */
  public long records() {
    return records;
  }

  /** Finishes the shard and gives it its name. */
  public void commit() throws IOException {
    if (out instanceof GZIPOutputStream gzip) {
      gzip.finish();
    }
    file.commit();
  }

  /** Removes what was written unless {@link #commit} has been called. */
  @Override
  public void close() throws IOException {
    file.close();
  }
}
