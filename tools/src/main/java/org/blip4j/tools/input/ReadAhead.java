package org.blip4j.tools.input;

import java.io.Closeable;
import java.io.IOException;
import java.util.List;
import java.util.Optional;
import org.blip4j.data.stream.InOrder;

/**
 * Batches of a source, read while those before them are computed.
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
    List<T> next() throws IOException;
  }

  private final InOrder<List<T>> batches;

  /** Starts to read. */
  public ReadAhead(Source<T> source) {
    this.batches =
        new InOrder<>(
            1,
            () -> {
              List<T> batch = source.next();
              return batch.isEmpty() ? Optional.empty() : Optional.of(() -> batch);
            });
  }

  /** The next batch; empty at the end. */
  public List<T> next() throws IOException {
    return batches.next().orElse(List.of());
  }

  @Override
  public void close() {
    batches.close();
  }
}
