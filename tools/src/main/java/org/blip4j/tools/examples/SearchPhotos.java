package org.blip4j.tools.examples;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import org.blip4j.savedmodel.predict.EmbeddingVector;
import org.blip4j.savedmodel.predict.ImageBytes;
import org.blip4j.savedmodel.predict.Predictor;

/** Searches photos by a text over their embeddings. */
public final class SearchPhotos {
  private SearchPhotos() {}

  /** The photos, the one that fits the text best first. */
  public static List<Path> run(Path modelFolder, List<Path> photos, String text)
      throws IOException {
    List<byte[]> images = new ArrayList<>();
    for (Path photo : photos) {
      images.add(ImageBytes.of(photo));
    }
    try (Predictor model = Predictor.open(modelFolder)) {
      List<EmbeddingVector> features = model.embedImages(images); // to be kept for other texts
      EmbeddingVector asked = model.embedText(text);
      List<Path> found = new ArrayList<>(photos);
      found.sort(
          Comparator.comparingDouble(photo -> -asked.cosine(features.get(photos.indexOf(photo)))));
      return found;
    }
  }
}
