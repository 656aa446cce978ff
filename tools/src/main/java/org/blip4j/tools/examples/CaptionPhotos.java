package org.blip4j.tools.examples;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.stream.Stream;
import org.blip4j.savedmodel.predict.Caption;
import org.blip4j.savedmodel.predict.ImageBytes;
import org.blip4j.savedmodel.predict.Predictor;

/** Captions a folder with a model folder or an exported SavedModel, in the calling process. */
public final class CaptionPhotos {
  private CaptionPhotos() {}

  /** A caption for each file by its name; a file that is no image gives its own status. */
  public static Map<String, String> run(Path modelFolder, Path photos) throws IOException {
    Map<String, String> captions = new LinkedHashMap<>();
    try (Predictor model = Predictor.open(modelFolder);
        Stream<Path> files = Files.list(photos)) {
      for (Path file : files.filter(Files::isRegularFile).sorted().toList()) {
        Caption caption = model.caption(ImageBytes.of(file));
        captions.put(
            file.getFileName().toString(), caption.ok() ? caption.text() : caption.status());
      }
    }
    return captions;
  }
}
