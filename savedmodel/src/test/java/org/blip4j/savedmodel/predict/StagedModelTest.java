package org.blip4j.savedmodel.predict;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.function.UnaryOperator;
import org.blip4j.graph.config.Task;
import org.blip4j.savedmodel.open.ModelSource;
import org.blip4j.savedmodel.testing.TinyModel;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.tensorflow.Result;

/** Stages run one by one against the whole signatures of the same model. */
class StagedModelTest {
  private static final float CLOSE = 1e-5f;
  private static final List<byte[]> IMAGES =
      List.of(TinyModel.image(1, "jpg"), TinyModel.image(2, "png"));
  private static final List<String> TEXTS = List.of("a cat on a mat", "a dog", "Two Dogs, one cat");

  @TempDir private Path folder;

  @Test
  void partsGiveWhatTheSignaturesGive() throws IOException {
    ModelSource source = TinyModel.write(folder.resolve("model"), Task.RETRIEVAL);
    try (Predictor whole = Predictor.open(source, PredictorOptions.defaults());
        StagedModel staged =
            StagedModel.open(source, PredictorOptions.defaults(), UnaryOperator.identity());
        Result decoded = staged.decode(IMAGES);
        Result states = staged.encode(decoded.get(0))) {
      List<EmbeddingVector> images = whole.embedImages(IMAGES);
      List<EmbeddingVector> texts = whole.embedTexts(TEXTS);
      int[] rows = {0, 1, 1};
      List<PairScore> pairs =
          whole.match(List.of(IMAGES.get(0), IMAGES.get(1), IMAGES.get(1)), TEXTS);

      float[][] logits = staged.itmLogits(states.get(0), rows, TEXTS);
      float[][] features = staged.embedTexts(TEXTS);
      float[][] projected = staged.projectImages(states.get(0));

      assertEquals(List.of("", ""), StagedModel.strings(decoded.get(1)));
      assertTrue(staged.matches());
      for (int i = 0; i < TEXTS.size(); i++) {
        assertEquals(pairs.get(i).itmLogits().match(), logits[i][1], CLOSE);
        assertArrayEquals(texts.get(i).values(), features[i], CLOSE);
      }
      for (int i = 0; i < IMAGES.size(); i++) {
        assertArrayEquals(images.get(i).values(), unit(projected[i]), CLOSE, "image " + i);
      }
    }
  }

  private static float[] unit(float[] values) {
    double square = 0;
    for (float value : values) {
      square += value * value;
    }
    float[] unit = values.clone();
    for (int i = 0; i < unit.length; i++) {
      unit[i] /= (float) Math.sqrt(square);
    }
    return unit;
  }
}
