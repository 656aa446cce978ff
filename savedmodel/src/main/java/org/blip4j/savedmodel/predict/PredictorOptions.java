package org.blip4j.savedmodel.predict;

import java.util.Objects;
import java.util.function.UnaryOperator;
import org.blip4j.ops.kernel.Kernels;
import org.blip4j.ops.kernel.Precision;
import org.blip4j.savedmodel.signature.ServingSettings;
import org.tensorflow.proto.ConfigProto;

/**
 * How a model is run.
 *
 * <pre>{@code
 * PredictorOptions options =
 *     PredictorOptions.defaults().withPrecision(Precision.BFLOAT16).withSettings(own -> own.withBeams(1));
 * }</pre>
 *
 * @param session threads and devices; the first session of a process fixes the threads, and what
 *     the graph optimiser is to do follows from the kernels
 * @param adjust changes the model's own settings; for an exported model, where they are baked in,
 *     it may not
 * @param kernels what products and norms are made of, and with it the precision; an exported model
 *     has kernels of its own
 * @param memoryBudget about how many bytes a call may hold beside the weights; larger calls are
 *     computed in parts. What runs at once, four parts or one a core, may hold as much each
 */
public record PredictorOptions(
    ConfigProto session,
    UnaryOperator<ServingSettings> adjust,
    Kernels kernels,
    long memoryBudget) {
  /** What a part of a call may hold of memory where nobody says how much: 1 GiB. */
  public static final long USUAL_BUDGET = 1L << 30;

  /** Checks the parts. */
  public PredictorOptions {
    Objects.requireNonNull(session, "session");
    Objects.requireNonNull(adjust, "adjust");
    Objects.requireNonNull(kernels, "kernels");
    if (memoryBudget < 1) {
      throw new IllegalArgumentException(
          "a memory budget of %d bytes holds nothing; %d are usual"
              .formatted(memoryBudget, USUAL_BUDGET));
    }
    if (kernels == Kernels.INT8 && Kernels.mayUseGpu(session)) {
      throw new IllegalArgumentException(
          "products in eight bits are computed on the CPU, and this session may use a GPU; give it"
              + " none (device count GPU 0), or take other kernels");
    }
    if (kernels == Kernels.FLOAT16 && !Kernels.mayUseGpu(session)) {
      throw new IllegalArgumentException(
          "products in float16 are computed on a GPU, and this session has none; on the CPU take"
              + " bfloat16 or float32");
    }
  }

  /**
   * The kernels that are fastest in a precision on a session's devices, and the model's own
   * settings.
   *
   * @throws IllegalArgumentException for float16 on the CPU
   */
  public static PredictorOptions of(ConfigProto session, Precision precision) {
    return new PredictorOptions(
        session, UnaryOperator.identity(), fastest(session, precision), USUAL_BUDGET);
  }

  private static Kernels fastest(ConfigProto session, Precision precision) {
    return Kernels.forInference(precision, Kernels.mayUseGpu(session));
  }

  /**
   * What the commands compute with unless told otherwise: the CPU, a thread a core, float32, the
   * fastest kernels of this machine, and the model's own settings.
   */
  public static PredictorOptions defaults() {
    ConfigProto cpu =
        ConfigProto.newBuilder().setAllowSoftPlacement(true).putDeviceCount("GPU", 0).build();
    return of(cpu, Precision.FLOAT32);
  }

  /**
   * The same with another session configuration. Kernels that were chosen stay; those that were the
   * fastest of the old configuration become the fastest of the new one.
   *
   * @throws IllegalArgumentException if kernels in eight bits were chosen and it may use a GPU, or
   *     the precision is float16 and it may not
   */
  public PredictorOptions withSession(ConfigProto other) {
    return new PredictorOptions(
        other,
        adjust,
        kernels == fastest(session, kernels.precision())
            ? fastest(other, kernels.precision())
            : kernels,
        memoryBudget);
  }

  /**
   * The same with the fastest kernels of a precision on the session's devices.
   *
   * @throws IllegalArgumentException for float16 on the CPU
   */
  public PredictorOptions withPrecision(Precision precision) {
    return withKernels(fastest(session, precision));
  }

  /** The same with so many threads, 0 for one a core; only the first session can change it. */
  public PredictorOptions withThreads(int threads) {
    if (threads < 0) {
      throw new IllegalArgumentException(
          "threads " + threads + " is negative; use 0 for one a core, or a number above it");
    }
    return withSession(
        session.toBuilder()
            .setIntraOpParallelismThreads(threads)
            .setInterOpParallelismThreads(threads)
            .build());
  }

  /**
   * The same on another device, {@code cpu} or one GPU such as {@code gpu:0}.
   *
   * @throws IllegalArgumentException if it is not the name of one, or if kernels in eight bits were
   *     chosen and it is a GPU
   */
  public PredictorOptions withDevice(String device) {
    if (device == null || !device.matches("cpu|gpu:\\d{1,4}")) {
      throw new IllegalArgumentException(
          "device " + device + " is none; use cpu, or gpu:0 for the first GPU");
    }
    ConfigProto.Builder other = session.toBuilder().clearDeviceCount().clearGpuOptions();
    if (device.equals("cpu")) {
      return withSession(other.putDeviceCount("GPU", 0).build());
    }
    other
        .getGpuOptionsBuilder()
        .setAllowGrowth(true)
        .setVisibleDeviceList(device.substring("gpu:".length()));
    return withSession(other.build());
  }

  /**
   * The same with the products of all layers in eight bits: two to three times as fast on a CPU,
   * other words in some captions, and a row depends a little on its batch.
   *
   * @throws IllegalArgumentException on a GPU, or on a processor that is not x86-64
   */
  public PredictorOptions quantized() {
    if (!Kernels.packedAvailable()) {
      throw new IllegalArgumentException(
          "products in eight bits need an x86-64 processor with oneDNN (TF_ENABLE_ONEDNN_OPTS not"
              + " 0); compute in float32 or bfloat16");
    }
    return withKernels(Kernels.INT8);
  }

  /** The same where a call may hold so many bytes beside the weights, or a little more. */
  public PredictorOptions withMemoryBudget(long bytes) {
    return new PredictorOptions(session, adjust, kernels, bytes);
  }

  /** The same with other kernels. */
  public PredictorOptions withKernels(Kernels other) {
    return new PredictorOptions(session, adjust, other, memoryBudget);
  }

  /** The same with other settings. */
  public PredictorOptions withSettings(UnaryOperator<ServingSettings> other) {
    return new PredictorOptions(session, other, kernels, memoryBudget);
  }

  /**
   * The same with stock kernels, which every TensorFlow has and exported models are made of.
   *
   * @throws IllegalArgumentException if eight bits are asked for, or fewer than float32 has on a
   *     GPU
   */
  public PredictorOptions portable() {
    if (kernels == Kernels.INT8) {
      throw new IllegalArgumentException(
          "an exported model runs in every TensorFlow and has no products in eight bits; take other"
              + " kernels, or open the model folder or the weights themselves");
    }
    if (kernels.narrow()) {
      throw new IllegalArgumentException(
          "an exported model computes in float32 on a GPU, as it was exported; ask for float32, or"
              + " open the model folder or the weights themselves");
    }
    return withKernels(kernels.stock());
  }
}
