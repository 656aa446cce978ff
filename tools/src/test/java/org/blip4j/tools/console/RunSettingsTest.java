package org.blip4j.tools.console;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Map;
import org.blip4j.ops.kernel.Precision;
import org.blip4j.savedmodel.predict.PredictorOptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.tensorflow.proto.ConfigProto;

class RunSettingsTest {
  @Test
  void theLibraryComputesAsTheCommandsDo() {
    PredictorOptions library = PredictorOptions.defaults();
    ConfigProto commands = new RunSettings("cpu", 0, Precision.FLOAT32).sessionConfig();
    assertEquals(commands, library.session());
    assertEquals(PredictorOptions.of(commands, Precision.FLOAT32).kernels(), library.kernels());
    for (String device : List.of("cpu", "gpu:0", "gpu:3")) {
      assertEquals(
          new RunSettings(device, 2, Precision.FLOAT32).sessionConfig(),
          library.withThreads(2).withDevice(device).session());
    }
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
    assertEquals(
        "--device tpu is not a device; use cpu, gpu:0 or a list such as gpu:0,1", e.getMessage());
  }

  @Test
  void devicesOfTheCpuAreMadeAsTheyAreNamed() {
    ConfigProto config = new RunSettings("cpu:0,1,2", 0, Precision.FLOAT32).sessionConfig();
    assertEquals(Map.of("GPU", 0, "CPU", 3), config.getDeviceCountMap());
    assertEquals(
        new RunSettings("cpu", 0, Precision.FLOAT32).sessionConfig(),
        new RunSettings("cpu:0", 0, Precision.FLOAT32).sessionConfig());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "gpu: | is not a device",
        "gpu:0, | is not a device",
        "cpu:0,,1 | is not a device",
        "gpu:99999999999 | is not a device",
        "gpu:1,0,1 | names a device twice; give each number once ('tools/blip doctor' lists",
        "cpu:0,0 | names a device twice",
        "cpu:1 | leaves numbers out: there is one CPU",
        "cpu:0,2 | use cpu, or a list such as cpu:0,1 ('tools/blip doctor' lists the devices)"
      })
  void aListThatNamesNoDeviceOrOneTwiceIsRefused(String device, String why) {
    IllegalArgumentException e =
        assertThrows(
            IllegalArgumentException.class, () -> new RunSettings(device, 0, Precision.FLOAT32));
    assertTrue(e.getMessage().startsWith("--device " + device + " "), e.getMessage());
    assertTrue(e.getMessage().contains(why), e.getMessage());
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
