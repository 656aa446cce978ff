package org.blip4j.tools.cli;

import java.io.File;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** The command line in a process of its own, to be killed or interrupted. */
public final class BlipProcess {
  private BlipProcess() {}

  /**
   * Starts a command; what it writes to standard output and error goes to {@code NAME.out/.err}.
   */
  public static Process start(Path name, String... args) throws IOException {
    Path java = Path.of(System.getProperty("java.home"), "bin", "java");
    List<String> command =
        new ArrayList<>(
            List.of(
                java.toString(),
                "-XX:TieredStopAtLevel=1",
                "-Djava.awt.headless=true",
                "-cp",
                System.getProperty("java.class.path"),
                BlipCli.class.getName()));
    command.addAll(Arrays.asList(args));
    return new ProcessBuilder(command)
        .redirectOutput(new File(name + ".out"))
        .redirectError(new File(name + ".err"))
        .start();
  }

  /** What Ctrl-C does. */
  public static void interrupt(Process process) throws IOException, InterruptedException {
    new ProcessBuilder("kill", "-INT", Long.toString(process.pid())).inheritIO().start().waitFor();
  }
}
