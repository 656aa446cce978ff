package org.blip4j.data.text;

/**
 * BLIP's cleaning of captions and questions before they are tokenised ({@code pre_caption} and
 * {@code pre_question} of the published code).
 *
 * <p>Both lower-case, take out the ten characters <code>. ! " ( ) * # : ; ~</code> and keep the
 * first words; a caption gets a space in place of each, a question nothing. {@code , ? ' - /} stay.
 */
public final class CaptionText {
  private static final String TAKEN_OUT = ".!\"()*#:;~";

  private CaptionText() {}

  /**
   * Cleans a caption: lower case, the ten characters to spaces, runs of white space to one space,
   * trimmed, cut after {@code maxWords} words (pre-training and COCO 30, NLVR2 and video 40).
   */
  public static String cleanCaption(String text, int maxWords) {
    String spaced = replaceTakenOut(PythonText.lower(text), " ");
    String single = collapse(spaced);
    int end = single.length();
    while (end > 0 && single.charAt(end - 1) == '\n') {
      end--;
    }
    while (end > 0 && single.charAt(end - 1) == ' ') {
      end--;
    }
    int start = 0;
    while (start < end && single.charAt(start) == ' ') {
      start++;
    }
    return firstWords(single.substring(start, end), maxWords);
  }

  /**
   * Cleans a question: lower case, the ten characters deleted, trailing spaces cut, and all after
   * {@code maxWords} words (VQA 50). A leading space stays, as in the published code.
   */
  public static String cleanQuestion(String text, int maxWords) {
    String cleaned = replaceTakenOut(PythonText.lower(text), "");
    int end = cleaned.length();
    while (end > 0 && cleaned.charAt(end - 1) == ' ') {
      end--;
    }
    return firstWords(cleaned.substring(0, end), maxWords);
  }

  private static String replaceTakenOut(String text, String replacement) {
    StringBuilder out = new StringBuilder(text.length());
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (TAKEN_OUT.indexOf(c) >= 0) {
        out.append(replacement);
      } else {
        out.append(c);
      }
    }
    return out.toString();
  }

  /** Two or more white space characters become one space; a single one stays what it is. */
  private static String collapse(String text) {
    StringBuilder out = new StringBuilder(text.length());
    for (int i = 0; i < text.length(); ) {
      int end = i;
      while (end < text.length() && PythonText.isSpace(text.charAt(end))) {
        end++;
      }
      if (end - i >= 2) {
        out.append(' ');
        i = end;
      } else {
        out.append(text.charAt(i++));
      }
    }
    return out.toString();
  }

  private static String firstWords(String text, int maxWords) {
    if (maxWords < 1) {
      throw new IllegalArgumentException(
          "maximum number of words is " + maxWords + ", it must be 1 or more");
    }
    int space = -1;
    for (int words = 0; words < maxWords; words++) {
      space = text.indexOf(' ', space + 1);
      if (space < 0) {
        return text;
      }
    }
    return text.substring(0, space);
  }
}
