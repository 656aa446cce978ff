package org.blip4j.data.file;

import com.google.common.io.MoreFiles;
import com.google.common.io.RecursiveDeleteOption;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/**
 * A folder filled beside its final place (in {@code .writing}) and renamed when it is whole; an
 * older one there is replaced in the same step.
 *
 * <p>Closing without {@link #commit} removes what was written. What a killed process leaves is
 * removed by whoever writes beside it next; was it killed in the middle of renaming, the place is
 * filled then, with the new folder if that was whole.
 *
 * <pre>{@code
 * try (AtomicFolder folder = AtomicFolder.create(target)) {
 *   Files.writeString(folder.path().resolve("config.json"), text);
 *   folder.commit();
 * }
 * }</pre>
 */
public final class AtomicFolder implements AutoCloseable {
  private final Path target;
  private final WritePlace place;
  private boolean open = true;

  private AtomicFolder(Path target, WritePlace place) {
    this.target = target;
    this.place = place;
  }

  /** Starts an empty folder whose final place is {@code target}; missing parents are made. */
  public static AtomicFolder create(Path target) throws IOException {
    AtomicFolder folder = reserve(target);
    Files.createDirectory(folder.path());
    return folder;
  }

  /** Reserves a place for a file or folder that the caller makes at {@link #path}. */
  public static AtomicFolder reserve(Path target) throws IOException {
    try {
      return new AtomicFolder(target, WritePlace.reserve(target.toAbsolutePath().normalize()));
    } catch (IOException e) {
      throw AtomicFile.unwritable(target, e);
    }
  }

  /** Removes what killed processes left half-written in a folder, if it exists. */
  public static void sweep(Path folder) throws IOException {
    WritePlace.sweep(folder.toAbsolutePath().resolve(WritePlace.FOLDER));
  }

  /** Removes a folder, if it exists, and all in it; several processes may do so at once. */
  public static void remove(Path folder) throws IOException {
    while (Files.exists(folder)) {
      try {
        MoreFiles.deleteRecursively(folder, RecursiveDeleteOption.ALLOW_INSECURE);
      } catch (NoSuchFileException e) {
        return; // another has removed it
      } catch (IOException e) {
        List<Throwable> reasons = List.of(e.getSuppressed());
        if (reasons.isEmpty()
            || !reasons.stream().allMatch(reason -> reason instanceof NoSuchFileException)) {
          throw e;
        }
      }
    }
  }

  /** Whether a folder's entry is the hidden place of unfinished files, and no content. */
  public static boolean isWorkplace(Path entry) {
    return entry.getFileName().toString().startsWith(WritePlace.FOLDER);
  }

  /** Where to write until {@link #commit}. */
  public Path path() {
    return place.path();
  }

  /** Flushes all files to the disk and gives the folder its name, in place of an older one. */
  public void commit() throws IOException {
    if (!open) {
      throw new IllegalStateException(target + " is already closed");
    }
    syncAll();
    place.publish();
    close();
  }

  /**
   * Flushes all files and moves them out of the folder, to beside it, in place of older ones. Until
   * {@link #close} they count as unfinished: of a process that is killed before, the next writer
   * takes them away again (or moves the rest, where there were older ones).
   */
  public void commitFiles(List<Path> older) throws IOException {
    syncAll();
    place.publishFiles(older);
  }

  private void syncAll() throws IOException {
    try (Stream<Path> files = Files.walk(place.path())) {
      for (Path file : (Iterable<Path>) files.filter(Files::isRegularFile)::iterator) {
        AtomicFile.sync(file);
      }
    }
  }

  /** Removes what was written unless {@link #commit} has been called. */
  @Override
  public void close() throws IOException {
    if (open) {
      open = false;
      place.release();
    }
  }

  /** Removes what was written so far while another thread may still write: for shutdown hooks. */
  public void abandon() throws IOException {
    place.release();
  }
}
