package org.blip4j.data.metric;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.api.Test;

final class RecallAtKTest {
  @Test
  void bestRightItemCounts() {
    float[][] scores = {{0.1f, 0.9f, 0.5f, 0.4f}, {0.3f, 0.2f, 0.1f, 0.4f}};
    RecallAtK recall = RecallAtK.of(scores, List.of(new int[] {0, 2}, new int[] {2}));
    assertArrayEquals(new int[] {1, 3}, recall.ranks());
    assertEquals(0, recall.share(1));
    assertEquals(0.5, recall.share(2));
    assertEquals(100, recall.percent(5));
    assertEquals((0 + 100 + 100) / 3.0, recall.meanPercent(), 1e-12);
    assertEquals(3, recall.medianRank());
  }

  @Test
  void tiesCountAsBehindButNotAmongRightItems() {
    float[][] scores = {{-100, -100, -100, 1}, {2, 2, 0, 0}};
    RecallAtK recall = RecallAtK.of(scores, List.of(new int[] {0}, new int[] {0, 1}));
    assertArrayEquals(new int[] {3, 0}, recall.ranks());
  }

  @Test
  void medianOfOddNumber() {
    assertEquals(2, RecallAtK.ofRanks(7, 1, 0).medianRank());
    assertEquals(11 / 3.0, RecallAtK.ofRanks(7, 1, 0).meanRank(), 1e-12);
    assertEquals(1.625 / 3, RecallAtK.ofRanks(7, 1, 0).meanReciprocalRank(), 1e-12);
  }

  @Test
  void refusesBadInput() {
    float[][] scores = {{1, Float.NaN}};
    assertRefused("NaN", () -> RecallAtK.of(scores, List.of(new int[] {0})));
    assertRefused("not among the 2", () -> RecallAtK.of(scores, List.of(new int[] {2})));
    assertRefused("no right item", () -> RecallAtK.of(scores, List.of(new int[0])));
    assertRefused("1 rows", () -> RecallAtK.of(scores, List.of()));
    assertRefused("k counts from 1", () -> RecallAtK.ofRanks(0).share(0));
    assertRefused("no query", RecallAtK::ofRanks);
  }

  private static void assertRefused(String words, Runnable call) {
    Exception refused = assertThrows(IllegalArgumentException.class, call::run);
    assertTrue(refused.getMessage().contains(words), refused.getMessage());
  }
}
