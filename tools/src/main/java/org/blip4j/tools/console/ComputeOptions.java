package org.blip4j.tools.console;

import java.util.List;
import org.blip4j.ops.kernel.Kernels;
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
      description = "cpu, or gpu:N for one GPU (cpu).")
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
  private RunSettings.Precision precision = RunSettings.Precision.float32;

  private boolean warned;

  /** On what and how to compute. */
  public RunSettings settings() {
    return new RunSettings(device, threads, precision);
  }

  /**
   * The session configuration for training, see {@link RunSettings#sessionConfig()}.
   *
   * @throws IllegalArgumentException if the device is not there
   */
  public ConfigProto sessionConfig() {
    return onItsDevice(settings().sessionConfig());
  }

  /**
   * The session configuration for running a model, see {@link RunSettings#inferenceConfig()}.
   *
   * @throws IllegalArgumentException if the device is not there
   */
  public ConfigProto inferenceConfig() {
    return onItsDevice(settings().inferenceConfig());
  }

  private ConfigProto onItsDevice(ConfigProto session) {
    List<Integer> gpus = settings().gpus();
    String slow = Processor.ofMachine().bfloat16Warning();
    if (gpus.isEmpty()
        && precision == RunSettings.Precision.bfloat16
        && !slow.isEmpty()
        && !warned) {
      warned = true;
      console().warn("%s", slow);
    }
    if (gpus.size() > 1) {
      throw new IllegalArgumentException(
          "--device %s names several GPUs and a process computes on one; start one for each, such as --device gpu:%d"
              .formatted(device, gpus.get(0)));
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

    /**
     * The kernels for a session.
     *
     * @throws IllegalArgumentException if eight bits are asked for and cannot be had
     */
    public Kernels kernels(ConfigProto session) {
      if (kind == Kind.none) {
        return Kernels.forSession(session);
      }
      if (Kernels.mayUseGpu(session) || !Kernels.packedAvailable()) {
        throw new IllegalArgumentException(
            "--quantize int8 needs an x86-64 processor with oneDNN (TF_ENABLE_ONEDNN_OPTS not 0)"
                + " and --device cpu; leave it away here");
      }
      return Kernels.INT8;
    }
  }
}
