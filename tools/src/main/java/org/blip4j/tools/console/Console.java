package org.blip4j.tools.console;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.PropertyNamingStrategies;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.google.common.collect.ImmutableMap;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.ReentrantLock;

/**
 * Where a command writes: results to standard output, everything else to standard error.
 *
 * <p>Each result is written whole and at once, so an interrupted command leaves only whole lines. A
 * failed item is named and counted; {@link #exitCode()} tells the difference.
 */
public final class Console {
  /** Makes consoles on the streams of one program; the root of the command line is one. */
  public interface Opener {
    /**
     * A console that prints JSON lines if {@code json}, and no progress or notes if {@code quiet}.
     */
    Console open(boolean json, boolean quiet);
  }

  private static final ObjectMapper MAPPER =
      JsonMapper.builder()
          .propertyNamingStrategy(PropertyNamingStrategies.SNAKE_CASE)
          .serializationInclusion(JsonInclude.Include.NON_NULL)
          .build();

  private final Streams streams;
  private final boolean json;
  private final boolean quiet;
  private final ReentrantLock outLock = new ReentrantLock();
  private final Object errLock = new Object();
  private final AtomicInteger failures = new AtomicInteger();
  private boolean barShown;
  private volatile boolean ended;

  /**
   * A console that prints JSON lines if {@code json}, and no progress or notes if {@code quiet}.
   */
  public Console(Streams streams, boolean json, boolean quiet) {
    this.streams = streams;
    this.json = json;
    this.quiet = quiet;
  }

  /** Whether results are wanted as JSON lines. */
  public boolean json() {
    return json;
  }

  /** Variables of the environment. */
  public ImmutableMap<String, String> environment() {
    return streams.environment();
  }

  /** Standard input. */
  public InputStream in() {
    return streams.in();
  }

  /**
   * Writes one result: a JSON object on one line with {@code --json}, the text otherwise.
   *
   * @param row a record or map; {@code camelCase} components become {@code snake_case} fields, null
   *     ones are left out
   * @param text the same for people; an empty text prints nothing
   */
  public void result(Object row, String text) throws IOException {
    if (json) {
      write(MAPPER.writeValueAsString(row));
    } else if (!text.isEmpty()) {
      write(text);
    }
  }

  /** Writes one result as a JSON object on a line; nothing without {@code --json}. */
  public void json(Object row) throws IOException {
    if (json) {
      write(MAPPER.writeValueAsString(row));
    }
  }

  /** Writes text for people to standard output; nothing with {@code --json}. */
  public void text(String line) throws IOException {
    if (!json) {
      write(line);
    }
  }

  /** Writes a note to standard error, unless {@code --quiet}. */
  public void note(String format, Object... arguments) {
    if (!quiet) {
      error(String.format(Locale.ROOT, format, arguments));
    }
  }

  /** Writes a warning to standard error. */
  public void warn(String format, Object... arguments) {
    error("blip: warning: " + String.format(Locale.ROOT, format, arguments));
  }

  /** Names an item that could not be done; the command goes on and ends with status 1. */
  public void failed(String item, String why) {
    failures.incrementAndGet();
    error("blip: " + item + ": " + why);
  }

  /** Status of a command that ran to its end: 1 if an item failed, 0 otherwise. */
  public int exitCode() {
    return failures.get() > 0 ? ExitCodes.SOME_FAILED : ExitCodes.OK;
  }

  /**
   * Starts to show progress.
   *
   * @param what the things counted, such as {@code "images"}
   * @param total how many there will be, or a negative number if that is not known
   */
  public Progress progress(String what, long total) {
    Progress.Display display =
        quiet
            ? Progress.Display.NONE
            : streams.terminal() ? Progress.Display.BAR : Progress.Display.LINES;
    return new Progress(this, display, what, total);
  }

  /**
   * Waits for a result that is being written; later ones are dropped, for the process is ending.
   * Whoever writes one goes on: it may be storing what must be stored before the end.
   */
  public void closeForShutdown() {
    try {
      boolean whole = outLock.tryLock(2, TimeUnit.SECONDS);
      ended = true;
      if (whole) {
        outLock.unlock();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  public void error(String line) {
    synchronized (errLock) {
      writeError((barShown ? "\r\033[K" : "") + line + "\n");
      barShown = false;
    }
  }

  void bar(String line) {
    synchronized (errLock) {
      writeError("\r" + line + "\033[K");
      barShown = true;
    }
  }

  void endBar() {
    synchronized (errLock) {
      if (barShown) {
        writeError("\n");
        barShown = false;
      }
    }
  }

  private void write(String text) throws IOException {
    byte[] bytes = (text + "\n").getBytes(StandardCharsets.UTF_8);
    outLock.lock();
    try {
      if (ended) {
        return;
      }
      OutputStream out = streams.out();
      out.write(bytes);
      out.flush();
    } catch (IOException e) {
      throw isClosedPipe(e) ? new ClosedOutput(e) : e;
    } finally {
      outLock.unlock();
    }
  }

  private static boolean isClosedPipe(IOException e) {
    String message = String.valueOf(e.getMessage());
    return message.contains("Broken pipe") || message.contains("Pipe closed");
  }

  private void writeError(String text) {
    try {
      streams.err().write(text.getBytes(StandardCharsets.UTF_8));
      streams.err().flush();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Standard output was closed by its reader, as {@code blip ... | head} does. */
  static final class ClosedOutput extends IOException {
    private static final long serialVersionUID = 1L;

    ClosedOutput(IOException cause) {
      super("standard output was closed", cause);
    }
  }
}
