package org.blip4j.data.file;

import java.io.Closeable;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Stream;

/**
 * Keeps a folder for one process at a time, until this is closed or the process ends, however it
 * ends: the system holds a lock on the file {@link #NAME} in it, which stays there.
 *
 * <p>Where the file system has no locks, nobody is kept out.
 */
public final class FolderLock implements Closeable {
  /** The name of the file. */
  public static final String NAME = ".lock";

  /**
   * Folders that this process holds. Where it would open and close a file again that it has locked,
   * POSIX systems would drop the lock.
   */
  private static final Set<Path> HELD = ConcurrentHashMap.newKeySet();

  private final Path folder;
  private final RandomAccessFile file;

  private FolderLock(Path folder, RandomAccessFile file) {
    this.folder = folder;
    this.file = file;
  }

  /**
   * Makes a folder where there is none, and takes it.
   *
   * @throws IOException if it is taken, naming the process, or cannot be written to
   */
  public static FolderLock take(Path folder) throws IOException {
    Path real;
    try {
      real = Files.createDirectories(folder).toRealPath();
    } catch (FileSystemException e) {
      throw AtomicFile.unwritable(folder, e);
    }
    if (!HELD.add(real)) {
      throw taken(folder, ProcessHandle.current().pid() + ", this very one");
    }
    try {
      return new FolderLock(real, locked(real.resolve(NAME), folder));
    } catch (IOException | RuntimeException | Error e) {
      HELD.remove(real);
      throw e;
    }
  }

  private static RandomAccessFile locked(Path name, Path folder) throws IOException {
    RandomAccessFile file;
    try {
      file = new RandomAccessFile(name.toFile(), "rw");
    } catch (FileNotFoundException e) {
      throw AtomicFile.unwritable(folder, e);
    }
    try {
      if (!lock(file)) {
        throw taken(folder, file.readLine());
      }
      file.setLength(0);
      file.write(Long.toString(ProcessHandle.current().pid()).getBytes(StandardCharsets.US_ASCII));
      if (!Files.exists(name)) {
        throw taken(folder, "unknown"); // it ended within this instant and took the file with it
      }
      return file;
    } catch (IOException | RuntimeException | Error e) {
      file.close();
      throw e;
    }
  }

  private static boolean lock(RandomAccessFile file) {
    try {
      return file.getChannel().tryLock() != null;
    } catch (OverlappingFileLockException e) {
      return false;
    } catch (IOException e) {
      return true; // no locks here
    }
  }

  private static IOException taken(Path folder, String process) {
    return new IOException(
        "%s is in use by another process (%s); wait until it ends, or choose another place"
            .formatted(folder, process == null ? "unknown" : process));
  }

  /** Lets others in; a folder in which nothing else was written is removed. */
  @Override
  public void close() throws IOException {
    try (file) {
      file.setLength(0);
      boolean unused;
      try (Stream<Path> content = Files.list(folder)) {
        unused = content.allMatch(entry -> entry.endsWith(NAME));
      }
      if (unused) {
        Files.deleteIfExists(folder.resolve(NAME));
        Files.deleteIfExists(folder);
      }
    } finally {
      HELD.remove(folder);
    }
  }

  /** The folder that is held. */
  @Override
  public String toString() {
    return folder.toString();
  }
}
