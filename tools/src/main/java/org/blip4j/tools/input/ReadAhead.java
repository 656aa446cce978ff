package org.blip4j.tools.input;

import java.io.Closeable;
import java.io.IOException;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.blip4j.data.stream.Outcome;

/**
 * Batches of a source, each read while the one before it is computed: two are held at most.
 *
 * @param <T> what is read
 */
public final class ReadAhead<T> implements Closeable {

  /**
   * Where batches come from.
   *
   * @param <T> what is read
   */
  public interface Source<T> {
    /** The next batch; empty at the end. */
    public List<T> next() throws IOException;
  }

  private final Source<T> source;
  private final ExecutorService reader =
      Executors.newSingleThreadExecutor(
          task -> {
            Thread thread = new Thread(task, "input reader");
            thread.setDaemon(true);
            return thread;
          });
  private Future<List<T>> following;

  public ReadAhead(Source<T> source) {
    this.source = source;
    this.following = reader.submit(source::next);
  }

  /** The next batch; empty at the end. */
  public List<T> next() throws IOException {
    List<T> batch = Outcome.of(following);
    following = reader.submit(source::next);
    return batch;
  }

  @Override
  public void close() {
    reader.shutdownNow();
  }
}
