package org.blip4j.data.text;

import java.text.Normalizer;
import java.util.ArrayList;
import java.util.List;

/**
 * Splits a text into words before WordPiece: BERT's basic tokenizer, uncased.
 *
 * <p>In this order: lower-case character by character; drop U+0000, U+FFFD and control characters;
 * split at white space and around CJK ideographs; decompose (NFD) and drop non-spacing marks; split
 * off every punctuation character.
 */
final class WordSplitter {
  private WordSplitter() {}

  static List<String> split(String text) {
    List<String> words = new ArrayList<>();
    StringBuilder run = new StringBuilder();
    for (int i = 0; i < text.length(); ) {
      int c = text.codePointAt(i);
      i += Character.charCount(c);
      if (isSplitter(c)) {
        addRun(run, words);
      } else if (isIdeograph(c)) {
        addRun(run, words);
        run.appendCodePoint(c);
        addRun(run, words);
      } else if (!isDropped(c)) {
        PythonText.appendLower(run, c);
      }
    }
    addRun(run, words);
    return words;
  }

  /** Takes the accents off a run without white space and splits it at punctuation. */
  private static void addRun(StringBuilder run, List<String> words) {
    if (run.length() == 0) {
      return;
    }
    String decomposed = Normalizer.normalize(run, Normalizer.Form.NFD);
    run.setLength(0);
    StringBuilder word = new StringBuilder();
    for (int i = 0; i < decomposed.length(); ) {
      int c = decomposed.codePointAt(i);
      i += Character.charCount(c);
      if (isPunctuation(c)) {
        addWord(word, words);
        words.add(Character.toString(c));
      } else if (Character.getType(c) != Character.NON_SPACING_MARK) {
        word.appendCodePoint(c);
      }
    }
    addWord(word, words);
  }

  private static void addWord(StringBuilder word, List<String> words) {
    if (word.length() > 0) {
      words.add(word.toString());
      word.setLength(0);
    }
  }

  private static boolean isSplitter(int c) {
    return switch (Character.getType(c)) {
      case Character.SPACE_SEPARATOR, Character.LINE_SEPARATOR, Character.PARAGRAPH_SEPARATOR ->
          true;
      default -> c == '\t' || c == '\n' || c == '\r';
    };
  }

  private static boolean isDropped(int c) {
    if (c == 0xfffd) {
      return true;
    }
    return switch (Character.getType(c)) {
      case Character.CONTROL,
          Character.FORMAT,
          Character.SURROGATE,
          Character.PRIVATE_USE,
          Character.UNASSIGNED ->
          true;
      default -> false;
    };
  }

  private static boolean isPunctuation(int c) {
    if ((c >= 33 && c <= 47)
        || (c >= 58 && c <= 64)
        || (c >= 91 && c <= 96)
        || (c >= 123 && c <= 126)) {
      return true;
    }
    return switch (Character.getType(c)) {
      case Character.CONNECTOR_PUNCTUATION,
          Character.DASH_PUNCTUATION,
          Character.START_PUNCTUATION,
          Character.END_PUNCTUATION,
          Character.INITIAL_QUOTE_PUNCTUATION,
          Character.FINAL_QUOTE_PUNCTUATION,
          Character.OTHER_PUNCTUATION ->
          true;
      default -> false;
    };
  }

  private static boolean isIdeograph(int c) {
    return (c >= 0x4e00 && c <= 0x9fff)
        || (c >= 0x3400 && c <= 0x4dbf)
        || (c >= 0x20000 && c <= 0x2a6df)
        || (c >= 0x2a700 && c <= 0x2b73f)
        || (c >= 0x2b740 && c <= 0x2b81f)
        || (c >= 0x2b820 && c <= 0x2ceaf)
        || (c >= 0xf900 && c <= 0xfaff)
        || (c >= 0x2f800 && c <= 0x2fa1f);
  }
}
