package org.blip4j.tools.cli;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.blip4j.tools.console.Streams;

/**
 * What one command, run in this process, left behind.
 *
 * @param status its exit status
 * @param out its standard output
 * @param err its standard error
 */
public record CliRun(int status, String out, String err) {
  /** Runs a command with nothing on standard input. */
  public static CliRun of(String... args) {
    return withInput("", args);
  }

  /** Runs a command with {@code input} on standard input. */
  public static CliRun withInput(String input, String... args) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    ByteArrayOutputStream err = new ByteArrayOutputStream();
    ByteArrayInputStream in = new ByteArrayInputStream(input.getBytes(StandardCharsets.UTF_8));
    int status = BlipCli.run(new Streams(in, out, err, false), args);
    return new CliRun(
        status, out.toString(StandardCharsets.UTF_8), err.toString(StandardCharsets.UTF_8));
  }

  /** The lines of standard output. */
  public List<String> lines() {
    return out.lines().toList();
  }
}
