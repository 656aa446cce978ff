package org.blip4j.tools.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.blip4j.graph.config.BlipConfig;
import org.blip4j.ops.kernel.Kernels;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.tensorflow.proto.ConfigProto;

final class BenchmarkTest {

  @ParameterizedTest
  @EnumSource(BenchWork.class)
  void everyWorkIsMeasuredBesideTheRawRate(BenchWork work) {
    BenchResult result =
        Benchmark.run(
            new BenchPlan(
                work, BenchSize.tiny, 2, 2, 2, ConfigProto.getDefaultInstance(), Kernels.PORTABLE),
            runs -> {});
    assertEquals(work.name(), result.work());
    assertTrue(result.matmulGflops() > 0);
    assertTrue(result.secondsMin() <= result.secondsMedian());
    assertTrue(result.secondsMedian() <= result.secondsMax());
    assertEquals(result.gflops() / result.matmulGflops(), result.share(), 1e-12);
    assertTrue(result.memoryGbytes() > 0);
    assertEquals(work == BenchWork.matmul, result.boundShare() == null);
    Double expected = 2 / result.secondsMin();
    switch (work) {
      case matmul -> {
        assertEquals(null, result.imagesPerSecond());
        assertEquals(null, result.pairsPerSecond());
      }
      case match -> assertEquals(expected, result.pairsPerSecond(), 1e-9);
      case vit, caption -> assertEquals(expected, result.imagesPerSecond(), 1e-9);
    }
  }

  /** 111 GFLOP for ViT-B/16 at 384 pixels. */
  @Test
  void operationsOfTheVisionTransformerAreCounted() {
    assertEquals(111e9, Operations.vision(BlipConfig.base(384).vision()), 0.5e9);
  }

  /** 0.5 GB a step and 0.35 GB of vision in float32. */
  @Test
  void numbersReadFromMemoryAreCounted() {
    BlipConfig base = BlipConfig.base(384);
    double step = Operations.captionNumbers(base, 1, 2) - Operations.captionNumbers(base, 1, 1);
    assertEquals(0.5e9, 4 * step, 0.05e9);
    assertEquals(0.34e9, 4 * Operations.visionWeights(base.vision()), 0.02e9);
  }

  @Test
  void runsBelowOneAreRefused() {
    assertThrows(
        IllegalArgumentException.class,
        () ->
            new BenchPlan(
                BenchWork.vit,
                BenchSize.tiny,
                1,
                1,
                0,
                ConfigProto.getDefaultInstance(),
                Kernels.PORTABLE));
  }
}
