package org.blip4j.savedmodel.predict;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Stream;

/**
 * Measures how much a program loses by the library's ways to call: {@code MODEL PHOTOS ROUNDS}, a
 * model and a folder of eight images or more. Prints, of each round and as medians, images a second
 * of one thread with batches of eight and of eight threads with single images through batching, and
 * milliseconds of a lone call, direct and through batching.
 */
public final class PredictorFigures {
  private static final int ROWS = 8;

  private PredictorFigures() {}

  /** Measures. */
  public static void main(String[] args) throws Exception {
    List<byte[]> images = images(Path.of(args[1]));
    int rounds = Integer.parseInt(args[2]);
    List<List<Double>> figures = new ArrayList<>();
    ExecutorService threads = Executors.newFixedThreadPool(ROWS);
    try (Predictor model = Predictor.open(Path.of(args[0]));
        Predictor together = model.batching(DynamicBatching.Settings.of(ROWS))) {
      for (int round = -1; round < rounds; round++) { // the first one warms up
        double batches = perSecond(images.size(), () -> inBatches(model, images));
        double singles = perSecond(images.size(), () -> atOnce(together, images, threads));
        double direct = 1000 / perSecond(ROWS, () -> oneByOne(model, images));
        double queued = 1000 / perSecond(ROWS, () -> oneByOne(together, images));
        if (round >= 0) {
          figures.add(
              List.of(batches, singles, singles / batches, direct, queued, queued / direct));
          System.out.println(figures.get(round));
        }
      }
    }
    threads.shutdown();
    String[] names = {"batches of 8/s", "8 threads/s", "ratio", "lone ms", "batched ms", "ratio"};
    for (int i = 0; i < names.length; i++) {
      int column = i;
      List<Double> values = new ArrayList<>(figures.stream().map(row -> row.get(column)).toList());
      Collections.sort(values);
      System.out.printf("%s: median %.3f%n", names[i], values.get(values.size() / 2));
    }
  }

  private static List<byte[]> images(Path folder) throws IOException {
    List<byte[]> images = new ArrayList<>();
    try (Stream<Path> files = Files.list(folder)) {
      for (Path file : files.sorted().limit(4L * ROWS).toList()) {
        images.add(ImageBytes.of(file));
      }
    }
    return images.subList(0, images.size() / ROWS * ROWS);
  }

  private interface Work {
    void run() throws Exception;
  }

  private static double perSecond(int images, Work work) throws Exception {
    long began = System.nanoTime();
    work.run();
    return images * 1e9 / (System.nanoTime() - began);
  }

  private static void inBatches(Predictor model, List<byte[]> images) {
    for (int i = 0; i < images.size(); i += ROWS) {
      require(model.caption(images.subList(i, i + ROWS)));
    }
  }

  private static void atOnce(Predictor model, List<byte[]> images, ExecutorService threads)
      throws Exception {
    List<Future<?>> calls = new ArrayList<>();
    for (byte[] image : images) {
      calls.add(threads.submit(() -> require(List.of(model.caption(image)))));
    }
    for (Future<?> call : calls) {
      call.get();
    }
  }

  private static void oneByOne(Predictor model, List<byte[]> images) {
    for (byte[] image : images.subList(0, ROWS)) {
      require(Arrays.asList(model.caption(image)));
    }
  }

  private static void require(List<Caption> captions) {
    for (Caption caption : captions) {
      if (!caption.ok()) {
        throw new IllegalStateException(caption.status());
      }
    }
  }
}
