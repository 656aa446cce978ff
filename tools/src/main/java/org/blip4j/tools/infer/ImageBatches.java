package org.blip4j.tools.infer;

import java.io.Closeable;
import java.io.IOException;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/** Batches of images, each read while the one before it is computed: two are held at most. */
final class ImageBatches implements Closeable {
  private final ImageStream images;
  private final int size;
  private final ExecutorService reader =
      Executors.newSingleThreadExecutor(
          task -> {
            Thread thread = new Thread(task, "image reader");
            thread.setDaemon(true);
            return thread;
          });
  private Future<List<LoadedImage>> following;

  ImageBatches(ImageStream images, int size) {
    this.images = images;
    this.size = size;
    this.following = reader.submit(() -> images.next(size));
  }

  /** The next batch; empty at the end. */
  List<LoadedImage> next() throws IOException {
    try {
      List<LoadedImage> batch = following.get();
      following = reader.submit(() -> images.next(size));
      return batch;
    } catch (ExecutionException e) {
      if (e.getCause() instanceof IOException cause) {
        throw cause;
      }
      throw new IllegalStateException(e.getCause());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted", e);
    }
  }

  @Override
  public void close() throws IOException {
    reader.shutdownNow();
    images.close();
  }
}
