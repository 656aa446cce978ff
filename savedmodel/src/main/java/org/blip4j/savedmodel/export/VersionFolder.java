package org.blip4j.savedmodel.export;

import com.google.common.io.MoreFiles;
import com.google.common.io.RecursiveDeleteOption;
import java.io.IOException;
import java.nio.file.AtomicMoveNotSupportedException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.UUID;

/**
 * {@code DIR/VERSION/} of a served model, written beside under a name that is no number and renamed
 * when it is whole: a server that polls the folder never sees half a version.
 */
final class VersionFolder implements AutoCloseable {
  private final Path target;
  private final Path partial;
  private boolean open = true;

  private VersionFolder(Path target, Path partial) {
    this.target = target;
    this.partial = partial;
  }

  /**
   * Starts a version.
   *
   * @throws IOException if the version exists and may not be replaced
   */
  static VersionFolder create(ExportTarget where) throws IOException {
    Path target = where.versionFolder();
    where.requireFree();
    Path partial = where.folder().resolve("partial-" + UUID.randomUUID());
    Files.createDirectories(partial);
    return new VersionFolder(target, partial);
  }

  /** Where to write. */
  Path path() {
    return partial;
  }

  /** Gives the folder its final name, in place of an older one. */
  void commit() throws IOException {
    Path old = target.resolveSibling("replaced-" + UUID.randomUUID());
    boolean replaces = Files.exists(target, LinkOption.NOFOLLOW_LINKS);
    if (replaces) {
      move(target, old);
    }
    move(partial, target);
    open = false;
    if (replaces) {
      MoreFiles.deleteRecursively(old, RecursiveDeleteOption.ALLOW_INSECURE);
    }
  }

  /** Removes what was written unless {@link #commit} has been called. */
  @Override
  public void close() throws IOException {
    if (open && Files.exists(partial)) {
      MoreFiles.deleteRecursively(partial, RecursiveDeleteOption.ALLOW_INSECURE);
    }
  }

  private static void move(Path from, Path to) throws IOException {
    try {
      Files.move(from, to, StandardCopyOption.ATOMIC_MOVE);
    } catch (AtomicMoveNotSupportedException e) {
      throw new IOException(to + ": this file system cannot rename folders; export elsewhere", e);
    }
  }
}
