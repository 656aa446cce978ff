package org.blip4j.tools.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.blip4j.data.tfrecord.ShardSet;
import org.blip4j.graph.config.BlipConfig;
import org.blip4j.ops.kernel.Kernels;
import org.blip4j.tools.train.TinyScenes;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.tensorflow.proto.ConfigProto;

final class BenchmarkTest {

  @ParameterizedTest
  @EnumSource(value = BenchPlan.Work.class, mode = EnumSource.Mode.EXCLUDE, names = "input")
  void everyWorkIsMeasuredBesideTheRawRate(BenchPlan.Work work) throws IOException {
    BenchResult result =
        Benchmark.run(
            new BenchPlan(
                work,
                BenchPlan.Size.tiny,
                2,
                2,
                1,
                ConfigProto.getDefaultInstance(),
                Kernels.PORTABLE,
                work == BenchPlan.Work.pretrain || work == BenchPlan.Work.capfilt,
                false),
            runs -> {});
    assertEquals(work.name(), result.work());
    assertTrue(result.matmulGflops() > 0);
    assertTrue(result.secondsMin() <= result.secondsMedian());
    assertTrue(result.secondsMedian() <= result.secondsMax());
    assertEquals(result.gflops() / result.matmulGflops(), result.share(), 1e-12);
    assertTrue(result.memoryGbytes() > 0);
    assertEquals(work == BenchPlan.Work.matmul, result.boundShare() == null);
    if (work == BenchPlan.Work.pretrain) {
      assertTrue(
          result.profile().stream().anyMatch(kind -> kind.kind().contains("MatMul")),
          result.profile().toString());
    }
    if (work == BenchPlan.Work.capfilt) {
      assertEquals(
          List.of("image encoder", "nucleus captions", "matching"),
          result.stages().stream().map(BenchResult.Stage::stage).toList());
    }
    Double expected = 2 / result.secondsMin();
    switch (work) {
      case matmul -> {
        assertEquals(null, result.imagesPerSecond());
        assertEquals(null, result.pairsPerSecond());
      }
      case match -> assertEquals(expected, result.pairsPerSecond(), 1e-9);
      case vit, caption, capfilt, pretrain ->
          assertEquals(expected, result.imagesPerSecond(), 1e-9);
      case input -> throw new AssertionError("measured by " + BenchInput.class);
    }
  }

  /** 111 GFLOP for ViT-B/16 at 384 pixels. */
  @Test
  void operationsOfTheVisionTransformerAreCounted() {
    assertEquals(111e9, Operations.vision(BlipConfig.base(384).vision()), 0.5e9);
  }

  /** Two vision transformers, one caption without beams, two texts of 20 ids with their image. */
  @Test
  void operationsOfCapFiltAreThoseOfItsParts() {
    BlipConfig base = BlipConfig.base(384);
    double texts = Operations.match(base, new int[] {20, 20});
    double caption = Operations.caption(base, 1, 19);
    assertEquals(
        caption + Operations.vision(base.vision()) + texts, Operations.capFilt(base, 19), 1);
    assertEquals(268e9, Operations.capFilt(base, 19), 2e9);
  }

  /**
   * At 224 pixels 35 GFLOP are the vision transformer, and a text of 30 tokens takes 5 GFLOP alone
   * and 8 with an image.
   */
  @Test
  void operationsOfAStepAreThoseOfItsPasses() {
    BlipConfig base = BlipConfig.base(224);
    double vision = Operations.vision(base.vision());
    assertEquals(35e9, vision, 0.5e9);
    double step = Operations.pretrain(base, new int[] {30}, 57600);
    double keysValues = 4.0 * 197 * 768 * 768 * 12;
    double least = 4 * (vision + 5.1e9) + 3 * (keysValues + 4 * 6.2e9 + 29 * 48e6);
    assertEquals(1, step / least, 0.02);
  }

  /** 0.5 GB a step and 0.35 GB of vision in float32. */
  @Test
  void numbersReadFromMemoryAreCounted() {
    BlipConfig base = BlipConfig.base(384);
    double step = Operations.captionNumbers(base, 1, 2) - Operations.captionNumbers(base, 1, 1);
    assertEquals(0.5e9, 4 * step, 0.05e9);
    assertEquals(0.34e9, 4 * Operations.visionWeights(base.vision()), 0.02e9);
  }

  /** Records are made, or those that are given are read. */
  @Test
  void inputIsMeasuredBesideTheStepThatTakesIt(@TempDir Path folder) throws IOException {
    BenchInput.Rate made = BenchInput.measure(input(2), Optional.empty(), runs -> {});
    assertEquals(made.imagesPerSecond() / made.stepImagesPerSecond(), made.stepRatio(), 1e-9);
    Optional<ShardSet> few = Optional.of(ShardSet.find(List.of(TinyScenes.write(folder).data())));
    assertTrue(BenchInput.measure(input(16), few, runs -> {}).imagesPerSecond() > 0);
    String refused =
        assertThrows(
                IllegalArgumentException.class,
                () -> BenchInput.measure(input(32), few, runs -> {}))
            .getMessage();
    assertTrue(refused.contains("24 pairs, less than one batch of 32"), refused);
  }

  private static BenchPlan input(int batch) {
    return new BenchPlan(
        BenchPlan.Work.input,
        BenchPlan.Size.tiny,
        batch,
        1,
        1,
        ConfigProto.getDefaultInstance(),
        Kernels.PORTABLE,
        false,
        false);
  }

  /** Less work, and all of it counted: the images are encoded once. */
  @Test
  void capFiltWithOneImageEncoderDoesLess() throws IOException {
    BenchResult shared = Benchmark.run(capFilt(true), runs -> {});
    BenchResult apart = Benchmark.run(capFilt(false), runs -> {});
    double vision = Operations.vision(BenchPlan.Size.tiny.config(384).vision());
    assertEquals(
        2 * vision * 1e-9,
        apart.gflops() * apart.secondsMin() - shared.gflops() * shared.secondsMin(),
        1e-9);
  }

  private static BenchPlan capFilt(boolean shareVision) {
    return new BenchPlan(
        BenchPlan.Work.capfilt,
        BenchPlan.Size.tiny,
        2,
        1,
        1,
        ConfigProto.getDefaultInstance(),
        Kernels.PORTABLE,
        false,
        shareVision);
  }

  @Test
  void runsBelowOneAreRefused() {
    assertThrows(
        IllegalArgumentException.class,
        () ->
            new BenchPlan(
                BenchPlan.Work.vit,
                BenchPlan.Size.tiny,
                1,
                1,
                0,
                ConfigProto.getDefaultInstance(),
                Kernels.PORTABLE,
                false,
                false));
  }
}
