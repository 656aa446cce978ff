package org.blip4j.tools.infer;

import java.io.IOException;
import java.net.URI;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import org.blip4j.data.file.AtomicFile;
import org.blip4j.tools.input.LoadedImage;

/**
 * A text file beside each image: {@code photo.txt} beside {@code photo.jpg}. A text that this run
 * has written is never replaced: of {@code a.jpg} and {@code a.png} the second is refused.
 */
final class SidecarSink implements CaptionSink {
  private final boolean overwrite;
  private final Map<Path, Path> written = new HashMap<>();

  /**
   * Starts.
   *
   * @param overwrite whether texts of before may be replaced
   */
  SidecarSink(boolean overwrite) {
    this.overwrite = overwrite;
  }

  @Override
  public void accept(LoadedImage image, CaptionRow row) throws IOException {
    Path file =
        image
            .file()
            .orElseThrow(
                () ->
                    new IOException(
                        "is in a shard; --sidecar writes beside files, use --csv instead"))
            .toAbsolutePath()
            .normalize();
    Path text = besideOf(file);
    Path other = written.get(text);
    if (file.equals(other)) {
      return; // named twice
    }
    if (other != null) {
      throw new FileAlreadyExistsException(
          text.toString(),
          other.toString(),
          "%s has the same sidecar, %s; rename one of the two, or use --csv"
              .formatted(other, text.getFileName()));
    }
    if (!overwrite && Files.exists(text)) {
      throw new FileAlreadyExistsException(
          besideOf(image.file().orElseThrow()).toString(),
          null,
          besideOf(image.file().orElseThrow()) + " exists already; give --overwrite");
    }
    AtomicFile.write(text, row.caption() + "\n");
    written.put(text, file);
  }

  static Path besideOf(Path image) {
    String name = image.getFileName().toString();
    if (name.indexOf('\uFFFD') >= 0) {
      return besideOfRaw(image);
    }
    int point = name.lastIndexOf('.');
    return image.resolveSibling((point > 0 ? name.substring(0, point) : name) + ".txt");
  }

  /** A name that is not UTF-8 keeps its bytes, which only a URI can say. */
  private static Path besideOfRaw(Path image) {
    String uri = image.toUri().toString();
    int slash = uri.lastIndexOf('/');
    int point = uri.lastIndexOf('.');
    return Path.of(URI.create((point > slash + 1 ? uri.substring(0, point) : uri) + ".txt"));
  }

  @Override
  public void commit() {}

  @Override
  public void close() {}
}
