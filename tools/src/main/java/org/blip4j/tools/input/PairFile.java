package org.blip4j.tools.input;

import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.blip4j.data.dataset.RowFile;

/**
 * Pairs of an image's path and a text, one a line ({@link RowFile}). A line that cannot be used is
 * a pair that cannot be scored.
 */
public final class PairFile implements Closeable {
  private final NamedImages images = new NamedImages();
  private final RowFile rows;

  /**
   * Opens a file; {@code -} is standard input.
   *
   * @param key what the text is called
   */
  public PairFile(String name, InputStream in, String key) throws IOException {
    this.rows = new RowFile(name, in, "image", key);
  }

  /** Up to {@code count} further pairs with their images; empty at the end. */
  public List<Pair> next(int count) throws IOException {
    List<Pair> pairs = new ArrayList<>();
    images.nextBatch();
    while (pairs.size() < count) {
      Optional<RowFile.Row> row = rows.next();
      if (row.isEmpty()) {
        break;
      }
      pairs.add(pair(row.get()));
    }
    return pairs;
  }

  private Pair pair(RowFile.Row row) {
    Optional<String> problem = row.problem();
    return problem.isPresent()
        ? new Pair(LoadedImage.failed(row.place(), Optional.empty(), problem.get()), "")
        : new Pair(images.get(row.values().get(0)), row.values().get(1));
  }

  @Override
  public void close() throws IOException {
    rows.close();
  }

  /**
   * An image with a text: one that may describe it, or a question about it.
   *
   * @param image with its bytes, or with what is wrong with it
   * @param text the text
   */
  public record Pair(LoadedImage image, String text) {

    public byte[] bytes() {
      return ((LoadedImage.Bytes) image.content()).value();
    }
  }
}
