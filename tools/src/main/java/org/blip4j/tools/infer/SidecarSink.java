package org.blip4j.tools.infer;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.blip4j.data.file.AtomicFile;
import org.blip4j.tools.input.LoadedImage;

/**
 * A text file beside each image: {@code photo.txt} beside {@code photo.jpg}.
 *
 * @param overwrite whether existing texts may be replaced
 */
record SidecarSink(boolean overwrite) implements CaptionSink {

  @Override
  public void accept(LoadedImage image, CaptionRow row) throws IOException {
    Path text =
        besideOf(
            image
                .file()
                .orElseThrow(
                    () ->
                        new IOException(
                            "is in a shard; --sidecar writes beside files, use --csv instead")));
    if (!overwrite && Files.exists(text)) {
      throw new FileAlreadyExistsException(text.toString());
    }
    AtomicFile.write(text, (row.caption() + "\n").getBytes(UTF_8));
  }

  static Path besideOf(Path image) {
    String name = image.getFileName().toString();
    int point = name.lastIndexOf('.');
    return image.resolveSibling((point > 0 ? name.substring(0, point) : name) + ".txt");
  }

  @Override
  public void commit() {}

  @Override
  public void close() {}
}
