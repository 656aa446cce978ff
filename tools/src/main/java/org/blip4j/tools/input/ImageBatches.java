package org.blip4j.tools.input;

import java.io.Closeable;
import java.io.IOException;
import java.util.List;

/** Batches of images, each read and looked at while the one before it is computed. */
public final class ImageBatches implements Closeable {
  private final ImageStream images;
  private final ReadAhead<LoadedImage> batches;

  public ImageBatches(ImageStream images, int size) {
    this.images = images;
    this.batches = new ReadAhead<>(() -> images.next(size));
  }

  /** The next batch; empty at the end. */
  public List<LoadedImage> next() throws IOException {
    return batches.next();
  }

  @Override
  public void close() throws IOException {
    batches.close();
    images.close();
  }
}
