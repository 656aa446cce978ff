package org.blip4j.data.text;

import com.google.common.base.CharMatcher;
import com.google.common.base.Splitter;
import com.google.common.collect.ImmutableList;

/**
 * Python's view of characters where it differs from Java's: white space and lower-casing. All of
 * its white space is in the Basic Multilingual Plane.
 *
 * <p>The published code is Python; cleaning and tokenising are only equal to it if {@code
 * str.lower()}, {@code str.split()} and {@code \s} mean the same here.
 */
public final class PythonText {
  private static final String MID_WORD =
      "'.:\u00b7\u0387\u055f\u05f4\u2018\u2019\u2024\u2027\ufe13\ufe52\ufe55\uff07\uff0e\uff1a";

  private static final CharMatcher SPACE = CharMatcher.forPredicate(c -> isSpace(c));
  private static final Splitter WORDS = Splitter.on(SPACE).omitEmptyStrings();

  private PythonText() {}

  /** Python's {@code str.isspace()} for one character, which {@code \s} uses too. */
  public static boolean isSpace(int c) {
    return (c >= 0x09 && c <= 0x0d)
        || (c >= 0x1c && c <= 0x20)
        || c == 0x85
        || c == 0xa0
        || c == 0x1680
        || (c >= 0x2000 && c <= 0x200a)
        || c == 0x2028
        || c == 0x2029
        || c == 0x202f
        || c == 0x205f
        || c == 0x3000;
  }

  /** Python's {@code str.split()}: the runs of characters between white space. */
  public static ImmutableList<String> split(String text) {
    return ImmutableList.copyOf(WORDS.split(text));
  }

  /** Python's {@code str.strip()}. */
  public static String strip(String text) {
    return SPACE.trimFrom(text);
  }

  /**
   * Python's {@code str.lower()}.
   *
   * <p>Java's {@code toLowerCase} finds a final sigma by word breaks, Python by Unicode's plain
   * rule: a cased letter before, none after, looking through ignorable characters.
   */
  public static String lower(String text) {
    StringBuilder out = new StringBuilder(text.length());
    for (int i = 0; i < text.length(); ) {
      int c = text.codePointAt(i);
      int next = i + Character.charCount(c);
      if (c == 0x3a3) {
        out.appendCodePoint(isFinal(text, i, next) ? 0x3c2 : 0x3c3);
      } else {
        appendLower(out, c);
      }
      i = next;
    }
    return out.toString();
  }

  /** Appends the lower case of one character, looking at no other. */
  static void appendLower(StringBuilder out, int c) {
    if (c == 0x130) {
      out.append("i\u0307");
    } else {
      out.appendCodePoint(Character.toLowerCase(c));
    }
  }

  private static boolean isFinal(String text, int start, int end) {
    int before = start;
    int c = -1;
    while (before > 0) {
      c = text.codePointBefore(before);
      if (!isIgnorable(c)) {
        break;
      }
      before -= Character.charCount(c);
    }
    if (before == 0 || !isCased(c)) {
      return false;
    }
    int after = end;
    while (after < text.length()) {
      c = text.codePointAt(after);
      if (!isIgnorable(c)) {
        return !isCased(c);
      }
      after += Character.charCount(c);
    }
    return true;
  }

  private static boolean isCased(int c) {
    return Character.isLowerCase(c) || Character.isUpperCase(c) || Character.isTitleCase(c);
  }

  private static boolean isIgnorable(int c) {
    return switch (Character.getType(c)) {
      case Character.NON_SPACING_MARK,
          Character.ENCLOSING_MARK,
          Character.FORMAT,
          Character.MODIFIER_LETTER,
          Character.MODIFIER_SYMBOL ->
          true;
      default -> MID_WORD.indexOf(c) >= 0;
    };
  }
}
