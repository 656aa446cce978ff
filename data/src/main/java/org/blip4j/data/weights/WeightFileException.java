package org.blip4j.data.weights;

import com.google.common.base.CharMatcher;
import java.io.IOException;
import java.nio.file.Path;

/**
 * A weight file that cannot be read: one line that names the file, what is wrong and what to do.
 */
public final class WeightFileException extends IOException {
  private static final long serialVersionUID = 1L;

  /** A message that names the file already. */
  WeightFileException(String message) {
    super(oneLine(message));
  }

  public WeightFileException(Path path, String problem) {
    super(oneLine(path + ": " + problem));
  }

  /** Names that a file gives may have any characters. */
  private static String oneLine(String message) {
    return CharMatcher.javaIsoControl().replaceFrom(message, '?');
  }
}
