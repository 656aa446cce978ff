package org.blip4j.tools.input;

import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/** The images of a batch by their paths as written, each read once. */
public final class NamedImages {
  private final Map<String, LoadedImage> read = new HashMap<>();

  /** The image; a name that is no path is one that cannot be read. */
  public LoadedImage get(String name) {
    return read.computeIfAbsent(name, NamedImages::read);
  }

  private static LoadedImage read(String name) {
    try {
      return ImageStream.read(Path.of(name));
    } catch (InvalidPathException e) {
      return LoadedImage.failed(name, Optional.empty(), "not a path: " + e.getReason());
    }
  }
}
