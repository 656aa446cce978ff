package org.blip4j.tools.cli;

import java.io.File;
import java.io.IOException;
import java.net.URI;
import java.net.URLClassLoader;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** The command line in a process of its own, to be killed or interrupted. */
public final class BlipProcess {
  /** A shell has its background jobs ignore SIGINT, and so would all that they start. */
  private static final List<String> HEEDING_INTERRUPTS = heedingInterrupts();

  private BlipProcess() {}

  /** Only GNU's env can undo that; elsewhere tests of SIGINT are run in the foreground. */
  private static List<String> heedingInterrupts() {
    List<String> env = List.of("env", "--default-signal=INT");
    try {
      List<String> trial = new ArrayList<>(env);
      trial.add("true");
      return new ProcessBuilder(trial).start().waitFor() == 0 ? env : List.of();
    } catch (IOException e) {
      return List.of();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return List.of();
    }
  }

  /**
   * Starts a command; what it writes to standard output and error goes to {@code NAME.out/.err}.
   */
  public static Process start(Path name, String... args) throws IOException {
    List<String> command = new ArrayList<>(HEEDING_INTERRUPTS);
    command.addAll(command(args));
    return new ProcessBuilder(command)
        .redirectOutput(new File(name + ".out"))
        .redirectError(new File(name + ".err"))
        .start();
  }

  /** What is to be run for a command. */
  public static List<String> command(String... args) {
    List<String> command =
        new ArrayList<>(
            List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:TieredStopAtLevel=1",
                "-XX:+UseSerialGC",
                "-Djava.awt.headless=true",
                "-cp",
                classPath(),
                BlipCli.class.getName()));
    command.addAll(Arrays.asList(args));
    return command;
  }

  /** That of this process, also where a test launcher loads the classes itself. */
  private static String classPath() {
    if (BlipProcess.class.getClassLoader() instanceof URLClassLoader loader) {
      return Stream.of(loader.getURLs())
          .map(url -> Path.of(URI.create(url.toString())).toString())
          .collect(Collectors.joining(File.pathSeparator));
    }
    return System.getProperty("java.class.path");
  }

  /** Sends a signal: INT is what Ctrl-C does, TERM a plain kill. */
  public static void signal(Process process, String signal)
      throws IOException, InterruptedException {
    new ProcessBuilder("kill", "-" + signal, Long.toString(process.pid()))
        .inheritIO()
        .start()
        .waitFor();
  }
}
