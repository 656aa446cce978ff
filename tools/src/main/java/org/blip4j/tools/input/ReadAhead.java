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
  private final Closeable origin;

  /** Starts to read. */
  public ReadAhead(Source<T> source) {
    this(source, () -> {});
  }

  private ReadAhead(Source<T> source, Closeable origin) {
    this.origin = origin;
    this.batches =
        new InOrder<>(
            1,
            () -> {
              List<T> batch = source.next();
              return batch.isEmpty() ? Optional.empty() : Optional.of(() -> batch);
            });
  }

  /** Images, so many at once; closed with their batches. */
  public static ReadAhead<LoadedImage> of(ImageStream images, int size) {
    return new ReadAhead<>(() -> images.next(size), images);
  }

  /** The next batch; empty at the end. */
  public List<T> next() throws IOException {
    return batches.next().orElse(List.of());
  }

  @Override
  public void close() throws IOException {
    batches.close();
    origin.close();
  }
}
