package org.blip4j.tools.examples;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.blip4j.savedmodel.open.ModelSource;
import org.blip4j.savedmodel.predict.Caption;
import org.blip4j.savedmodel.predict.Predictor;
import org.blip4j.savedmodel.predict.PredictorOptions;

/** Captions photos with a model folder or an exported SavedModel, in the calling process. */
public final class CaptionPhotos {
  private CaptionPhotos() {}

  /** Captions the files in {@code photos}, in their order; a damaged one gives its own status. */
  public static List<String> run(Path model, List<Path> photos) throws IOException {
    List<byte[]> images = new ArrayList<>();
    for (Path photo : photos) {
      images.add(Files.readAllBytes(photo));
    }
    ModelSource source = ModelSource.resolve(model.toString());
    try (Predictor predictor = Predictor.open(source, PredictorOptions.defaults())) {
      List<String> captions = new ArrayList<>();
      for (Caption caption : predictor.caption(images)) {
        captions.add(caption.ok() ? caption.text() : caption.status());
      }
      return captions;
    }
  }
}
