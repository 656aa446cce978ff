package org.blip4j.savedmodel.evaluate;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.Comparator;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** Candidates found in blocks against those of the whole matrix. */
class NearestItemsTest {
  @Test
  void blocksGiveWhatTheWholeMatrixGives() {
    Random random = new Random(5);
    float[][] queries = vectors(random, 70, 8);
    float[][] items = vectors(random, 2100, 8);
    items[2000] = items[3]; // equal ones: the first comes first
    NearestItems found = NearestItems.of(queries, items, 20);
    NearestItems turned = NearestItems.of(items, queries, 70);
    for (int query = 0; query < queries.length; query++) {
      float[] row = new float[items.length];
      for (int item = 0; item < items.length; item++) {
        for (int e = 0; e < 8; e++) {
          row[item] += queries[query][e] * items[item][e];
        }
      }
      int[] expected =
          IntStream.range(0, items.length)
              .boxed()
              .sorted(Comparator.comparing(item -> -row[item]))
              .limit(20)
              .mapToInt(Integer::intValue)
              .toArray();
      assertArrayEquals(expected, found.items()[query]);
      for (int i = 0; i < 20; i++) {
        assertEquals(row[expected[i]], found.cosines()[query][i]);
        int item = expected[i];
        int at = IntStream.of(turned.items()[item]).boxed().toList().indexOf(query);
        assertEquals(row[item], turned.cosines()[item][at], "the same in both directions");
      }
    }
  }

  @Test
  void moreThanThereAreIsAll() {
    NearestItems found = NearestItems.of(new float[][] {{1}}, new float[][] {{-1}, {0}, {1}}, 9);
    assertArrayEquals(new int[] {2, 1, 0}, found.items()[0]);
    assertArrayEquals(new float[] {1, 0, -1}, found.cosines()[0]);
  }

  private static float[][] vectors(Random random, int count, int size) {
    float[][] vectors = new float[count][size];
    for (float[] vector : vectors) {
      for (int e = 0; e < size; e++) {
        vector[e] = (float) random.nextGaussian();
      }
    }
    return vectors;
  }
}
