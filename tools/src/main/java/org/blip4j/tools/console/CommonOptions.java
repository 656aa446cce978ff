package org.blip4j.tools.console;

import java.util.List;
import org.tensorflow.proto.ConfigProto;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Options that every command takes, mixed into each. */
@Command(versionProvider = VersionText.class)
public final class CommonOptions {
  @Spec(Spec.Target.MIXEE)
  private CommandSpec command;

  @Option(
      names = {"-h", "--help"},
      usageHelp = true,
      description = "Show this help message and exit.")
  private boolean help;

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

  @Option(names = "--seed", paramLabel = "N", description = "Seed of all that is random (1).")
  private long seed = 1;

  @Option(
      names = "--batch-size",
      paramLabel = "N",
      description = "Items computed at once (the command's own).")
  private Integer batchSize;

  @Option(
      names = "--precision",
      paramLabel = "TYPE",
      description = "${COMPLETION-CANDIDATES} (float32).")
  private Precision precision = Precision.float32;

  @Option(names = "--json", description = "One JSON object a line on standard output.")
  private boolean json;

  @Option(names = "--quiet", description = "No progress and no notes.")
  private boolean quiet;

  @Option(names = "--debug", description = "Stack traces and native logs.")
  private boolean debug;

  private Console console;
  private boolean warned;

  /** The console of this command, always the same one. */
  public Console console() {
    if (console == null) {
      console = ((Console.Opener) command.root().userObject()).open(json, quiet);
    }
    return console;
  }

  /** On what and how to compute. */
  public RunSettings settings() {
    return new RunSettings(device, threads, seed, precision);
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
    if (gpus.isEmpty() && precision == Precision.bfloat16 && !slow.isEmpty() && !warned) {
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

  /** Whether stack traces and native logs are wanted. */
  public boolean debug() {
    return debug;
  }

  /** Seed of everything random. */
  public long seed() {
    return seed;
  }

  /** The batch size asked for, or the command's own if none was. */
  public int batchSize(int otherwise) {
    if (batchSize != null && batchSize < 1) {
      throw new IllegalArgumentException(
          "--batch-size " + batchSize + " is less than 1; use a positive number");
    }
    return batchSize == null ? otherwise : batchSize;
  }
}
