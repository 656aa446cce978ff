package org.blip4j.savedmodel.predict;

import java.io.IOException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;

/**
 * A model that all tasks of this JVM share: opened by the first, closed when none has used it for
 * {@value #IDLE_SECONDS} seconds. For engines such as Spark and Flink, which make and drop tasks as
 * they like.
 *
 * <pre>{@code
 * try (SharedPredictor shared = SharedPredictor.open(path)) { // in each task
 *   shared.model().caption(image);
 * }
 * }</pre>
 */
public final class SharedPredictor implements AutoCloseable {
  /** Tasks of one job follow each other faster. */
  static final int IDLE_SECONDS = 10;

  private static final Map<Path, Entry> OPEN = new HashMap<>();

  /** A model and how many tasks use it. */
  private static final class Entry {
    private final Predictor model;
    private int users;
    private long uses;

    Entry(Predictor model) {
      this.model = model;
    }
  }

  private final Path path;
  private final Entry entry;
  private boolean closed;

  private SharedPredictor(Path path, Entry entry) {
    this.path = path;
    this.entry = entry;
  }

  /**
   * The model at a path, opened as the commands do unless a task of this JVM has it open.
   *
   * @throws IOException if it cannot be opened
   */
  public static SharedPredictor open(Path path) throws IOException {
    Path key = path.toAbsolutePath().normalize();
    synchronized (OPEN) {
      Entry entry = OPEN.get(key);
      if (entry == null) {
        entry = new Entry(Predictor.open(key));
        OPEN.put(key, entry);
      }
      entry.users++;
      entry.uses++;
      return new SharedPredictor(key, entry);
    }
  }

  /** The model; it is not to be closed. */
  public Predictor model() {
    return entry.model;
  }

  /** Says that this task needs the model no more; a second time does nothing. */
  @Override
  public void close() {
    close(CompletableFuture.delayedExecutor(IDLE_SECONDS, TimeUnit.SECONDS));
  }

  /** The same with what closes an idle model later. */
  void close(Executor later) {
    synchronized (OPEN) {
      if (closed) {
        return;
      }
      closed = true;
      entry.users--;
      if (entry.users == 0) {
        long uses = entry.uses;
        later.execute(() -> closeIdle(uses));
      }
    }
  }

  private void closeIdle(long uses) {
    synchronized (OPEN) {
      if (entry.users > 0 || entry.uses != uses) {
        return;
      }
      OPEN.remove(path);
    }
    entry.model.close();
  }
}
