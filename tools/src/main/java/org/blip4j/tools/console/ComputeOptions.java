package org.blip4j.tools.console;

import java.util.List;
import org.blip4j.ops.kernel.Kernels;
import org.blip4j.ops.kernel.Precision;
import org.blip4j.savedmodel.predict.PredictorOptions;
import org.tensorflow.proto.ConfigProto;
import picocli.CommandLine.Option;

/**
 * Options of commands that compute with TensorFlow, in place of {@link CommonOptions}. Those that
 * draw take {@link Seed}, too, and those that work in batches {@link Batch}: what a command cannot
 * heed it refuses.
 */
public final class ComputeOptions extends CommonOptions {
  @Option(
      names = "--device",
      paramLabel = "DEVICE",
      description = {
        "cpu, or gpu:N for one GPU (cpu).",
        "pretrain and finetune share a batch among several: gpu:0,1."
      })
  private String device = "cpu";

  @Option(
      names = "--threads",
      paramLabel = "N",
      description = "Threads of TensorFlow (one a core).")
  private int threads;

  @Option(
      names = "--precision",
      paramLabel = "TYPE",
      description = "${COMPLETION-CANDIDATES} (float32).")
  private Precision precision = Precision.FLOAT32;

  private boolean warned;

  /** On what and how to compute. */
  public RunSettings settings() {
    return new RunSettings(device, threads, precision);
  }

  /** What the large matrix products are computed in. */
  public Precision precision() {
    return precision;
  }

  /**
   * Threads and one device, see {@link RunSettings#sessionConfig()}.
   *
   * @throws IllegalArgumentException if the device is not there, or if there are several
   */
  public ConfigProto sessionConfig() {
    RunSettings settings = settings();
    if (settings.numbers().size() > 1) {
      throw new IllegalArgumentException(
          "--device %s names several devices, which only pretrain and finetune can share a batch among; this command takes one, such as --device %s"
              .formatted(device, settings.first()));
    }
    return onItsDevices(settings);
  }

  /**
   * Threads and one device or several, see {@link RunSettings#sessionConfig()}.
   *
   * @throws IllegalArgumentException if a device is not there
   */
  public ConfigProto trainingSession() {
    return onItsDevices(settings());
  }

  /**
   * How a model is run: with the fastest kernels of the precision.
   *
   * @throws IllegalArgumentException if the device is not there
   */
  public PredictorOptions inference() {
    return PredictorOptions.of(sessionConfig(), precision);
  }

  private ConfigProto onItsDevices(RunSettings settings) {
    ConfigProto session = settings.sessionConfig();
    List<Integer> gpus = settings.gpus();
    String slow = Processor.ofMachine().bfloat16Warning();
    if (gpus.isEmpty() && precision == Precision.BFLOAT16 && !slow.isEmpty() && !warned) {
      warned = true;
      console().warn("%s", slow);
    }
    if (!gpus.isEmpty()) {
      Devices.requireGpus(gpus, session);
    }
    return session;
  }

  /** {@code --seed}. */
  public static final class Seed {
    @Option(names = "--seed", paramLabel = "N", description = "Seed of all that is random (1).")
    private long seed = 1;

    /** Seed of everything random. */
    public long value() {
      return seed;
    }
  }

  /** {@code --batch-size}. */
  public static final class Batch {
    @Option(
        names = "--batch-size",
        paramLabel = "N",
        description = "Items computed at once (the command's own).")
    private Integer batchSize;

    /** The batch size asked for, or the command's own if none was. */
    public int size(int otherwise) {
      if (batchSize != null && batchSize < 1) {
        throw new IllegalArgumentException(
            "--batch-size " + batchSize + " is less than 1; use a positive number");
      }
      return batchSize == null ? otherwise : batchSize;
    }
  }

  /** {@code --quantize}, for commands that run a model and do not write it. */
  public static final class Quantize {

    /** Numbers that kernels may be reduced to. */
    public enum Kind {
      /** As they are. */
      none,
      /** Eight bits with a scale for each output channel. */
      int8
    }

    @Option(
        names = "--quantize",
        paramLabel = "KIND",
        description = {
          "${COMPLETION-CANDIDATES} (none). int8 computes the layers in eight bits: two to three"
              + " times as fast, other words in some captions, and a row depends a little on its"
              + " batch."
        })
    private Kind kind = Kind.none;

    /** What they are reduced to. */
    public Kind kind() {
      return kind;
    }

    /**
     * The same with the products asked for.
     *
     * @throws IllegalArgumentException if eight bits are asked for and cannot be had
     */
    public PredictorOptions change(PredictorOptions options) {
      if (kind == Kind.none) {
        return options;
      }
      if (Kernels.mayUseGpu(options.session()) || !Kernels.packedAvailable()) {
        throw new IllegalArgumentException(
            "--quantize int8 needs an x86-64 processor with oneDNN (TF_ENABLE_ONEDNN_OPTS not 0)"
                + " and --device cpu; leave it away here");
      }
      return options.withKernels(Kernels.INT8);
    }
  }
}
