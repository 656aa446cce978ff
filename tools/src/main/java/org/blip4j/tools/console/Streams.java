package org.blip4j.tools.console;

import com.google.common.collect.ImmutableMap;
import java.io.FileDescriptor;
import java.io.FileInputStream;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.PrintStream;
import java.lang.reflect.Field;
import java.lang.reflect.InaccessibleObjectException;
import java.nio.charset.StandardCharsets;
import java.util.Objects;

/**
 * What a command has of its process: the three standard streams and the environment.
 *
 * @param in standard input
 * @param out standard output, for results only
 * @param err standard error, for progress, logs and warnings
 * @param terminal whether {@code err} is a terminal that can redraw a line
 * @param environment variables such as {@code BLIP_CACHE}
 */
public record Streams(
    InputStream in,
    OutputStream out,
    OutputStream err,
    boolean terminal,
    ImmutableMap<String, String> environment) {
  public Streams {
    Objects.requireNonNull(in, "in");
    Objects.requireNonNull(out, "out");
    Objects.requireNonNull(err, "err");
    Objects.requireNonNull(environment, "environment");
  }

  /** Streams with the environment of this process. */
  public Streams(InputStream in, OutputStream out, OutputStream err, boolean terminal) {
    this(in, out, err, terminal, ImmutableMap.copyOf(System.getenv()));
  }

  /**
   * The streams of this process, unbuffered, so that every line is out when it is written.
   *
   * <p>The launcher knows what Java cannot tell and says it in the environment. {@code
   * BLIP_TERMINAL}: standard error is a terminal ({@code System.console()} asks about standard
   * output, which is often a file). {@code BLIP_STDERR}: the descriptor of a copy of standard error
   * to write to; the original is then closed, which on descriptors 0 to 2 makes Java point it to
   * {@code /dev/null}, since native libraries write messages there that heed no log level.
   */
  public static Streams ofProcess() {
    return new Streams(
        new FileInputStream(FileDescriptor.in),
        new FileOutputStream(FileDescriptor.out),
        errorStream(System.getenv("BLIP_STDERR")),
        System.getenv("BLIP_TERMINAL") != null);
  }

  private static OutputStream errorStream(String copy) {
    FileOutputStream original = new FileOutputStream(FileDescriptor.err);
    if (copy == null) {
      return original;
    }
    try {
      // Java has no other way to a descriptor it was given; opening /dev/fd/3 would make a new file
      // position, and whoever writes to the same log later would write over it.
      FileDescriptor descriptor = new FileDescriptor();
      Field number = FileDescriptor.class.getDeclaredField("fd");
      number.setAccessible(true);
      number.setInt(descriptor, Integer.parseInt(copy));
      FileOutputStream stream = new FileOutputStream(descriptor);
      original.close();
      System.setErr(new PrintStream(stream, true, StandardCharsets.UTF_8));
      return stream;
    } catch (IOException | ReflectiveOperationException | InaccessibleObjectException e) {
      return original; // started without the launcher's --add-opens: native messages are seen
    }
  }
}
