package org.blip4j.savedmodel.capfilt;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.common.collect.Lists;
import com.google.protobuf.ByteString;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.TreeMap;
import org.blip4j.data.sample.Sample;
import org.blip4j.graph.config.Task;
import org.blip4j.ops.kernel.Kernels;
import org.blip4j.ops.kernel.Precision;
import org.blip4j.savedmodel.open.ModelSource;
import org.blip4j.savedmodel.predict.PredictorOptions;
import org.blip4j.savedmodel.testing.TinyModel;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.tensorflow.exceptions.TFResourceExhaustedException;
import org.tensorflow.proto.ConfigProto;

class CapFiltStepTest {
  private static final PredictorOptions OPTIONS =
      PredictorOptions.of(ConfigProto.getDefaultInstance(), Precision.FLOAT32);

  @TempDir private static Path folder;
  private static CapFiltModels models;
  private static CapFiltModels oneForBoth;

  @BeforeAll
  static void write() throws IOException {
    ModelSource captioner = TinyModel.write(folder.resolve("captioner"), Task.CAPTION);
    ModelSource filter = TinyModel.write(folder.resolve("filter"), Task.RETRIEVAL, 6);
    ModelSource both = TinyModel.write(folder.resolve("both"), Task.PRETRAIN);
    models = new CapFiltModels(Optional.of(captioner), Optional.of(filter));
    oneForBoth = new CapFiltModels(Optional.of(both), Optional.of(both));
  }

  private static Sample.ImageText sample(int number) {
    return Sample.ImageText.of(
        "k" + number,
        TinyModel.image(number, number % 2 == 0 ? "png" : "jpg"),
        List.of("a red circle", "the dog and the cat " + "word30 ".repeat(number % 9)));
  }

  private static List<Sample.ImageText> samples(int count) {
    List<Sample.ImageText> samples = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      samples.add(sample(i));
    }
    return samples;
  }

  private static CapFiltSettings settings(int candidates) throws IOException {
    CapFiltSettings own = models.published(1);
    return new CapFiltSettings(
        own.policy(), new CapFiltSettings.Generation(candidates, 0, 0.95, 1.1, 2, 12), 1);
  }

  private static Map<String, CapFiltRecord> byKey(List<CapFiltRecord> records) {
    Map<String, CapFiltRecord> map = new TreeMap<>();
    records.forEach(record -> map.put(record.key(), record));
    return map;
  }

  /** Equal to the last bit of every score: records compare their floats exactly. */
  @Test
  void nothingDependsOnBatchOrOrder() throws IOException {
    List<Sample.ImageText> samples = samples(32);
    try (CapFiltStep step = CapFiltStep.open(models, settings(2), OPTIONS)) {
      Map<String, CapFiltRecord> together = byKey(step.apply(samples));
      for (int batch : new int[] {1, 5, 8}) {
        List<CapFiltRecord> parts = new ArrayList<>();
        Lists.partition(samples, batch).forEach(part -> parts.addAll(step.apply(part)));
        assertEquals(together, byKey(parts), "batch " + batch);
      }
      List<Sample.ImageText> mixed = new ArrayList<>(samples);
      Collections.shuffle(mixed, new Random(1));
      assertEquals(together, byKey(step.apply(mixed)), "another order");
      assertEquals(4, together.get("k3").texts().size());
      assertTrue(
          together.values().stream().map(r -> r.texts().get(2).text()).distinct().count() > 8,
          "captions differ");
    }
  }

  @Test
  void keysThatRepeatAreToldApartByTheirImages() throws IOException {
    Sample.ImageText one = sample(1);
    Sample.ImageText other =
        new Sample.ImageText("k1", sample(2).image(), one.texts(), one.columns());
    CapFiltSettings settings = settings(1);
    assertEquals(settings.seed(one, 0), settings.seed(sample(1), 0));
    assertNotEquals(settings.seed(one, 0), settings.seed(other, 0));
    assertNotEquals(settings.seed(one, 0), settings.seed(one, 1));
    assertNotEquals(settings.seed(one, 0), settings.withSeed(2).seed(one, 0));
  }

  @Test
  void anUnreadableImageFailsItsOwnRowOnly() throws IOException {
    byte[] cut = TinyModel.image(4, "png");
    cut[60] ^= 1; // in the pixels: its headers are well
    Sample.ImageText bad = Sample.ImageText.of("bad", cut, List.of("a cat"));
    Sample.ImageText none = Sample.ImageText.of("none", new byte[] {1, 2}, List.of("a cat"));
    try (CapFiltStep step = CapFiltStep.open(models, settings(1), OPTIONS)) {
      CapFiltRecord alone = step.apply(List.of(sample(1))).get(0);
      List<CapFiltRecord> records = step.apply(List.of(bad, sample(1), none));
      assertEquals(alone, records.get(1));
      for (CapFiltRecord record : List.of(records.get(0), records.get(2))) {
        assertFalse(record.usable());
        assertFalse(record.problem().isEmpty());
        assertTrue(record.keptSample().isEmpty());
      }
    }
  }

  @Test
  void equalImageEncodersAreFoundAndSharingThemChangesNothing() throws IOException {
    List<Sample.ImageText> samples = samples(5);
    ModelSource copy = TinyModel.write(folder.resolve("copy"), Task.RETRIEVAL);
    CapFiltModels copies = new CapFiltModels(oneForBoth.captioner(), Optional.of(copy));
    StagedModels same = StagedModels.open(oneForBoth, settings(1), OPTIONS);
    StagedModels equal = StagedModels.open(copies, settings(1), OPTIONS);
    assertTrue(same.onePass());
    assertTrue(equal.onePass());
    try (StagedModels different = StagedModels.open(models, settings(1), OPTIONS)) {
      assertFalse(different.onePass());
    }
    try (CapFiltStep one = CapFiltStep.of(settings(1), same);
        CapFiltStep two = CapFiltStep.of(settings(1), equal)) {
      Map<String, CapFiltRecord> captions = byKey(one.apply(samples));
      assertEquals(captions.keySet(), byKey(two.apply(samples)).keySet());
    }
  }

  @Test
  void whatIsMissingOrOfAnotherTaskIsNamed() throws IOException {
    CapFiltModels swapped = new CapFiltModels(models.filter(), models.captioner());
    String refused =
        assertThrows(
                IllegalArgumentException.class,
                () -> CapFiltStep.open(swapped, settings(1), OPTIONS))
            .getMessage();
    assertTrue(refused.contains("RETRIEVAL") && refused.contains("captions"), refused);
    CapFiltModels none = new CapFiltModels(models.captioner(), Optional.empty());
    assertThrows(
        IllegalArgumentException.class, () -> CapFiltStep.open(none, settings(1), OPTIONS));
    PredictorOptions eight = PredictorOptions.defaults().withKernels(Kernels.INT8);
    assertThrows(
        IllegalArgumentException.class, () -> CapFiltStep.open(models, settings(1), eight));
  }

  @Test
  void aClosedStepSaysSo() throws IOException {
    CapFiltStep step = CapFiltStep.open(models, settings(1), OPTIONS);
    step.close();
    step.close();
    assertThrows(IllegalStateException.class, () -> step.apply(samples(1)));
  }

  @Test
  void thePublishedProcedureHasTheModelsOwnLengths() throws IOException {
    CapFiltSettings settings = models.published(3);
    assertEquals(5, settings.generation().minLength());
    assertEquals(20, settings.generation().maxLength());
    assertEquals(3, settings.seed());
  }

  /** A device with room for three images at once, fewer than a run should have. */
  private static final class Small implements CaptionerAndFilter {
    private static final int ROOM = 3;

    private final List<Integer> tried = new ArrayList<>();
    private final boolean halves;
    private int rows = 16;

    Small(boolean halves) {
      this.halves = halves;
    }

    @Override
    public int rows() {
      return rows;
    }

    @Override
    public boolean halve(int size) {
      rows = size / 2;
      return halves;
    }

    @Override
    public Images read(List<ByteString> files) {
      tried.add(files.size());
      if (files.size() > ROOM) {
        throw new TFResourceExhaustedException("OOM when allocating tensor");
      }
      return new Images() {
        @Override
        public List<String> problems() {
          return Collections.nCopies(files.size(), "");
        }

        @Override
        public List<String> captions(long[] seeds) {
          return Collections.nCopies(seeds.length, "a dog");
        }

        @Override
        public List<CapFiltText> scored(int[] rows, List<CapFiltText> texts) {
          return texts.stream().map(text -> text.withScores(0.7f, 0.2f)).toList();
        }

        @Override
        public void close() {}
      };
    }

    @Override
    public void close() {}
  }

  @Test
  void whatDoesNotFitTheDeviceIsHalvedAndTheSizeKept() throws IOException {
    Small device = new Small(true);
    List<Sample.ImageText> samples = samples(18);
    try (CapFiltStep step = CapFiltStep.of(settings(1), device)) {
      List<String> keys = step.apply(samples).stream().map(CapFiltRecord::key).toList();
      assertEquals(samples.stream().map(Sample.ImageText::key).toList(), keys);
      assertEquals(List.of(16, 8, 4, 2, 2, 2, 2, 2, 2, 2, 2, 2), device.tried);
      device.tried.clear();
      assertEquals(5, step.apply(samples.subList(0, 5)).size());
      assertEquals(List.of(2, 2, 1), device.tried);
    }
    try (CapFiltStep step = CapFiltStep.of(settings(1), new Small(false))) {
      assertThrows(TFResourceExhaustedException.class, () -> step.apply(samples));
    }
  }

  @Test
  void aRunOfFewerImagesGivesTheSame() throws IOException {
    List<Sample.ImageText> samples = samples(20);
    try (StagedModels staged = StagedModels.open(models, settings(1), OPTIONS);
        CapFiltStep step = CapFiltStep.of(settings(1), staged)) {
      List<CapFiltRecord> before = step.apply(samples);
      int rows = staged.rows();
      assertTrue(staged.halve(rows));
      assertTrue(staged.halve(rows), "another thread has done so");
      assertEquals(rows / 2, staged.rows());
      List<CapFiltRecord> after = step.apply(samples);
      for (int i = 0; i < samples.size(); i++) {
        for (int text = 0; text < before.get(i).texts().size(); text++) {
          CapFiltText one = before.get(i).texts().get(text);
          CapFiltText other = after.get(i).texts().get(text);
          assertEquals(one.text(), other.text());
          assertEquals(one.itmProbability(), other.itmProbability(), 1e-5);
        }
      }
      assertFalse(staged.halve(1));
    }
  }
}
