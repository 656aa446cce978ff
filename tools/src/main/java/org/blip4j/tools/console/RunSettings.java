package org.blip4j.tools.console;

import com.google.common.base.Joiner;
import java.util.List;
import java.util.Objects;
import org.blip4j.ops.kernel.Precision;
import org.tensorflow.proto.ConfigProto;
import org.tensorflow.proto.GPUOptions;

/**
 * On what, with how many threads and in which precision a command computes.
 *
 * @param device {@code cpu}, {@code gpu:0} or a list such as {@code gpu:0,1}
 * @param threads threads of TensorFlow, 0 for one a core
 * @param precision arithmetic of the large matrix products
 */
public record RunSettings(String device, int threads, Precision precision) {
  public RunSettings {
    Objects.requireNonNull(precision, "precision");
    if (!device.matches("cpu|gpu|gpu:\\d+(,\\d+)*")) {
      throw new IllegalArgumentException(
          "--device " + device + " is not a device; use cpu or gpu:0");
    }
    if (precision == Precision.FLOAT16 && device.equals("cpu")) {
      throw new IllegalArgumentException(
          "--precision float16 needs a GPU (--device gpu:0); on the CPU use bfloat16 or float32");
    }
    if (threads < 0) {
      throw new IllegalArgumentException(
          "--threads " + threads + " is negative; use 0 for one a core, or a number above it");
    }
  }

  /** Indices of the GPUs to use; empty on the CPU. */
  public List<Integer> gpus() {
    if (device.equals("cpu")) {
      return List.of();
    }
    if (device.equals("gpu")) {
      return List.of(0);
    }
    return List.of(device.substring("gpu:".length()).split(",", -1)).stream()
        .map(Integer::valueOf)
        .toList();
  }

  /**
   * Threads and devices. TensorFlow keeps one pair of thread pools a process and takes their sizes
   * from the first session, so the first session of a command has to be opened with it.
   */
  public ConfigProto sessionConfig() {
    ConfigProto.Builder config =
        ConfigProto.newBuilder()
            .setIntraOpParallelismThreads(threads)
            .setInterOpParallelismThreads(threads)
            .setAllowSoftPlacement(true);
    if (gpus().isEmpty()) {
      config.putDeviceCount("GPU", 0);
    } else {
      config.setGpuOptions(
          GPUOptions.newBuilder()
              .setAllowGrowth(true)
              .setVisibleDeviceList(Joiner.on(',').join(gpus())));
    }
    return config.build();
  }
}
