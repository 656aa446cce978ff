package org.blip4j.data.file;

import java.io.BufferedOutputStream;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * A file written beside its final place and renamed when it is whole.
 *
 * <p>{@link #commit} flushes to the disk and renames; closing without it removes what was written.
 * So an exception inside try-with-resources, or a killed process, never leaves a half-written file
 * under the final name; what a killed process leaves lies in the hidden folder {@code .writing} and
 * is removed by whoever writes into the folder next. An interrupted thread writes as well as any.
 *
 * <pre>{@code
 * try (AtomicFile file = AtomicFile.create(path)) {
 *   file.stream().write(bytes);
 *   file.commit();
 * }
 * }</pre>
 */
public final class AtomicFile implements AutoCloseable {
  private final Path target;
  private final WritePlace place;
  private final FileOutputStream file;
  private final OutputStream stream;
  private boolean open = true;

  private AtomicFile(Path target, WritePlace place, FileOutputStream file) {
    this.target = target;
    this.place = place;
    this.file = file;
    this.stream = new BufferedOutputStream(new NamingErrors(), 1 << 16);
  }

  /** Starts a file whose final place is {@code target}; missing parent folders are made. */
  public static AtomicFile create(Path target) throws IOException {
    Path absolute = target.toAbsolutePath();
    if (Files.isDirectory(absolute)) {
      throw new IOException(target + " is a folder; a file cannot be written in its place");
    }
    try {
      WritePlace place = WritePlace.reserve(absolute.normalize());
      return new AtomicFile(target, place, new FileOutputStream(place.path().toFile()));
    } catch (IOException e) {
      throw unwritable(target, e);
    }
  }

  static IOException unwritable(Path target, IOException e) {
    return new IOException(
        "%s cannot be written: its folder cannot be made or written to (%s); choose another place"
            .formatted(target, reason(e)),
        e);
  }

  /** Writes a whole file at once. */
  public static void write(Path target, byte[] bytes) throws IOException {
    try (AtomicFile file = create(target)) {
      file.stream().write(bytes);
      file.commit();
    }
  }

  /** Writes a whole UTF-8 text at once. */
  public static void write(Path target, String text) throws IOException {
    write(target, text.getBytes(StandardCharsets.UTF_8));
  }

  /**
   * Writes a whole UTF-8 text where nothing is; of several that try at once, one does.
   *
   * @return whether this one did; false if something is there
   */
  public static boolean writeNew(Path target, String text) throws IOException {
    try (AtomicFile file = create(target)) {
      file.stream().write(text.getBytes(StandardCharsets.UTF_8));
      file.flushToDisk();
      return file.place.publishIfAbsent();
    }
  }

  /**
   * Gives a file its final name that was written elsewhere in the same file system, over several
   * starts of a program, say, and is whole now; an older one is replaced.
   */
  public static void publish(Path written, Path target) throws IOException {
    sync(written);
    WritePlace.move(written, target);
  }

  /** Flushes a file to the disk; not with a channel, which an interrupted thread cannot use. */
  static void sync(Path file) throws IOException {
    try (RandomAccessFile written = new RandomAccessFile(file.toFile(), "rw")) {
      written.getFD().sync();
    }
  }

  /** Where to write; buffered. */
  public OutputStream stream() {
    return stream;
  }

  /** Flushes to the disk and gives the file its final name, replacing an older one. */
  public void commit() throws IOException {
    if (!open) {
      throw new IllegalStateException(target + " is already closed");
    }
    flushToDisk();
    try {
      place.publish();
    } catch (IOException e) {
      throw named(e);
    }
    open = false;
    place.release();
  }

  private void flushToDisk() throws IOException {
    stream.flush();
    try {
      file.getFD().sync();
      file.close();
    } catch (IOException e) {
      throw named(e);
    }
  }

  /** Removes what was written unless {@link #commit} has been called. */
  @Override
  public void close() throws IOException {
    if (open) {
      open = false;
      file.close();
      place.release();
    }
  }

  /** Removes what was written so far while another thread may still write: for shutdown hooks. */
  public void abandon() throws IOException {
    place.release();
  }

  private FileSystemException named(IOException e) {
    FileSystemException named =
        new FileSystemException(target.toString(), null, "cannot be written: " + reason(e));
    named.initCause(e);
    return named;
  }

  private static String reason(IOException e) {
    if (e instanceof FileSystemException f) {
      String reason = f.getReason() == null ? f.getClass().getSimpleName() : f.getReason();
      return reason + ": " + f.getFile();
    }
    return String.valueOf(e.getMessage());
  }

  /** The system's write errors ("No space left on device") do not say which file; this does. */
  private final class NamingErrors extends OutputStream {
    @Override
    public void write(int b) throws IOException {
      write(new byte[] {(byte) b}, 0, 1);
    }

    @Override
    public void write(byte[] bytes, int offset, int length) throws IOException {
      try {
        file.write(bytes, offset, length);
      } catch (IOException e) {
        throw named(e);
      }
    }
  }
}
