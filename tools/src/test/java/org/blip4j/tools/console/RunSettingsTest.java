package org.blip4j.tools.console;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.blip4j.ops.kernel.Precision;
import org.blip4j.savedmodel.predict.PredictorOptions;
import org.junit.jupiter.api.Test;
import org.tensorflow.proto.ConfigProto;

class RunSettingsTest {
  @Test
  void theLibraryComputesAsTheCommandsDo() {
    PredictorOptions library = PredictorOptions.defaults();
    ConfigProto commands = new RunSettings("cpu", 0, Precision.FLOAT32).sessionConfig();
    assertEquals(commands, library.session());
    assertEquals(PredictorOptions.of(commands, Precision.FLOAT32).kernels(), library.kernels());
  }

  @Test
  void sessionConfigCarriesThreadsAndDevicesAlone() {
    ConfigProto config = new RunSettings("cpu", 3, Precision.BFLOAT16).sessionConfig();
    assertEquals(3, config.getIntraOpParallelismThreads());
    assertEquals(3, config.getInterOpParallelismThreads());
    assertEquals(0, config.getDeviceCountOrThrow("GPU"));
    assertFalse(config.hasGraphOptions());
  }

  @Test
  void devicesAreParsedAndRefused() {
    assertEquals(List.of(0, 1), new RunSettings("gpu:0,1", 0, Precision.FLOAT32).gpus());
    assertEquals(List.of(), new RunSettings("cpu", 0, Precision.FLOAT32).gpus());
    IllegalArgumentException e =
        assertThrows(
            IllegalArgumentException.class, () -> new RunSettings("tpu", 0, Precision.FLOAT32));
    assertEquals("--device tpu is not a device; use cpu or gpu:0", e.getMessage());
  }

  @Test
  void onlyTheGpusAskedForAreVisible() {
    ConfigProto config = new RunSettings("gpu:2", 0, Precision.FLOAT32).sessionConfig();
    assertEquals("2", config.getGpuOptions().getVisibleDeviceList());
    assertTrue(config.getGpuOptions().getAllowGrowth());
    assertEquals(0, config.getDeviceCountCount());
  }

  @Test
  void float16IsForGpus() {
    assertThrows(
        IllegalArgumentException.class, () -> new RunSettings("cpu", 0, Precision.FLOAT16));
  }
}
