package org.blip4j.ops.kernel;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.tensorflow.proto.ConfigProto;
import org.tensorflow.proto.RewriterConfig;

final class KernelsTest {
  private static final ConfigProto CPU = ConfigProto.newBuilder().putDeviceCount("GPU", 0).build();

  @Test
  void onlyASessionThatKeepsToTheCpuIsPacked() {
    assumeTrue(Kernels.packedAvailable());
    assertEquals(Kernels.PACKED, Kernels.forSession(CPU));
    ConfigProto half =
        withRewrites(CPU, r -> r.setAutoMixedPrecisionOnednnBfloat16(RewriterConfig.Toggle.ON));
    assertEquals(Kernels.PORTABLE, Kernels.forTraining(half));
    assertEquals(Kernels.PACKED_BFLOAT16, Kernels.forSession(half));
    assertEquals(Kernels.PORTABLE, Kernels.forSession(ConfigProto.getDefaultInstance()));
  }

  @Test
  void aSessionOnAGpuNarrowsProductsItself() {
    ConfigProto gpu = ConfigProto.getDefaultInstance();
    ConfigProto half =
        withRewrites(gpu, r -> r.setAutoMixedPrecisionOnednnBfloat16(RewriterConfig.Toggle.ON));
    assertEquals(Kernels.BFLOAT16, Kernels.forSession(half));
    assertEquals(Kernels.BFLOAT16, Kernels.forTraining(half));
    assertEquals(
        RewriterConfig.Toggle.OFF,
        Kernels.BFLOAT16
            .sessionFrom(half)
            .getGraphOptions()
            .getRewriteOptions()
            .getAutoMixedPrecisionOnednnBfloat16());
    ConfigProto sixteen = withRewrites(gpu, r -> r.setAutoMixedPrecision(RewriterConfig.Toggle.ON));
    assertEquals(Kernels.FLOAT16, Kernels.forSession(sixteen));
    assertThrows(IllegalArgumentException.class, () -> Kernels.forTraining(sixteen));
    ConfigProto onCpu = sixteen.toBuilder().putDeviceCount("GPU", 0).build();
    assertEquals(Kernels.forSession(CPU), Kernels.forSession(onCpu));
    assertThrows(IllegalArgumentException.class, () -> Kernels.forTraining(onCpu));
    assertEquals(Kernels.PORTABLE, Kernels.forTraining(gpu));
  }

  private static ConfigProto withRewrites(
      ConfigProto session, Consumer<RewriterConfig.Builder> change) {
    ConfigProto.Builder builder = session.toBuilder();
    change.accept(builder.getGraphOptionsBuilder().getRewriteOptionsBuilder());
    return builder.build();
  }
}
