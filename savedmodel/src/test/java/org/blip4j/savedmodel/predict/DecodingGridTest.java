package org.blip4j.savedmodel.predict;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.LongStream;
import org.blip4j.graph.config.Task;
import org.blip4j.ops.decode.LengthNormalization;
import org.blip4j.ops.kernel.Kernels;
import org.blip4j.savedmodel.open.ModelSource;
import org.blip4j.savedmodel.testing.TinyModel;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * A row gives the same ids alone and in any batch, whatever the beams and the prompts beside, on
 * each set of kernels whose products do not take the rows of a batch together. In bfloat16 a
 * difference in the last digit of float32 may become one in the third.
 */
class DecodingGridTest {
  private static final List<Integer> BATCHES = List.of(1, 3, 8);
  private static final List<String> PROMPTS =
      List.of(
          "", "a picture of ", "the", "a small red dog and the", "", "blue", "a cat of", "large");

  @TempDir private static Path folder;
  private static ModelSource.Folder source;
  private static final List<byte[]> IMAGES = new ArrayList<>();

  @BeforeAll
  static void write() throws IOException {
    source = TinyModel.write(folder.resolve("model"), Task.CAPTION);
    for (int i = 0; i < 8; i++) {
      IMAGES.add(TinyModel.image(3 * i, i % 2 == 0 ? "jpg" : "png"));
    }
  }

  private static PredictorOptions options(String kernels) {
    PredictorOptions defaults = PredictorOptions.defaults();
    return kernels.equals("DEFAULT") ? defaults : defaults.withKernels(Kernels.valueOf(kernels));
  }

  @ParameterizedTest
  @CsvSource({
    "DEFAULT, 1, WHOLE, 1",
    "DEFAULT, 3, WHOLE, 1",
    "DEFAULT, 5, WHOLE, 1",
    "DEFAULT, 3, GENERATED, 1.3",
    "PORTABLE, 3, WHOLE, 1",
    "PACKED, 3, WHOLE, 1",
    "PACKED_BFLOAT16, 3, WHOLE, 1",
    "PACKED_BFLOAT16, 1, WHOLE, 1"
  })
  void aBatchWithUnequalPromptsGivesTheIdsOfItsRowsAlone(
      String kernels, int beams, LengthNormalization normalization, double penalty)
      throws IOException {
    assumeTrue(!kernels.startsWith("PACKED") || Kernels.packedAvailable());
    PredictorOptions options =
        options(kernels)
            .withSettings(
                own ->
                    own.withSearch(
                        own.search()
                            .withBeams(beams)
                            .withNormalization(normalization)
                            .withRepetitionPenalty(penalty)));
    try (Predictor model = Predictor.open(source, options)) {
      List<Caption> alone = new ArrayList<>();
      for (int i = 0; i < IMAGES.size(); i++) {
        alone.addAll(model.captionPrompted(List.of(IMAGES.get(i)), List.of(PROMPTS.get(i))));
      }
      for (int batch : BATCHES) {
        for (int begin = 0; begin + batch <= IMAGES.size(); begin += batch) {
          List<Caption> together =
              model.captionPrompted(
                  IMAGES.subList(begin, begin + batch), PROMPTS.subList(begin, begin + batch));
          for (int i = 0; i < batch; i++) {
            same(
                alone.get(begin + i),
                together.get(i),
                kernels.contains("BFLOAT16") ? 1e-3 : 1e-5,
                "batch " + batch + " row " + (begin + i));
          }
        }
      }
      Set<Object> texts = new HashSet<>();
      alone.forEach(caption -> texts.add(caption.ids()));
      assertTrue(texts.size() > 5, "the images and prompts hardly matter: " + texts);
    }
  }

  @Test
  void aSampleDependsOnItsSeedAndNotOnItsNeighbours() throws IOException {
    try (Predictor model = Predictor.open(source, PredictorOptions.defaults())) {
      List<Caption> alone = new ArrayList<>();
      for (int i = 0; i < IMAGES.size(); i++) {
        alone.addAll(model.captionSample(List.of(IMAGES.get(i)), 100 + i));
      }
      for (int batch : BATCHES) {
        for (int begin = 0; begin + batch <= IMAGES.size(); begin += batch) {
          long[] seeds = LongStream.range(100 + begin, 100 + begin + batch).toArray();
          List<Caption> together = model.captionSample(IMAGES.subList(begin, begin + batch), seeds);
          for (int i = 0; i < batch; i++) {
            same(
                alone.get(begin + i),
                together.get(i),
                1e-5,
                "batch " + batch + " row " + (begin + i));
          }
        }
      }
    }
  }

  private static void same(Caption expected, Caption actual, double digits, String where) {
    assertTrue(expected.ok(), expected.status());
    assertEquals(expected.ids(), actual.ids(), where);
    assertEquals(expected.text(), actual.text(), where);
    assertEquals(
        expected.logProb(), actual.logProb(), digits * (Math.abs(expected.logProb()) + 1), where);
  }
}
