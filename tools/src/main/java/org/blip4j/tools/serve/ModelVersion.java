package org.blip4j.tools.serve;

import java.io.Closeable;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.time.Duration;
import java.util.Optional;
import java.util.function.LongSupplier;
import java.util.stream.Stream;
import org.blip4j.tools.serve.ModelRepository.State;
import org.blip4j.tools.serve.ModelRepository.Status;
import org.blip4j.tools.serve.ServingException.Code;

/**
 * A version of a model: what is loaded, or why it could not be, and when that is tried again. One
 * thread changes it; others may look meanwhile.
 *
 * @param <M> what is loaded
 */
final class ModelVersion<M extends Closeable> {
  private static final int RETRIES = 5;
  private static final Duration RETRY_AFTER = Duration.ofMinutes(1);

  /** Whose changes are looked for. */
  private static final int MOST_FILES = 1000;

  /** Loads what a folder holds. */
  interface Loading<M> {
    M load() throws ServingException, IOException;
  }

  private volatile State state = State.START;
  private volatile Code code = Code.OK;
  private volatile String message = "";
  private volatile M model;
  private int failures;
  private long failedAt;

  /** Whether the folder was away since it was tried; then another one has come. */
  private boolean gone;

  /** The files when they were tried, and when they were looked at since. */
  private String tried = "";

  private String seen = "";

  /** What is loaded, if it is. */
  Optional<M> model() {
    return Optional.ofNullable(model);
  }

  Status status(long number) {
    return new Status(number, state, code, message);
  }

  /** Its folder was looked for. */
  void lookedFor(boolean present) {
    gone |= !present;
  }

  /**
   * Whether it is time to load it: the first time, if it was replaced and is wanted again, and
   * after a failure five times a minute apart, or if the folder is a new one, or its files have
   * changed and rest.
   */
  boolean due(Path folder, long now) {
    if (state != State.END || code == Code.OK) {
      return state == State.START || state == State.END;
    }
    String contents = contents(folder);
    boolean changed = !contents.equals(tried) && contents.equals(seen);
    seen = contents;
    if (gone || changed) {
      failures = 0;
      return true;
    }
    return failures <= RETRIES && now - failedAt >= RETRY_AFTER.toNanos();
  }

  /** What tells whether files were changed. */
  private static String contents(Path folder) {
    StringBuilder contents = new StringBuilder();
    try (Stream<Path> files = Files.walk(folder)) {
      for (Path file : (Iterable<Path>) files.limit(MOST_FILES).sorted()::iterator) {
        BasicFileAttributes now = Files.readAttributes(file, BasicFileAttributes.class);
        contents.append(file).append(' ').append(now.size()).append(' ');
        contents.append(now.lastModifiedTime()).append(' ').append(now.fileKey()).append('\n');
      }
    } catch (IOException | UncheckedIOException e) {
      contents.append(e);
    }
    return contents.toString();
  }

  void load(Path folder, Loading<M> loading, LongSupplier nanos) {
    state = State.LOADING;
    try {
      gone = false;
      tried = contents(folder);
      model = loading.load();
      code = Code.OK;
      message = "";
      failures = 0;
      state = State.AVAILABLE;
    } catch (ServingException | IOException | RuntimeException | Error e) {
      ServingException failure = ServingException.of(e);
      code = failure.code();
      message = failure.getMessage();
      failures++;
      failedAt = nanos.getAsLong();
      state = State.END;
    }
  }

  /** Lets go what is loaded; does nothing if there is nothing. */
  void unload() {
    M old = model;
    if (old == null) {
      return;
    }
    state = State.UNLOADING;
    model = null;
    try {
      old.close();
    } catch (IOException | RuntimeException | Error e) {
      message = ServingException.of(e).getMessage();
    }
    state = State.END;
  }
}
