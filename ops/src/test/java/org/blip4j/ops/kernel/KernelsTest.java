package org.blip4j.ops.kernel;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import org.blip4j.ops.core.Mode;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.tensorflow.proto.ConfigProto;
import org.tensorflow.proto.RewriterConfig;

final class KernelsTest {
  private static final ConfigProto CPU =
      ConfigProto.newBuilder().setIntraOpParallelismThreads(3).putDeviceCount("GPU", 0).build();

  @Test
  void onlyInferenceThatKeepsToTheCpuIsPacked() {
    assertFalse(Kernels.mayUseGpu(CPU));
    assertEquals(true, Kernels.mayUseGpu(ConfigProto.getDefaultInstance()));
    assumeTrue(Kernels.packedAvailable());
    assertEquals(Kernels.PACKED, Kernels.forInference(Precision.FLOAT32, false));
    assertEquals(Kernels.PACKED_BFLOAT16, Kernels.forInference(Precision.BFLOAT16, false));
    assertEquals(Kernels.PORTABLE, Kernels.forInference(Precision.FLOAT32, true));
    assertEquals(Kernels.PORTABLE, Kernels.forTraining(Precision.FLOAT32, false));
    assertEquals(Kernels.PORTABLE_BFLOAT16, Kernels.forTraining(Precision.BFLOAT16, false));
  }

  @Test
  void aGraphForAGpuNarrowsProductsItself() {
    assertEquals(Kernels.BFLOAT16, Kernels.forInference(Precision.BFLOAT16, true));
    assertEquals(Kernels.BFLOAT16, Kernels.forTraining(Precision.BFLOAT16, true));
    assertEquals(Kernels.FLOAT16, Kernels.forInference(Precision.FLOAT16, true));
    assertEquals(Kernels.PORTABLE, Kernels.forTraining(Precision.FLOAT32, true));
  }

  @Test
  void float16IsForInferenceOnAGpu() {
    assertThrows(
        IllegalArgumentException.class, () -> Kernels.forInference(Precision.FLOAT16, false));
    assertThrows(
        IllegalArgumentException.class, () -> Kernels.forTraining(Precision.FLOAT16, false));
    assertThrows(
        IllegalArgumentException.class, () -> Kernels.forTraining(Precision.FLOAT16, true));
  }

  @ParameterizedTest
  @CsvSource({
    "PORTABLE, PORTABLE",
    "PORTABLE_BFLOAT16, PORTABLE_BFLOAT16",
    "BFLOAT16, BFLOAT16",
    "FLOAT16, FLOAT16",
    "PACKED, PORTABLE",
    "PACKED_BFLOAT16, PORTABLE_BFLOAT16",
    "INT8, PORTABLE"
  })
  void stockKernelsKeepThePrecision(Kernels kernels, Kernels stock) {
    assertEquals(stock, kernels.stock());
    assertEquals(kernels.precision(), stock.precision());
  }

  @ParameterizedTest
  @CsvSource({
    "PORTABLE, OFF, true",
    "PORTABLE_BFLOAT16, ON, false",
    "BFLOAT16, OFF, false",
    "FLOAT16, OFF, false",
    "PACKED, OFF, true",
    "PACKED_BFLOAT16, ON, false",
    "INT8, OFF, true"
  })
  void theOptimizerNarrowsWhatTheKernelsLeaveToIt(
      Kernels kernels, RewriterConfig.Toggle narrows, boolean off) {
    for (Mode mode : Mode.values()) {
      RewriterConfig rewriter = rewriter(kernels, mode);
      assertEquals(narrows, rewriter.getAutoMixedPrecisionOnednnBfloat16());
      assertEquals(RewriterConfig.Toggle.OFF, rewriter.getAutoMixedPrecision());
      assertEquals(RewriterConfig.MemOptType.NO_MEM_OPT, rewriter.getMemoryOptimization());
    }
    RewriterConfig rewriter = rewriter(kernels, Mode.INFER);
    assertEquals(off, rewriter.getDisableMetaOptimizer());
    assertEquals(RewriterConfig.NumIterationsType.ONE, rewriter.getMetaOptimizerIterations());
    assertFalse(rewriter(kernels, Mode.TRAIN).getDisableMetaOptimizer());
  }

  @ParameterizedTest
  @EnumSource(Kernels.class)
  void devicesAndThreadsOfASessionStay(Kernels kernels) {
    for (Mode mode : Mode.values()) {
      assertEquals(CPU, kernels.sessionFrom(CPU, mode).toBuilder().clearGraphOptions().build());
    }
  }

  private static RewriterConfig rewriter(Kernels kernels, Mode mode) {
    return kernels.sessionFrom(CPU, mode).getGraphOptions().getRewriteOptions();
  }
}
