package org.blip4j.savedmodel.export;

import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.Objects;

/**
 * Where an exported model goes.
 *
 * @param folder the model's base path, as given to a server
 * @param version a positive number; servers take the highest
 * @param overwrite whether an existing version may be replaced
 */
public record ExportTarget(Path folder, long version, boolean overwrite) {
  /** Checks the version. */
  public ExportTarget {
    Objects.requireNonNull(folder, "folder");
    if (version < 1) {
      throw new IllegalArgumentException(
          "version " + version + " is not a positive number; a server loads 1, 2, 3 ...");
    }
  }

  /** The folder of the version itself. */
  public Path versionFolder() {
    return folder.resolve(Long.toString(version));
  }

  /**
   * Fails if the version exists and may not be replaced; ask before work that takes time.
   *
   * @throws IOException naming the version
   */
  public void requireFree() throws IOException {
    if (!overwrite && Files.exists(versionFolder(), LinkOption.NOFOLLOW_LINKS)) {
      throw new FileAlreadyExistsException(
          versionFolder().toString(),
          null,
          "exists already; choose another version or folder, or let it be replaced");
    }
  }
}
