package org.blip4j.data.file;

import com.google.common.collect.ImmutableList;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.DirectoryStream;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.stream.Stream;

/**
 * Where a file or folder is written before it gets its name: in the hidden folder {@code .writing}
 * beside its final place, under a name of its own.
 *
 * <p>A lock on a file beside it, which the system drops with the process, tells the living from the
 * dead: whoever writes next into the same folder removes what killed processes left. {@code
 * .writing} itself is there only while something is written.
 */
final class WritePlace {
  /** The name of the hidden folder. */
  static final String FOLDER = ".writing";

  private static final String PROCESS = unique();
  private static final String LOCK = ".lock";
  private static final String OLD = ".old";
  private static final String SET = ".set";
  private static final String BACK = "back";
  private static final String FORWARD = "forward";
  private static final String SEPARATOR = "\0";
  private static final int SHOWN_NAME = 40;
  private static final int ATTEMPTS = 100;

  private enum Held {
    HERE,
    BY_OTHERS,
    UNKNOWN
  }

  private final Path path;
  private final Path target;
  private final RandomAccessFile lock;
  private boolean setIsWhole;

  private WritePlace(Path path, Path target, RandomAccessFile lock) {
    this.path = path;
    this.target = target;
    this.lock = lock;
  }

  /**
   * Reserves a place for {@code target}, makes its parent folders and sweeps what the dead left.
   *
   * @param target absolute
   */
  static WritePlace reserve(Path target) throws IOException {
    Path workplace = workplace(target);
    String name = target.getFileName().toString();
    String shown =
        name.substring(0, Math.min(name.length(), SHOWN_NAME)).replaceAll("[^\\w.-]", "_");
    IOException failure = null;
    for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
      Path path = workplace.resolve(".%s.%s.%s".formatted(shown, unique(), PROCESS));
      try {
        Files.createDirectories(workplace);
        sweepDead(workplace);
        RandomAccessFile lock = new RandomAccessFile(beside(path, LOCK).toString(), "rw");
        if (tryLock(lock) != Held.BY_OTHERS && Files.exists(beside(path, LOCK))) {
          lock.write(name.getBytes(StandardCharsets.UTF_8));
          return new WritePlace(path, target, lock);
        }
        lock.close(); // another process took it for a dead one's, before it was locked
      } catch (FileNotFoundException | NoSuchFileException | FileAlreadyExistsException e) {
        // another writer was done and removed the empty folder, and one may have made it anew since
        failure = e;
      }
    }
    throw failure != null
        ? failure
        : new FileSystemException(workplace.toString(), null, "is removed again and again");
  }

  /** Another user's, left behind in a folder that both may write to, cannot be used. */
  private static Path workplace(Path target) {
    Path usual = target.resolveSibling(FOLDER);
    boolean usable = !Files.isDirectory(usual) || Files.isWritable(usual);
    return usable ? usual : target.resolveSibling(FOLDER + "-" + System.getProperty("user.name"));
  }

  /** Where to write; nothing is there yet. */
  Path path() {
    return path;
  }

  /** Moves a folder that stands in the way aside, then gives what was written its name. */
  void publish() throws IOException {
    Path old = beside(path, OLD);
    if (Files.isDirectory(target) || (Files.isDirectory(path) && Files.exists(target))) {
      Files.move(target, old, StandardCopyOption.ATOMIC_MOVE);
    }
    move(path, target);
    delete(old);
  }

  /** Gives what was written its name if nothing has it; false if something does. */
  boolean publishIfAbsent() throws IOException {
    try {
      Files.createLink(target, path);
    } catch (FileAlreadyExistsException e) {
      return false;
    } catch (UnsupportedOperationException e) {
      if (Files.exists(target)) {
        return false;
      }
      move(path, target); // without hard links, two that come at the same instant both write
    }
    return true;
  }

  /** Renames at once, over what is there. */
  static void move(Path from, Path to) throws IOException {
    Files.move(from, to, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
  }

  /**
   * Moves the files of a folder, in the order of their names, to beside {@code target}, in place of
   * older ones. Of a process that is killed before {@link #release} the next sweep takes them away
   * again, or moves the rest, if there were older ones.
   */
  void publishFiles(List<Path> older) throws IOException {
    List<String> journal = new ArrayList<>();
    journal.add(older.isEmpty() ? BACK : FORWARD);
    for (Path file : entries(path)) {
      journal.add(file.getFileName().toString());
    }
    Path draft = path.resolve(SET);
    Files.writeString(draft, String.join(SEPARATOR, journal));
    Files.move(draft, beside(path, SET), StandardCopyOption.ATOMIC_MOVE);
    for (Path file : older) {
      Files.deleteIfExists(file);
    }
    moveAll(path, target.getParent(), journal);
    setIsWhole = true;
  }

  /** Removes what lies there still, and the hidden folder if nobody else writes. */
  void release() throws IOException {
    try {
      if (setIsWhole) {
        Files.deleteIfExists(beside(path, SET));
      }
      settle(path);
    } finally {
      lock.close();
    }
    removeIfEmpty(path.getParent());
  }

  /** Removes what killed processes left; finishes what one was killed in the middle of naming. */
  static void sweep(Path workplace) throws IOException {
    if (Files.isDirectory(workplace)) {
      sweepDead(workplace);
      removeIfEmpty(workplace);
    }
  }

  private static void sweepDead(Path workplace) throws IOException {
    try (DirectoryStream<Path> locks = Files.newDirectoryStream(workplace, "*" + LOCK)) {
      for (Path lock : locks) {
        if (!lock.toString().endsWith(PROCESS + LOCK) && Files.exists(lock)) {
          sweepOne(lock);
        }
      }
    } catch (NoSuchFileException e) {
      return; // the folder was removed by its last user
    }
  }

  private static void sweepOne(Path lock) throws IOException {
    try (RandomAccessFile file = new RandomAccessFile(lock.toString(), "rw")) {
      if (tryLock(file) != Held.HERE) {
        return;
      }
      String name = lock.getFileName().toString();
      Path path = lock.resolveSibling(name.substring(0, name.length() - LOCK.length()));
      Path old = beside(path, OLD);
      if (Files.exists(old)) {
        byte[] target = new byte[(int) file.length()];
        file.readFully(target);
        Path folder = lock.getParent();
        Path place = folder.resolveSibling(new String(target, StandardCharsets.UTF_8));
        if (!Files.exists(place)) {
          Files.move(Files.exists(path) ? path : old, place, StandardCopyOption.ATOMIC_MOVE);
        }
      }
      settle(path);
    } catch (AccessDeniedException | FileNotFoundException e) {
      return; // another user's: left to that user's next start
    }
  }

  /** Ends what was begun at a path: a set of files that is not whole, and what lies there. */
  private static void settle(Path path) throws IOException {
    Path set = beside(path, SET);
    if (Files.exists(set)) {
      List<String> journal = ImmutableList.copyOf(Files.readString(set).split(SEPARATOR));
      Path folder = path.getParent().getParent();
      if (journal.get(0).equals(FORWARD)) {
        moveAll(path, folder, journal);
      } else {
        for (String name : journal.subList(1, journal.size())) {
          Files.deleteIfExists(folder.resolve(name));
        }
      }
      Files.deleteIfExists(set);
    }
    delete(path);
    delete(beside(path, OLD));
    Files.deleteIfExists(beside(path, LOCK));
  }

  private static void moveAll(Path from, Path to, List<String> journal) throws IOException {
    for (String name : journal.subList(1, journal.size())) {
      if (Files.exists(from.resolve(name))) {
        move(from.resolve(name), to.resolve(name));
      }
    }
  }

  private static Held tryLock(RandomAccessFile file) {
    try {
      return file.getChannel().tryLock() == null ? Held.BY_OTHERS : Held.HERE;
    } catch (OverlappingFileLockException e) {
      return Held.BY_OTHERS;
    } catch (IOException e) {
      return Held.UNKNOWN; // the file system has no locks: nothing is swept there
    }
  }

  private static String unique() {
    return UUID.randomUUID().toString().substring(24);
  }

  private static Path beside(Path path, String ending) {
    return path.resolveSibling(path.getFileName() + ending);
  }

  private static List<Path> entries(Path folder) throws IOException {
    try (Stream<Path> entries = Files.list(folder)) {
      return entries.sorted().toList();
    }
  }

  private static void removeIfEmpty(Path workplace) throws IOException {
    try {
      Files.deleteIfExists(workplace);
    } catch (DirectoryNotEmptyException e) {
      return; // others write
    }
  }

  private static void delete(Path path) throws IOException {
    if (Files.isDirectory(path)) {
      AtomicFolder.remove(path);
    } else {
      Files.deleteIfExists(path);
    }
  }
}
