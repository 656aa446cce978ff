package org.blip4j.data.text;

import com.google.common.collect.ImmutableList;
import com.google.common.hash.HashCode;
import com.google.common.hash.Hashing;
import java.nio.charset.StandardCharsets;
import java.text.Normalizer;
import java.util.List;
import java.util.TreeSet;

/**
 * The words of a text as people count and compare them: compatible forms made one (NFKC), lower
 * case, runs of letters, marks and digits. Ideographs and kana are a word each, for nothing stands
 * between the words of such texts; all else separates.
 *
 * <p>Not what a model reads, see {@link CaptionText}.
 */
public final class TextWords {
  private TextWords() {}

  /** The words in order. */
  public static ImmutableList<String> of(String text) {
    String plain = PythonText.lower(Normalizer.normalize(text, Normalizer.Form.NFKC));
    ImmutableList.Builder<String> words = ImmutableList.builder();
    int start = -1;
    for (int i = 0; i < plain.length(); ) {
      int c = plain.codePointAt(i);
      int next = i + Character.charCount(c);
      boolean alone = standsAlone(c);
      boolean inWord = !alone && (Character.isLetterOrDigit(c) || isMark(c));
      if (!inWord && start >= 0) {
        words.add(plain.substring(start, i));
        start = -1;
      }
      if (alone) {
        words.add(plain.substring(i, next));
      } else if (inWord && start < 0) {
        start = i;
      }
      i = next;
    }
    if (start >= 0) {
      words.add(plain.substring(start));
    }
    return words.build();
  }

  /** The words with one space between: equal for texts that differ in case and punctuation only. */
  public static String normalised(String text) {
    return String.join(" ", of(text));
  }

  /** A hash of 128 bits by which texts can be held for equal. */
  public static HashCode hash(String text) {
    return Hashing.murmur3_128().hashString(text, StandardCharsets.UTF_8);
  }

  /**
   * Hashes of the different words and pairs of neighbouring words, ascending: what {@link
   * NearTexts} compares.
   */
  static int[] shingles(String text) {
    List<String> words = of(text);
    TreeSet<Integer> hashes = new TreeSet<>();
    for (int i = 0; i < words.size(); i++) {
      hashes.add(hash(words.get(i)).asInt());
      if (i > 0) {
        hashes.add(hash(words.get(i - 1) + " " + words.get(i)).asInt());
      }
    }
    return hashes.stream().mapToInt(Integer::intValue).toArray();
  }

  private static boolean isMark(int c) {
    int type = Character.getType(c);
    return type == Character.NON_SPACING_MARK
        || type == Character.COMBINING_SPACING_MARK
        || type == Character.ENCLOSING_MARK;
  }

  private static boolean standsAlone(int c) {
    if (Character.isIdeographic(c)) {
      return true;
    }
    Character.UnicodeScript script = Character.UnicodeScript.of(c);
    return Character.isLetter(c)
        && (script == Character.UnicodeScript.HIRAGANA
            || script == Character.UnicodeScript.KATAKANA);
  }
}
