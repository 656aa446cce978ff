package org.blip4j.tools.input;

import java.nio.file.InvalidPathException;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import org.blip4j.data.file.FileNames;

/** The images of a file of pairs by their paths as written, each read once in a batch. */
public final class NamedImages {
  private final FileNames names = new FileNames();
  private final Map<String, LoadedImage> read = new HashMap<>();

  /** Forgets the images that were read; what folders hold is remembered. */
  public void nextBatch() {
    read.clear();
  }

  /** The image; a name that is no path is one that cannot be read. */
  public LoadedImage get(String name) {
    return read.computeIfAbsent(name, this::read);
  }

  private LoadedImage read(String name) {
    try {
      return ImageStream.read(names.find(name));
    } catch (InvalidPathException e) {
      return LoadedImage.failed(name, Optional.empty(), "not a path: " + e.getReason());
    }
  }
}
