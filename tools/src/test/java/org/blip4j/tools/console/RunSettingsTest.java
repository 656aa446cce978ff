package org.blip4j.tools.console;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.blip4j.savedmodel.predict.PredictorOptions;
import org.junit.jupiter.api.Test;
import org.tensorflow.proto.ConfigProto;
import org.tensorflow.proto.RewriterConfig;

class RunSettingsTest {
  @Test
  void aModelIsRunInTheSamePrecisionAfterOneLookAtItsGraph() {
    RunSettings settings = new RunSettings("cpu", 3, RunSettings.Precision.bfloat16);
    RewriterConfig rewriter = settings.inferenceConfig().getGraphOptions().getRewriteOptions();
    assertEquals(RewriterConfig.NumIterationsType.ONE, rewriter.getMetaOptimizerIterations());
    assertEquals(RewriterConfig.Toggle.ON, rewriter.getAutoMixedPrecisionOnednnBfloat16());
    assertEquals(3, settings.inferenceConfig().getIntraOpParallelismThreads());
  }

  @Test
  void theLibraryComputesAsTheCommandsDo() {
    PredictorOptions library = PredictorOptions.defaults();
    ConfigProto commands =
        new RunSettings("cpu", 0, RunSettings.Precision.float32).inferenceConfig();
    assertEquals(commands, library.session());
    assertEquals(new PredictorOptions(commands, own -> own).kernels(), library.kernels());
  }

  @Test
  void sessionConfigCarriesThreadsDevicesAndPrecision() {
    ConfigProto config = new RunSettings("cpu", 3, RunSettings.Precision.bfloat16).sessionConfig();
    assertEquals(3, config.getIntraOpParallelismThreads());
    assertEquals(0, config.getDeviceCountOrThrow("GPU"));
    assertEquals(
        RewriterConfig.Toggle.ON,
        config.getGraphOptions().getRewriteOptions().getAutoMixedPrecisionOnednnBfloat16());
  }

  @Test
  void devicesAreParsedAndRefused() {
    assertEquals(
        List.of(0, 1), new RunSettings("gpu:0,1", 0, RunSettings.Precision.float32).gpus());
    assertEquals(List.of(), new RunSettings("cpu", 0, RunSettings.Precision.float32).gpus());
    IllegalArgumentException e =
        assertThrows(
            IllegalArgumentException.class,
            () -> new RunSettings("tpu", 0, RunSettings.Precision.float32));
    assertEquals("--device tpu is not a device; use cpu or gpu:0", e.getMessage());
  }

  @Test
  void onlyTheGpusAskedForAreVisible() {
    ConfigProto config = new RunSettings("gpu:2", 0, RunSettings.Precision.float32).sessionConfig();
    assertEquals("2", config.getGpuOptions().getVisibleDeviceList());
    assertTrue(config.getGpuOptions().getAllowGrowth());
    assertEquals(0, config.getDeviceCountCount());
  }

  @Test
  void float16IsForGpus() {
    assertThrows(
        IllegalArgumentException.class,
        () -> new RunSettings("cpu", 0, RunSettings.Precision.float16));
  }
}
