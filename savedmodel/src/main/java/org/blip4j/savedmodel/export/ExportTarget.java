package org.blip4j.savedmodel.export;

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
}
