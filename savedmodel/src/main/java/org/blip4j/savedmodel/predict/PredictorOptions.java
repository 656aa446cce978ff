package org.blip4j.savedmodel.predict;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Objects;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.blip4j.ops.kernel.Kernels;
import org.blip4j.ops.kernel.Precision;
import org.blip4j.savedmodel.signature.ServingSettings;
import org.bytedeco.javacpp.Pointer;
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
 */
public record PredictorOptions(
    ConfigProto session, UnaryOperator<ServingSettings> adjust, Kernels kernels) {
  static {
    NativeLimit.lift();
  }

  /** Checks the parts. */
  public PredictorOptions {
    Objects.requireNonNull(session, "session");
    Objects.requireNonNull(adjust, "adjust");
    Objects.requireNonNull(kernels, "kernels");
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
    return new PredictorOptions(session, UnaryOperator.identity(), fastest(session, precision));
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
            : kernels);
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

  /** The same with other kernels. */
  public PredictorOptions withKernels(Kernels other) {
    return new PredictorOptions(session, adjust, other);
  }

  /** The same with other settings. */
  public PredictorOptions withSettings(UnaryOperator<ServingSettings> other) {
    return new PredictorOptions(session, other, kernels);
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

  /**
   * How much memory a process may hold before JavaCPP refuses to give it more: twice the heap
   * unless a property says otherwise, which a small heap and a model of common size exceed
   * together.
   *
   * <p>JavaCPP reads the property once, when its first class is loaded.
   */
  static final class NativeLimit {
    private static final String PROPERTY = "org.bytedeco.javacpp.maxPhysicalBytes";

    private NativeLimit() {}

    /** Switches the limit off where nothing was said about it; too late once JavaCPP is in use. */
    static void lift() {
      if (System.getProperty(PROPERTY) == null
          && System.getProperty(PROPERTY.replace("maxPhysicalBytes", "maxphysicalbytes")) == null) {
        System.setProperty(PROPERTY, "0");
      }
    }

    /**
     * Fails if a model does not fit below the limit, which was fixed before.
     *
     * @throws IllegalStateException with the numbers and what to do
     */
    static void require(Path model) throws IOException {
      long limit = Pointer.maxPhysicalBytes();
      if (limit <= 0) {
        return;
      }
      long held = Pointer.physicalBytes();
      long needed = size(model);
      if (held + needed > limit) {
        throw new IllegalStateException(
            ("%s needs %d MB, this process holds %d MB and may hold %d MB; start Java with -D%s=0,"
                    + " or with a larger -Xmx")
                .formatted(model, needed >> 20, held >> 20, limit >> 20, PROPERTY));
      }
    }

    private static long size(Path model) throws IOException {
      long size = 0;
      try (Stream<Path> files = Files.walk(model)) {
        for (Path file : files.filter(Files::isRegularFile).toList()) {
          size += Files.size(file);
        }
      }
      return size;
    }
  }
}
