package org.blip4j.tools.train;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import org.blip4j.tools.console.ComputeOptions;
import org.blip4j.tools.console.Console;
import org.blip4j.training.config.Cluster;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;

/**
 * {@code --processes}, or {@code --cluster} and {@code --task}: processes that share each batch.
 */
final class ClusterOptions {
  private static final String PROCESSES = "--processes";

  @Option(
      names = PROCESSES,
      paramLabel = "N",
      description =
          "Share each batch among N processes on this machine, which this command starts and"
              + " watches; each has its share of the cores unless --threads says otherwise.")
  private Integer processes;

  @Option(
      names = "--cluster",
      paramLabel = "HOST:PORT,...",
      description = {
        "Share each batch among processes on one machine or several: the addresses of all, alike in"
            + " each of their commands; --out is a folder that all see.",
        "No authentication, no encryption, on all interfaces: trusted networks only."
      })
  private String cluster;

  @Option(
      names = "--task",
      paramLabel = "N",
      description = "Which of the addresses of --cluster this process is, from 0 on.")
  private Integer task;

  /** The processes, of which this is one. */
  Cluster cluster(CommandSpec command) {
    if ((cluster == null) != (task == null)) {
      throw new ParameterException(
          command.commandLine(), "--cluster and --task belong together; give both, or --processes");
    }
    return cluster == null ? Cluster.ALONE : Cluster.of(cluster, task);
  }

  /**
   * How many processes are to be started; empty if this one is to train.
   *
   * @param command that has these options
   * @param batch that they are to share
   */
  Optional<Integer> toStart(CommandSpec command, int batch) {
    if (processes == null) {
      return Optional.empty();
    }
    if (cluster != null || task != null) {
      throw new ParameterException(
          command.commandLine(), "--processes names the processes itself; leave --cluster away");
    }
    if (processes < 1 || batch % processes != 0) {
      throw new IllegalArgumentException(
          "--processes %d cannot share a batch of %d equally; use a number that divides it, or another --batch-size"
              .formatted(processes, batch));
    }
    return processes == 1 ? Optional.empty() : Optional.of(processes);
  }

  /** Starts the same command in several processes and waits for their end; the exit status. */
  int start(CommandSpec command, int number, ComputeOptions common) {
    List<String> arguments = new ArrayList<>();
    List<String> given = command.root().commandLine().getParseResult().originalArgs();
    for (int i = 0; i < given.size(); i++) {
      if (given.get(i).equals(PROCESSES)) {
        i++; // and its value
      } else if (!given.get(i).startsWith(PROCESSES + "=")) {
        arguments.add(given.get(i));
      }
    }
    if (common.settings().threads() == 0) {
      int cores = Runtime.getRuntime().availableProcessors();
      arguments.addAll(List.of("--threads", String.valueOf(Math.max(1, cores / number))));
    }
    String program = command.root().userObject().getClass().getName();
    return new LocalProcesses(program, arguments, common.console()).run(number);
  }

  /** Whether the command that started this process is gone, if one did. */
  static BooleanSupplier abandoned(Console console) {
    String starter = console.environment().get(LocalProcesses.STARTER);
    if (starter == null) {
      return () -> false;
    }
    long pid = Long.parseLong(starter);
    return () -> ProcessHandle.of(pid).filter(ProcessHandle::isAlive).isEmpty();
  }
}
