package org.blip4j.data.metric;

import com.google.common.base.Splitter;
import com.google.common.collect.EvictingQueue;
import com.google.common.collect.Queues;
import java.io.BufferedReader;
import java.io.BufferedWriter;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.InterruptedIOException;
import java.io.OutputStreamWriter;
import java.io.UncheckedIOException;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Queue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/**
 * A program of others that runs as a child: it is asked and answers line by line. It ends when this
 * is closed, or with this process.
 */
final class ChildProgram implements AutoCloseable {
  private static final Splitter SPACES = Splitter.on(' ').omitEmptyStrings();
  private static final int ERRORS_KEPT = 3;

  private final String name;
  private final Process process;
  private final Thread hook;
  private final BlockingQueue<Optional<String>> lines = new LinkedBlockingQueue<>();
  private final Queue<String> errors = Queues.synchronizedQueue(EvictingQueue.create(ERRORS_KEPT));
  private final Thread errorReader;

  ChildProgram(String name, Path folder, List<String> command) throws IOException {
    this.name = name;
    process = new ProcessBuilder(command).directory(folder.toFile()).start();
    hook = new Thread(process::destroyForcibly, "blip-" + name);
    Runtime.getRuntime().addShutdownHook(hook);
    inBackground(() -> readAll(process.getInputStream(), line -> lines.add(Optional.of(line))));
    errorReader = inBackground(() -> readAll(process.getErrorStream(), errors::add));
  }

  private interface Sink {
    void line(String text);
  }

  private void readAll(InputStream stream, Sink sink) {
    try (BufferedReader reader =
        new BufferedReader(new InputStreamReader(stream, StandardCharsets.UTF_8))) {
      reader.lines().forEach(sink::line);
    } catch (IOException | UncheckedIOException e) {
      errors.add(String.valueOf(e.getMessage()));
    } finally {
      if (stream == process.getInputStream()) {
        lines.add(Optional.empty());
      }
    }
  }

  private static Thread inBackground(Runnable work) {
    Thread thread = new Thread(work, "blip-metric");
    thread.setDaemon(true);
    thread.start();
    return thread;
  }

  /** Sends lines while answers are being read. */
  void ask(List<String> questions) {
    Writer writer =
        new BufferedWriter(
            new OutputStreamWriter(process.getOutputStream(), StandardCharsets.UTF_8));
    inBackground(
        () -> {
          try {
            for (String question : questions) {
              writer.write(question + "\n");
            }
            writer.flush();
          } catch (IOException e) {
            errors.add(String.valueOf(e.getMessage())); // the end of its answers tells
          }
        });
  }

  /** The next line, which must be one number, or several. */
  String answer(Duration patience, String of, boolean several) throws IOException {
    Optional<String> line;
    try {
      line = lines.poll(patience.toMillis(), TimeUnit.MILLISECONDS);
    } catch (InterruptedException e) {
      throw interrupted();
    }
    if (line == null) {
      throw new IOException(
          "%s said nothing for %d seconds at the %s%s"
              .formatted(name, patience.toSeconds(), of, errors()));
    }
    if (line.isEmpty()) {
      throw new IOException("%s ended before the %s%s".formatted(name, of, errors()));
    }
    List<String> numbers = SPACES.splitToList(line.get());
    if (numbers.isEmpty()
        || (!several && numbers.size() > 1)
        || !numbers.stream().allMatch(number -> number.matches("-?[0-9.]+(E-?[0-9]+)?"))) {
      throw new IOException(
          "%s answers the %s with \"%s\"%s".formatted(name, of, line.get(), errors()));
    }
    return line.get();
  }

  void awaitEnd(Duration limit) throws IOException {
    try {
      if (!process.waitFor(limit.toMillis(), TimeUnit.MILLISECONDS)) {
        throw new IOException(
            "%s has not ended in %d seconds%s".formatted(name, limit.toSeconds(), errors()));
      }
    } catch (InterruptedException e) {
      throw interrupted();
    }
    if (process.exitValue() != 0) {
      throw new IOException(
          "%s failed with status %d%s".formatted(name, process.exitValue(), errors()));
    }
  }

  private InterruptedIOException interrupted() {
    Thread.currentThread().interrupt();
    return new InterruptedIOException("interrupted while " + name + " ran");
  }

  /** The last lines of its errors, after what it still has to say. */
  private String errors() {
    try {
      errorReader.join(process.isAlive() ? 1 : 1000);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    return errors.isEmpty() ? "" : ": " + String.join(" / ", errors);
  }

  @Override
  public void close() {
    Stream.concat(process.descendants(), Stream.of(process.toHandle()))
        .forEach(ProcessHandle::destroyForcibly);
    try {
      boolean unused = process.waitFor(1, TimeUnit.SECONDS);
      Runtime.getRuntime().removeShutdownHook(hook);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (IllegalStateException e) {
      return; // this process is ending
    }
  }
}
