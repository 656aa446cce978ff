package org.blip4j.tools.cli;

import java.io.FileDescriptor;
import java.io.FileInputStream;
import java.io.FileOutputStream;
import java.io.InputStream;
import java.io.OutputStream;
import java.util.Objects;

/**
 * The three standard streams of a command, and whether the error stream is a terminal.
 *
 * @param in standard input
 * @param out standard output, for results only
 * @param err standard error, for progress, logs and warnings
 * @param terminal whether {@code err} is a terminal that can redraw a line
 */
public record Streams(InputStream in, OutputStream out, OutputStream err, boolean terminal) {
  public Streams {
    Objects.requireNonNull(in, "in");
    Objects.requireNonNull(out, "out");
    Objects.requireNonNull(err, "err");
  }

  /**
   * The streams of this process, unbuffered, so that every line is out when it is written. The
   * launcher knows whether standard error is a terminal and says so in {@code BLIP_TERMINAL}; Java
   * alone cannot tell: {@code System.console()} asks about standard output, which is often a file.
   */
  public static Streams ofProcess() {
    return new Streams(
        new FileInputStream(FileDescriptor.in),
        new FileOutputStream(FileDescriptor.out),
        new FileOutputStream(FileDescriptor.err),
        System.getenv("BLIP_TERMINAL") != null);
  }
}
