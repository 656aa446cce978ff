package org.blip4j.tools.train;

import com.google.common.base.Joiner;
import com.google.common.util.concurrent.Uninterruptibles;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.management.ManagementFactory;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import org.blip4j.tools.console.Console;
import org.blip4j.tools.console.ExitCodes;

/**
 * The tasks of a cluster as processes on this machine: where one ends other than well, all end.
 *
 * @param program its main class
 * @param arguments of each, without its place in the cluster
 * @param console where they are told of
 */
record LocalProcesses(String program, List<String> arguments, Console console) {
  /** The variable of the environment that tells a process who started it. */
  static final String STARTER = "BLIP_STARTER";

  /** How the launcher keeps messages of native libraries away, see {@code Streams}. */
  private static final String STDERR = "BLIP_STDERR";

  private static final String COPY = "3";

  private static final Set<Integer> STOPPED = Set.of(ExitCodes.OK, ExitCodes.INTERRUPTED, 143);
  private static final int SIGNALLED = 128;
  private static final Duration LOOK = Duration.ofMillis(50);

  /** What the others have to notice the loss of one, and to end by themselves. */
  private static final long GRACE_SECONDS = 20;

  private static final long STORING_SECONDS = 300;

  /** A process, and the errors that it has told last. */
  private record Task(int number, Process process, Thread reader, List<String> errors) {
    int status() {
      return process.exitValue();
    }

    String name() {
      return "task %d (process %d)".formatted(number, process.pid());
    }
  }

  /** Starts and watches them; returns the exit status of all. */
  int run(int number) {
    List<Task> tasks = new CopyOnWriteArrayList<>();
    Thread hook = new Thread(() -> stop(tasks), "blip-processes");
    Runtime.getRuntime().addShutdownHook(hook);
    try {
      String addresses = addresses(number);
      for (int task = 0; task < number; task++) {
        tasks.add(start(addresses, task));
      }
      return watch(tasks);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } finally {
      tasks.forEach(task -> task.process().destroyForcibly());
      removeHook(hook);
    }
  }

  private static void removeHook(Thread hook) {
    try {
      Runtime.getRuntime().removeShutdownHook(hook);
    } catch (IllegalStateException e) {
      return; // it is running: this process was asked to end
    }
  }

  /**
   * Asks all to end, and waits until the first of them has stored what it has. Not by {@link
   * Process#destroy}, which closes the pipe that they write to.
   */
  private static void stop(List<Task> tasks) {
    tasks.forEach(task -> task.process().toHandle().destroy());
    try {
      for (Task task : tasks) {
        boolean unused = task.process().waitFor(STORING_SECONDS, TimeUnit.SECONDS);
        task.reader().join(LOOK.toMillis());
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private static String addresses(int number) throws IOException {
    List<ServerSocket> sockets = new ArrayList<>();
    List<String> addresses = new ArrayList<>();
    try {
      for (int i = 0; i < number; i++) {
        sockets.add(new ServerSocket(0, 1, InetAddress.getLoopbackAddress()));
        addresses.add("127.0.0.1:" + sockets.get(i).getLocalPort());
      }
    } finally {
      for (ServerSocket socket : sockets) {
        socket.close();
      }
    }
    return Joiner.on(',').join(addresses);
  }

  private Task start(String addresses, int task) throws IOException {
    List<String> command = new ArrayList<>();
    if (console.environment().containsKey(STDERR)) {
      command.addAll(List.of("sh", "-c", "exec \"$@\" " + COPY + ">&2", "blip"));
    }
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    ManagementFactory.getRuntimeMXBean().getInputArguments().stream()
        .filter(argument -> !argument.startsWith("-agentlib:"))
        .forEach(command::add);
    command.addAll(List.of("-cp", System.getProperty("java.class.path"), program));
    command.addAll(arguments);
    command.addAll(List.of("--cluster", addresses, "--task", String.valueOf(task)));
    ProcessBuilder builder = new ProcessBuilder(command);
    builder.environment().computeIfPresent(STDERR, (name, descriptor) -> COPY);
    builder.environment().remove("BLIP_TERMINAL");
    builder.environment().put(STARTER, String.valueOf(ProcessHandle.current().pid()));
    builder.redirectOutput(
        task == 0 ? ProcessBuilder.Redirect.INHERIT : ProcessBuilder.Redirect.DISCARD);
    Process process = builder.start();
    List<String> errors = new CopyOnWriteArrayList<>();
    Thread reader = new Thread(() -> relay(process, task, errors), "blip-task-" + task);
    reader.setDaemon(true);
    reader.start();
    return new Task(task, process, reader, errors);
  }

  /** Passes on what a process says; errors of others than the first are kept. */
  private void relay(Process process, int task, List<String> errors) {
    try (BufferedReader lines = process.errorReader()) {
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        if (task == 0) {
          console.error(line);
        } else if (line.startsWith("blip: ") && !line.startsWith("blip: warning")) {
          errors.add(line);
        } else {
          console.note("[task %d] %s", task, line);
        }
      }
    } catch (IOException e) {
      return; // it has ended
    }
  }

  private int watch(List<Task> tasks) {
    List<Task> ended = new ArrayList<>();
    long failed = 0;
    while (ended.size() < tasks.size()) {
      for (Task task : tasks) {
        if (!ended.contains(task) && !task.process().isAlive()) {
          ended.add(task);
          failed = failed == 0 && task.status() != ExitCodes.OK ? System.nanoTime() : failed;
        }
      }
      boolean late =
          failed != 0
              && STOPPED.stream().noneMatch(status -> status == ended.get(0).status())
              && System.nanoTime() - failed > TimeUnit.SECONDS.toNanos(GRACE_SECONDS);
      if (late) {
        tasks.forEach(task -> task.process().destroyForcibly());
      }
      Uninterruptibles.sleepUninterruptibly(LOOK);
    }
    tasks.forEach(task -> Uninterruptibles.joinUninterruptibly(task.reader(), LOOK));
    return status(ended);
  }

  /**
   * What is said of one that ended for a reason of its own: a killed one, or the first task, which
   * has said it already, or else the one that ended first.
   */
  private int status(List<Task> ended) {
    if (ended.stream().allMatch(task -> STOPPED.contains(task.status()))) {
      return ended.stream().allMatch(task -> task.status() == ExitCodes.OK)
          ? ExitCodes.OK
          : ExitCodes.INTERRUPTED;
    }
    List<Task> failed =
        ended.stream()
            .filter(task -> !STOPPED.contains(task.status()))
            .filter(task -> task.status() != ExitCodes.PEER_LOST)
            .sorted(Comparator.comparing(task -> task.status() < SIGNALLED && task.number() > 0))
            .toList();
    if (failed.isEmpty()) {
      return ExitCodes.PEER_LOST; // told by those that noticed it
    }
    Task first = failed.get(0);
    int status = first.status();
    first.errors().forEach(console::error);
    if (status > SIGNALLED) {
      console.error(
          "blip: %s was lost (killed by signal %d), so all were ended; the same command goes on from the last checkpoint"
              .formatted(first.name(), status - SIGNALLED));
      return ExitCodes.PEER_LOST;
    }
    if (first.number() > 0) {
      console.error("blip: %s failed with status %d".formatted(first.name(), status));
    }
    return status;
  }
}
