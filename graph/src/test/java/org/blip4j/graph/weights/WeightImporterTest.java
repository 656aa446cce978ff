package org.blip4j.graph.weights;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.common.util.concurrent.Uninterruptibles;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.concurrent.atomic.AtomicInteger;
import org.blip4j.data.weights.WeightFile;
import org.blip4j.data.weights.WeightFileException;
import org.blip4j.data.weights.WeightLayout;
import org.blip4j.graph.config.Task;
import org.blip4j.graph.config.VitConfig;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.tensorflow.ndarray.Shape;

final class WeightImporterTest {
  private static final WeightNames SHARED = WeightNames.of(PublishedForm.OFFICIAL, true);
  private static final WeightNames SEPARATE = WeightNames.of(PublishedForm.OFFICIAL, false);
  private static final String LAYER = "text_encoder.encoder.layer.0.";

  @TempDir Path folder;

  private final TinyWeights pretrained = TinyWeights.of(SHARED, TinyWeights.pretraining());

  @Test
  void fillsEveryVariableInOurLayout() throws Exception {
    List<VariableValues.Wanted> variables = TinyWeights.pretraining();
    pretrained.put("text_encoder.embeddings.position_ids", Shape.of(1, 20), new float[20]);
    try (WeightFile file = file(pretrained)) {
      WeightImporter importer =
          WeightImporter.plan(file, WeightImporter.names(file, true), variables);
      Map<String, Object> values = new LinkedHashMap<>();
      importer.copyTo(collector(values));
      assertEquals(
          variables.stream().map(VariableValues.Wanted::name).toList(),
          List.copyOf(values.keySet()));
      String published = LAYER + "intermediate.dense.weight";
      assertArrayEquals(
          WeightLayout.TRANSPOSED.toOurs(pretrained.values(published), pretrained.shape(published)),
          (float[]) values.get("text_encoder/encoder/layer/0/intermediate/dense/kernel"));
      assertArrayEquals(new long[] {3}, (long[]) values.get("queue_ptr"));
      assertEquals(List.of("text_encoder.embeddings.position_ids"), importer.report().skipped());
      assertEquals(List.of(), importer.report().leftOver());
      assertTrue(importer.report().summary().startsWith(variables.size() + " variables filled"));
    }
  }

  @Test
  void refusesTiedTensorsThatDiffer() throws Exception {
    String decoder = "text_decoder.bert.encoder.layer.0.output.dense.bias";
    float[] changed = pretrained.values(decoder).clone();
    changed[5] += 1;
    try (WeightFile file = file(pretrained.put(decoder, Shape.of(64), changed))) {
      WeightImporter importer = WeightImporter.plan(file, SHARED, TinyWeights.pretraining());
      String message =
          assertThrows(
                  WeightFileException.class,
                  () -> importer.copyTo(collector(new LinkedHashMap<>())))
              .getMessage();
      assertTrue(
          message.contains(decoder) && message.contains(LAYER + "output.dense.bias"), message);
    }
  }

  @Test
  void takesATiedTensorUnderAnyOfItsNames() throws Exception {
    pretrained.remove("text_encoder.embeddings.word_embeddings.weight");
    float[] words = pretrained.values("text_decoder.cls.predictions.decoder.weight");
    try (WeightFile file = file(pretrained)) {
      WeightImporter importer = WeightImporter.plan(file, SHARED, TinyWeights.pretraining());
      assertArrayEquals(words, importer.floats("text_encoder/embeddings/word_embeddings/weight"));
      assertThrows(IllegalArgumentException.class, () -> importer.floats("no/such"));
    }
  }

  @Test
  void listsAllProblemsInOneLine() throws Exception {
    pretrained
        .put("vision_proj.weihgt", Shape.of(16, 64), new float[16 * 64])
        .remove("vision_proj.weight")
        .remove("vision_proj_m.weight")
        .remove("temp")
        .put("itm_head.weight", Shape.of(3, 64), new float[3 * 64]);
    try (WeightFile file = file(pretrained)) {
      List<VariableValues.Wanted> request = TinyWeights.pretraining();
      ImportReport.Refusal error =
          assertThrows(
              ImportReport.Refusal.class, () -> WeightImporter.plan(file, SHARED, request));
      String message = error.getMessage();
      assertTrue(message.contains("3 missing, 1 mis-shaped, 1 unknown"), message);
      assertTrue(
          message.contains("vision_proj.weight is missing (the file has vision_proj.weihgt)"),
          message);
      assertTrue(message.contains("temp is missing"), message);
      String shapes =
          "%s in the file, the model wants %s".formatted(Shape.of(3, 64), Shape.of(2, 64));
      assertTrue(message.contains("itm_head.weight is " + shapes), message);
      assertTrue(message.contains("vision_proj.weihgt is not a tensor of this model"), message);
      assertFalse(message.contains("\n"));
      assertFalse(WeightImporter.compare(file, SHARED, request).complete());
      assertEquals(List.of("vision_proj.weihgt"), error.report().unknown());
    }
  }

  @Test
  void startsACaptionerFromAPretrainingFileAtAnotherImageSize() throws Exception {
    try (WeightFile file = file(pretrained)) {
      WeightImporter importer = WeightImporter.plan(file, SEPARATE, TinyWeights.captioning(17));
      assertEquals(17 * 64, importer.floats("visual_encoder/pos_embed").length);
      assertEquals(
          "interpolated from visual_encoder.pos_embed" + Shape.of(1, 5, 64),
          importer.report().derived().get("visual_encoder/pos_embed"));
      assertArrayEquals(
          pretrained.values("text_encoder.embeddings.word_embeddings.weight"),
          importer.floats("text_decoder/bert/embeddings/word_embeddings/weight"));
      assertTrue(importer.report().leftOver().contains("itm_head.weight"));
      assertEquals(List.of(), importer.report().unknown());
    }
  }

  @Test
  void copiesWhatFineTuningStartsFrom() throws Exception {
    List<VariableValues.Wanted> variables = new ArrayList<>();
    String layer = "text_encoder/encoder/layer/0/crossattention/";
    TinyWeights.linear(variables, layer + "self1/query", 64, 64);
    TinyWeights.linear(variables, layer + "output/dense0", 64, 64);
    TinyWeights.linear(variables, layer + "output/merge_layer", 128, 64);
    TinyWeights.linear(variables, "cls_head/2", 64, 2);
    TinyWeights.linear(variables, "text_proj_m", 64, 16);
    pretrained.remove("text_proj_m.weight").remove("text_proj_m.bias");
    try (WeightFile file = file(pretrained)) {
      WeightImporter importer = StartingModel.plan(file, Task.NLVR, variables);
      assertArrayEquals(
          pretrained.values(LAYER + "crossattention.self.query.bias"),
          importer.floats(layer + "self1/query/bias"));
      assertArrayEquals(pretrained.values("text_proj.bias"), importer.floats("text_proj_m/bias"));
      assertEquals(
          "copied from " + LAYER + "crossattention.output.dense.weight",
          importer.report().derived().get(layer + "output/dense0/kernel"));
      assertEquals(
          List.of(
              layer + "output/merge_layer/kernel",
              layer + "output/merge_layer/bias",
              "cls_head/2/kernel",
              "cls_head/2/bias"),
          importer.report().fresh());
      assertThrows(
          ImportReport.Refusal.class, () -> WeightImporter.plan(file, SEPARATE, variables));
      List<ImportReport.Problem> problems =
          WeightImporter.compare(file, SEPARATE, variables).problems();
      assertEquals(10, problems.size());
    }
  }

  @Test
  void leavesMisshapedTensorsOutWhereAModelMayStartThemAnew() throws Exception {
    List<VariableValues.Wanted> variables = new ArrayList<>();
    TinyWeights.linear(
        variables, "text_decoder/bert/encoder/layer/0/crossattention/self/key", 32, 64);
    try (WeightFile file = file(pretrained)) {
      ImportReport report = StartingModel.plan(file, Task.VQA, variables).report();
      assertEquals(
          List.of("text_decoder/bert/encoder/layer/0/crossattention/self/key/kernel"),
          report.fresh());
      assertEquals(1, report.filled().size());
    }
  }

  @Test
  void refusesFloatsWhereAModelCounts() throws Exception {
    List<VariableValues.Wanted> variables =
        List.of(new VariableValues.Wanted("ptr_queue", Shape.of(1)));
    try (WeightFile file = file(pretrained.put("ptr_queue", Shape.of(1), 3))) {
      String message =
          assertThrows(
                  ImportReport.Refusal.class, () -> WeightImporter.plan(file, SEPARATE, variables))
              .getMessage();
      assertTrue(message.contains("ptr_queue is of type F32"), message);
    }
  }

  @Test
  void anUnknownTensorIsNeverIgnored() throws Exception {
    pretrained.put("ema.decay", Shape.of(1), 1);
    try (WeightFile file = file(pretrained)) {
      List<VariableValues.Wanted> all = TinyWeights.pretraining();
      assertThrows(ImportReport.Refusal.class, () -> WeightImporter.plan(file, SHARED, all));
      assertThrows(ImportReport.Refusal.class, () -> StartingModel.plan(file, Task.PRETRAIN, all));
    }
  }

  @Test
  void readsTheArchitectureFromTheShapes() throws Exception {
    try (WeightFile file = file(pretrained)) {
      PublishedModel model = PublishedModel.read(file, PublishedModel.Given.nothing());
      assertEquals(PublishedTask.PRETRAIN, model.task());
      assertEquals(OptionalInt.of(8), model.queueSize());
      assertEquals(16, model.config().vision().imageSize());
      assertEquals(8, model.config().vision().patchSize());
      assertEquals(4, model.config().vision().mlpRatio());
      assertEquals(1, model.config().vision().layers());
      assertEquals(1, model.config().text().heads());
      assertEquals(96, model.config().text().feedForward());
      assertEquals(120, model.config().text().vocabularySize());
      assertEquals(119, model.config().text().tokens().enc());
      assertEquals(20, model.config().text().maxPositions());
      assertEquals(16, model.config().embedDim());
      assertEquals(
          4, PublishedModel.read(file, PublishedModel.Given.heads(4, 8)).config().vision().heads());
    }
  }

  /** 24 pixels in patches of 8 are no multiple of the published patch, 100 none of the width. */
  @Test
  void readsOtherPatchesAndHiddenWidthsFromTheShapes() throws Exception {
    TinyWeights other = TinyWeights.of(SEPARATE, TinyWeights.captioning(10));
    String mlp = "visual_encoder.blocks.0.mlp.";
    other.put(mlp + "fc1.weight", Shape.of(100, 64), new float[6400]);
    try (WeightFile file = file(other)) {
      VitConfig vision =
          PublishedModel.read(file, PublishedModel.Given.nothing()).config().vision();
      assertEquals(24, vision.imageSize());
      assertEquals(8, vision.patchSize());
      assertEquals(100, vision.mlpWidth());
      assertEquals(1e-6, vision.layerNormEpsilon());
      assertEquals(0, vision.dropPath());
    }
  }

  @Test
  void saysWhichModelWasGivenByMistake() throws Exception {
    try (WeightFile file = file(pretrained.put("query_tokens", Shape.of(1), 0))) {
      String message =
          assertThrows(WeightFileException.class, () -> WeightImporter.names(file, true))
              .getMessage();
      assertTrue(message.contains("BLIP-2"), message);
    }
    pretrained.remove("query_tokens").remove("visual_encoder.pos_embed");
    try (WeightFile file = file(pretrained)) {
      String message =
          assertThrows(
                  WeightFileException.class,
                  () -> PublishedModel.read(file, PublishedModel.Given.nothing()))
              .getMessage();
      assertTrue(message.contains("visual_encoder.pos_embed is missing"), message);
    }
  }

  /** An interrupt must not let the caller free memory that a worker still writes to. */
  @Test
  void noActionRunsAnyMoreWhenParallelWorkEnds() throws Exception {
    try (WeightFile file = file(pretrained)) {
      WeightImporter importer = WeightImporter.plan(file, SHARED, TinyWeights.pretraining());
      AtomicInteger running = new AtomicInteger();
      for (int round = 0; round < 20; round++) {
        boolean fails = round % 2 == 0;
        Thread.currentThread().interrupt();
        assertThrows(
            IOException.class,
            () ->
                importer.parallel(
                    variable -> {
                      running.incrementAndGet();
                      Uninterruptibles.sleepUninterruptibly(Duration.ofMillis(3));
                      running.decrementAndGet();
                      if (fails) {
                        throw new IOException("full");
                      }
                    }));
        assertEquals(0, running.get());
        assertTrue(Thread.interrupted());
      }
    }
  }

  private WeightFile file(TinyWeights weights) throws IOException {
    return weights.write(folder.resolve("weights.safetensors"));
  }

  private static VariableValues.Sink collector(Map<String, Object> values) {
    return new VariableValues.Sink() {
      @Override
      public void floats(VariableValues.Wanted variable, float[] data) {
        assertEquals(variable.shape().size(), data.length);
        values.put(variable.name(), data);
      }

      @Override
      public void longs(VariableValues.Wanted variable, long[] data) {
        values.put(variable.name(), data);
      }
    };
  }
}
