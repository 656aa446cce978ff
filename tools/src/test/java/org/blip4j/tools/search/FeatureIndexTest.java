package org.blip4j.tools.search;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.blip4j.savedmodel.capfilt.CapFiltModels;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The first stage of a search on generated features. */
class FeatureIndexTest {
  private static final int WIDTH = 256;

  @TempDir private Path folder;

  private static float[] feature(Random random) {
    float[] feature = new float[WIDTH];
    double squares = 0;
    for (int i = 0; i < WIDTH; i++) {
      feature[i] = random.nextFloat() - 0.5f;
      squares += feature[i] * feature[i];
    }
    for (int i = 0; i < WIDTH; i++) {
      feature[i] /= (float) Math.sqrt(squares);
    }
    return feature;
  }

  private FeatureIndex write(int rows) throws IOException {
    FeatureIndex.Info info =
        new FeatureIndex.Info(
            1, new CapFiltModels.Identity("model", "none"), "float32", "none", 0, 0, "");
    Random random = new Random(1);
    LinkedHashSet<Picture> order = new LinkedHashSet<>();
    try (IndexWriter writer = IndexWriter.open(folder.resolve("index"), info, false)) {
      for (int begin = 0; begin < rows; begin += 1000) {
        List<Picture> pictures = new ArrayList<>();
        List<float[]> features = new ArrayList<>();
        for (int row = begin; row < Math.min(rows, begin + 1000); row++) {
          String name = "/photos/%06d.jpg".formatted(row);
          pictures.add(new Picture(name, name, -1, 0, new Picture.Stamp(row, row)));
          features.add(feature(random));
        }
        writer.add(pictures, features);
        order.addAll(pictures);
      }
      writer.finish(order);
    }
    return FeatureIndex.open(folder.resolve("index"));
  }

  @Test
  void bestAreThoseOfAllProductsInOrder() throws IOException {
    int rows = 40_001; // several blocks, the last one of another length
    FeatureIndex index = write(rows);
    float[] query = feature(new Random(2));

    float[] cosines = index.cosines(query);

    double[] expected = new double[rows];
    for (int row = 0; row < rows; row++) {
      float[] feature = index.feature(row);
      for (int i = 0; i < WIDTH; i++) {
        expected[row] += (double) feature[i] * query[i];
      }
      assertEquals(expected[row], cosines[row], 1e-6);
    }
    List<Integer> sorted =
        IntStream.range(0, rows)
            .boxed()
            .sorted(Comparator.comparing((Integer row) -> -cosines[row]))
            .toList();
    assertEquals(sorted.subList(0, 50), FeatureIndex.best(cosines, 50));
    assertEquals(sorted, FeatureIndex.best(cosines, rows + 5));
    assertEquals(List.of(1, 3, 0), FeatureIndex.best(new float[] {1, 2, 0, 2}, 3));
    assertEquals("/photos/040000.jpg", index.picture(rows - 1).image());
  }

  @Test
  @Tag("slow")
  void queriesOfAHundredThousandPicturesTakeLessThan50Milliseconds() throws IOException {
    FeatureIndex index = write(100_000);
    Random random = new Random(3);
    double[] milliseconds = new double[21];
    for (int i = 0; i < milliseconds.length; i++) {
      float[] query = feature(random);
      long begin = System.nanoTime();
      List<Integer> best = FeatureIndex.best(index.cosines(query), 128);
      milliseconds[i] = (System.nanoTime() - begin) / 1e6;
      assertEquals(128, best.size());
    }
    String all = Arrays.toString(milliseconds);
    System.out.println("search over 100,000 features, milliseconds: " + all);
    Arrays.sort(milliseconds);
    assertTrue(milliseconds[0] < 50, all); // others of the machine's work slow the rest
  }
}
