package org.blip4j.tools.console;

import com.google.common.base.Joiner;
import com.google.common.base.Splitter;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.stream.IntStream;
import org.blip4j.ops.kernel.Precision;
import org.tensorflow.proto.ConfigProto;
import org.tensorflow.proto.GPUOptions;

/**
 * On what, with how many threads and in which precision a command computes.
 *
 * @param device {@code cpu}, {@code gpu:0} or a list such as {@code gpu:0,1}; {@code cpu:0,1} are
 *     two devices that TensorFlow makes of the one CPU
 * @param threads threads of TensorFlow, 0 for one a core
 * @param precision arithmetic of the large matrix products
 */
public record RunSettings(String device, int threads, Precision precision) {
  private static final String LISTED = " ('tools/blip doctor' lists the devices)";

  public RunSettings {
    Objects.requireNonNull(precision, "precision");
    if (!device.matches("(cpu|gpu)(:\\d{1,4}(,\\d{1,4})*)?")) {
      throw new IllegalArgumentException(
          "--device " + device + " is not a device; use cpu, gpu:0 or a list such as gpu:0,1");
    }
    List<Integer> numbers = numbers(device);
    if (Set.copyOf(numbers).size() < numbers.size()) {
      throw new IllegalArgumentException(
          "--device " + device + " names a device twice; give each number once" + LISTED);
    }
    if (device.startsWith("cpu")
        && !numbers.equals(IntStream.range(0, numbers.size()).boxed().toList())) {
      throw new IllegalArgumentException(
          "--device %s leaves numbers out: there is one CPU, whose devices are made as they are named, from 0 on; use cpu, or a list such as cpu:0,1%s"
              .formatted(device, LISTED));
    }
    if (precision == Precision.FLOAT16 && device.startsWith("cpu")) {
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
    return device.startsWith("gpu") ? numbers() : List.of();
  }

  /** Numbers of the devices to use, of which there is at least one. */
  List<Integer> numbers() {
    return numbers(device);
  }

  /** The first of the devices, as it would be named alone. */
  String first() {
    return device.replaceFirst(",.*", "");
  }

  private static List<Integer> numbers(String device) {
    int colon = device.indexOf(':');
    return colon < 0
        ? List.of(0)
        : Splitter.on(',')
            .splitToStream(device.substring(colon + 1))
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
      if (numbers().size() > 1) {
        config.putDeviceCount("CPU", numbers().size());
      }
    } else {
      config.setGpuOptions(
          GPUOptions.newBuilder()
              .setAllowGrowth(true)
              .setVisibleDeviceList(Joiner.on(',').join(gpus())));
    }
    return config.build();
  }
}
