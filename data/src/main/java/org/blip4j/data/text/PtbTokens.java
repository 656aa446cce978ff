package org.blip4j.data.text;

import com.google.common.base.Ascii;
import com.google.common.base.CharMatcher;
import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableMap;
import com.google.common.collect.ImmutableSet;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * The tokens of captions as the published evaluation counts them: those of the Penn Treebank, lower
 * case, without punctuation. Equal to {@code PTBTokenizer} of pycocoevalcap, which runs Stanford
 * CoreNLP 3.4.1 with {@code -preserveLines -lowerCase} (BLIP specification 10.2).
 *
 * <p>What is worth knowing: lower case comes first, so brackets come out as {@code -lrb-} and stay;
 * {@code ?!} stays, too; "cannot" is two tokens; pounds become {@code #}, euros {@code $}, &frac12;
 * becomes {@code 1/2}; a telephone number is one token with U+00A0 in it.
 */
public final class PtbTokens {
  /** What the published evaluation takes out, and what the tokenizer turns into that. */
  private static final Pattern TAKEN_OUT =
      Pattern.compile(
          "''?|``?|[.?!,:;\"\u00ad\u0096\u0097\u2013-\u2015\u2026]?|-{1,4}|\\.[.\u00a0]+"
              + "|&(?:quot|apos|nbsp|MD|mdash|ndash);");

  private static final Pattern QUOTED = Pattern.compile("[`" + PtbRules.QUOTES + "]{1,2}");
  private static final CharMatcher ENDS_LINE = CharMatcher.anyOf("\n\r\u000b\f\u0085\u2028\u2029");
  private static final Pattern ALONE =
      Pattern.compile(
          "[!-~]|[" + PtbRules.SYMBOLS + PtbRules.MARKS + "]|[\\p{L}\\p{Nd}&&[\\u0000-\\uffff]]");
  private static final ImmutableSet<String> DIVIDED =
      ImmutableSet.of("cannot", "gonna", "gotta", "lemme", "gimme", "wanna");

  private static final int LONGEST_ABBREVIATION = 6;

  private static final Pattern SHORT_FORM =
      Pattern.compile("(?:['\u0092\u2019]|&apos;)(?:[msd]|re|ve|ll)|n.t", Pattern.CASE_INSENSITIVE);
  private static final Pattern ADDRESS = Pattern.compile("[@#]|://");
  private static final Pattern WITH_BRACKETS =
      Pattern.compile("\\([0-9]{2,3}\\).*|[<>]?[:;=].*|\\(.{2,3}\\)", Pattern.DOTALL);

  /** Tokens that become others. */
  private static final ImmutableMap<String, String> REPLACED =
      ImmutableMap.<String, String>builder()
          .put("\u00bd", "1/2")
          .put("\u00bc", "1/4")
          .put("\u00be", "3/4")
          .put("\u2153", "1/3")
          .put("\u2154", "2/3")
          .put("\u00a2", "cents")
          .put("\u00a3", "#")
          .put("\u0080", "$")
          .put("\u00a4", "$")
          .put("\u20a0", "$")
          .put("\u20ac", "$")
          .put("(", "-lrb-")
          .put(")", "-rrb-")
          .put("[", "-lsb-")
          .put("]", "-rsb-")
          .put("{", "-lcb-")
          .put("}", "-rcb-")
          .put("&lt;", "<")
          .put("&gt;", ">")
          .buildOrThrow();

  private PtbTokens() {}

  /** The tokens of one caption alone. */
  public static ImmutableList<String> of(String caption) {
    return tokens(List.of(caption)).get(0);
  }

  /** The tokens of one caption alone, with single spaces between. */
  public static String line(String caption) {
    return lines(List.of(caption)).get(0);
  }

  /**
   * The tokens of captions that are tokenised together, each with single spaces between. This is
   * not {@link #line} of each: a double contraction that ends the last caption ("they'd've") loses
   * its last apostrophe.
   */
  public static ImmutableList<String> lines(List<String> captions) {
    return (captions.isEmpty() ? ImmutableList.<ImmutableList<String>>of() : tokens(captions))
        .stream().map(tokens -> String.join(" ", tokens)).collect(ImmutableList.toImmutableList());
  }

  private static List<ImmutableList<String>> tokens(List<String> captions) {
    String text =
        captions.stream()
            .map(caption -> ENDS_LINE.replaceFrom(caption, ' '))
            .collect(Collectors.joining("\n"));
    PtbRules rules = new PtbRules(text);
    List<ImmutableList<String>> lines = new ArrayList<>();
    ImmutableList.Builder<String> line = ImmutableList.builder();
    for (int start = 0; start < text.length(); ) {
      char first = text.charAt(start);
      if (first == '\n') {
        lines.add(line.build());
        line = ImmutableList.builder();
        start++;
      } else if (first == ' ') {
        start++;
      } else {
        int end = endOfPlainWord(text, start);
        if (end > 0) {
          line.add(Ascii.toLowerCase(text.substring(start, end)));
        } else {
          end = rules.end(start);
          String token = finished(text.substring(start, end));
          if (!token.isEmpty()) {
            line.add(token);
          }
        }
        start = end;
      }
    }
    lines.add(line.build());
    return lines;
  }

  /** The end of a word of ASCII letters that no rule divides or extends; else -1. */
  private static int endOfPlainWord(String text, int start) {
    int end = start;
    while (end < text.length() && isLetter(text.charAt(end))) {
      end++;
    }
    int length = end - start;
    char next = end == text.length() ? ' ' : text.charAt(end);
    int after = next == ',' || (next == '.' && length > LONGEST_ABBREVIATION) ? end + 1 : end;
    boolean blank =
        after == text.length() || text.charAt(after) == ' ' || text.charAt(after) == '\n';
    boolean divided =
        length >= 5
            && length <= 6
            && DIVIDED.contains(Ascii.toLowerCase(text.substring(start, end)));
    return length > 0 && blank && !divided ? end : -1;
  }

  private static boolean isLetter(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
  }

  /** A token as the evaluation has it; empty if it is none. */
  private static String finished(String found) {
    String token = REPLACED.getOrDefault(found, found);
    if (QUOTED.matcher(token).matches()) {
      token = quotes(token);
    } else if (token.equals(found) && found.length() == 1 && !ALONE.matcher(found).matches()) {
      return "";
    } else if (SHORT_FORM.matcher(token).matches()) {
      token = quotes(token.replace("&apos;", "'"));
    } else if (WITH_BRACKETS.matcher(token).matches()) {
      token = token.replace("(", "-lrb-").replace(")", "-rrb-");
    }
    if (!ADDRESS.matcher(token).find()) {
      token = token.replace("\u00ad", "").replace("&amp;", "&");
    }
    token = token.replace(' ', '\u00a0');
    return TAKEN_OUT.matcher(token).matches() ? "" : token.toLowerCase(Locale.ENGLISH);
  }

  /** Typographic quotation marks as the Penn Treebank writes them. */
  private static String quotes(String text) {
    StringBuilder out = new StringBuilder();
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      switch (c) {
        case '\u0091', '\u2018', '\u201b', '\u2039' -> out.append('`');
        case '\u0092', '\u2019', '\u203a' -> out.append('\'');
        case '\u0093', '\u00ab', '\u201c' -> out.append("``");
        case '\u0094', '\u00bb', '\u201d' -> out.append("''");
        default -> out.append(c);
      }
    }
    return out.toString();
  }
}
