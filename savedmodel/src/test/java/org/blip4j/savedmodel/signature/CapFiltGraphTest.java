package org.blip4j.savedmodel.signature;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.blip4j.data.weights.TensorBundleReader;
import org.blip4j.graph.config.Task;
import org.blip4j.savedmodel.export.ModelExporter;
import org.blip4j.savedmodel.open.ModelSource;
import org.blip4j.savedmodel.predict.Caption;
import org.blip4j.savedmodel.predict.PairScore;
import org.blip4j.savedmodel.predict.Predictor;
import org.blip4j.savedmodel.predict.PredictorOptions;
import org.blip4j.savedmodel.testing.Served;
import org.blip4j.savedmodel.testing.TinyModel;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A captioner and a filter in one exported model, beside each alone. */
class CapFiltGraphTest {
  @TempDir private Path folder;

  private static final PredictorOptions OPTIONS = PredictorOptions.defaults();
  private static final byte[] A = TinyModel.image(1, "jpg");
  private static final byte[] B = TinyModel.image(17, "png");
  private static final byte[] NONE = {1, 2, 3};
  private static final List<String> WEB = List.of("a red dog", "The blue (circles)!", "a cat");

  @Test
  void itAnswersAsItsTwoModelsDo() throws IOException {
    ModelSource captioner = TinyModel.write(folder.resolve("captioner"), Task.CAPTION, 3);
    ModelSource filter = TinyModel.write(folder.resolve("filter"), Task.RETRIEVAL, 4);
    ModelExporter.Exported exported =
        ModelExporter.exportCapFilt(
            new ModelExporter.Bundle(captioner, filter),
            OPTIONS,
            new ModelExporter.Target(folder.resolve("served"), 1, false));
    assertEquals(Set.of("serving_default", "capfilt", "capfilt_tensor"), exported.signatures());
    Set<String> names =
        TensorBundleReader.open(exported.folder().resolve("variables/variables"))
            .variables()
            .keySet();
    assertTrue(names.stream().allMatch(name -> name.matches("(captioner|filter)/.*")));

    Map<String, Object> outputs;
    Map<String, Object> none;
    byte[][] texts = Served.bytes(WEB.toArray(new String[0]));
    try (Served served = new Served(exported.folder())) {
      outputs =
          served.call(
              "capfilt",
              Map.of(
                  "image_bytes",
                  new byte[][] {A, NONE, B},
                  "text",
                  texts,
                  "seed",
                  new long[] {5, 6, 7}));
      none =
          served.call(
              "capfilt",
              Map.of("image_bytes", new byte[0][], "text", new byte[0][], "seed", new long[0]));
    }
    List<?> captions = (List<?>) outputs.get("synthetic_caption");
    List<?> status = (List<?>) outputs.get("status");
    assertEquals(List.of("", ""), List.of(status.get(0), status.get(2)));
    assertTrue(((String) status.get(1)).startsWith("not an image"));
    assertEquals("", captions.get(1));
    try (Predictor writes = Predictor.open(captioner, OPTIONS);
        Predictor judges = Predictor.open(filter, OPTIONS)) {
      List<Caption> drawn = writes.captionSample(List.of(A, B), 5, 7);
      for (int i = 0; i < 2; i++) {
        int row = 2 * i;
        String caption = drawn.get(i).text();
        assertEquals(caption, captions.get(row));
        byte[] image = i == 0 ? A : B;
        List<PairScore> scores =
            judges.match(List.of(image, image), List.of(WEB.get(row), caption));
        assertEquals(scores.get(0).itmProbability(), ((float[]) outputs.get("itm_web"))[row], 1e-5);
        assertEquals(
            scores.get(1).itmProbability(), ((float[]) outputs.get("itm_synthetic"))[row], 1e-5);
      }
    }
    assertEquals(0, ((float[]) outputs.get("itm_web"))[1]);
    assertEquals(List.of(), none.get("synthetic_caption"));
    Exception e =
        assertThrows(
            IllegalArgumentException.class,
            () -> {
              try (Predictor both =
                  Predictor.open(
                      ModelSource.resolve(folder.resolve("served").toString()), OPTIONS)) {
                both.caption(List.of(A));
              }
            });
    assertTrue(e.getMessage().contains("only"), e.getMessage());
  }

  @Test
  void modelsThatCannotDoTheirPartAreRefused() throws IOException {
    ModelSource captioner = TinyModel.write(folder.resolve("captioner"), Task.CAPTION);
    ModelSource filter = TinyModel.write(folder.resolve("filter"), Task.RETRIEVAL);
    ModelExporter.Target target = new ModelExporter.Target(folder.resolve("served"), 1, false);
    for (ModelExporter.Bundle wrong :
        List.of(
            new ModelExporter.Bundle(filter, filter),
            new ModelExporter.Bundle(captioner, captioner))) {
      Exception e =
          assertThrows(
              IllegalArgumentException.class,
              () -> ModelExporter.exportCapFilt(wrong, OPTIONS, target));
      assertTrue(e.getMessage().contains("give another"), e.getMessage());
    }
  }
}
