package org.blip4j.data.text;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.common.collect.Sets;
import com.google.common.primitives.Ints;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;

class NearTextsTest {
  private static Set<Integer> parts(String text) {
    return new HashSet<>(Ints.asList(TextWords.shingles(text)));
  }

  private static double similarity(String one, String two) {
    Set<Integer> first = parts(one);
    Set<Integer> second = parts(two);
    return (double) Sets.intersection(first, second).size() / Sets.union(first, second).size();
  }

  private static List<String> texts(int count, long seed) {
    Random random = new Random(seed);
    List<String> texts = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      StringBuilder text = new StringBuilder("a photo of");
      int words = 1 + random.nextInt(12);
      for (int j = 0; j < words; j++) {
        text.append(" w").append((int) Math.abs(6 * random.nextGaussian()));
      }
      texts.add(
          i > 0 && random.nextInt(3) == 0
              ? texts.get(random.nextInt(i)) + (random.nextBoolean() ? " too" : "!")
              : text.toString());
    }
    return texts;
  }

  /** Comparing each with each: none is missed, whatever the limit. */
  @Test
  void findsExactlyWhatComparingAllFinds() {
    List<String> texts = texts(1500, 5);
    for (double limit : new double[] {0.3, 0.5, 0.8, 1}) {
      NearTexts near = new NearTexts(limit);
      texts.forEach(near::count);
      List<String> kept = new ArrayList<>();
      for (String text : texts) {
        boolean expected = kept.stream().noneMatch(one -> similarity(one, text) >= limit - 1e-12);
        assertEquals(expected, near.add(text), limit + ": " + text);
        if (expected) {
          kept.add(text);
        }
      }
      assertTrue(kept.size() > 10 && kept.size() < 1450, limit + ": " + kept.size());
    }
  }

  @Test
  void theLastOfTenWordsMayDifferAtPointEight() {
    NearTexts near = new NearTexts(0.8);
    assertTrue(near.add("a brown dog runs over the wet sand near boats"));
    assertFalse(near.add("A brown dog runs over the wet sand, near ships."));
    assertTrue(near.add("a brown dog runs over the dry sand near boats"), "in the midst");
    assertTrue(near.add("a dog"));
    assertTrue(near.add("a cat"));
    assertFalse(near.add("A dog!"));
    assertTrue(near.add("!!"));
    assertFalse(near.add("?"), "no word like no word");
  }

  @Test
  void refusesWhatIsNoSimilarity() {
    for (double wrong : new double[] {0, -1, 1.1, Double.NaN}) {
      assertThrows(IllegalArgumentException.class, () -> new NearTexts(wrong));
    }
  }

  @Test
  void wordsAreThoseThatPeopleCount() {
    assertEquals(
        List.of("it", "s", "a", "café", "no", "3"), TextWords.of("It's a CAFE\u0301 -- No.3!"));
    assertEquals(List.of("東", "京", "は", "tokyo"), TextWords.of("東京は、Ｔｏｋｙｏ"));
    assertEquals(List.of(), TextWords.of(" …! "));
    assertEquals("हिन्दी में", TextWords.normalised("हिन्दी  में।"));
  }

  @Test
  void countsHowOftenEachWasMet() {
    HashCounts counts = new HashCounts();
    Map<Integer, Integer> expected = new HashMap<>();
    Random random = new Random(3);
    for (int i = 0; i < 50_000; i++) {
      int thing = random.nextInt(9_000);
      int before = expected.merge(thing, 1, Integer::sum) - 1;
      assertEquals(before, counts.add(TextWords.hash("t" + thing)));
    }
    assertEquals(expected.size(), counts.size());
  }
}
