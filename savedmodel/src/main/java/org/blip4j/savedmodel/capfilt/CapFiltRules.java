package org.blip4j.savedmodel.capfilt;

import com.fasterxml.jackson.annotation.JsonProperty;
import com.google.common.collect.ImmutableList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;
import org.blip4j.data.text.TextWords;
import org.blip4j.graph.config.Meaning;

/**
 * Rules that need no model: for texts and pictures by themselves, and for what comes again in the
 * whole set. A number of 0 and an empty list are no rule.
 *
 * @param text of each text, whoever wrote it
 * @param picture of each picture
 * @param repeats over the whole set
 * @see CapFiltStep
 */
public record CapFiltRules(
    @Meaning(value = "rules of each text", absent = "{}") Text text,
    @Meaning(value = "rules of each picture", absent = "{}") Picture picture,
    @Meaning(value = "rules over the whole set", absent = "{}") Repeats repeats) {
  /** None. */
  public static final CapFiltRules NONE =
      new CapFiltRules(
          new Text(0, 0, 0, 0, ImmutableList.of(), ImmutableList.of(), ImmutableList.of()),
          new Picture(0, 0, 0, 0),
          new Repeats(false, Same.none, Repeats.NEAR, 0));

  /**
   * What a text must be like.
   *
   * @param minWords fewest words, as {@link TextWords} counts them
   * @param maxWords most words
   * @param minCharacters fewest characters
   * @param maxCharacters most characters
   * @param scripts Unicode's names of scripts, such as Latin; nine in ten letters must be of them.
   *     They tell Chinese from English, not English from French
   * @param require patterns of which each must be found in the text
   * @param refuse patterns of which none may be found
   */
  public record Text(
      @Meaning(value = "fewest words", absent = "0") int minWords,
      @Meaning(value = "most words", absent = "0") int maxWords,
      @Meaning(value = "fewest characters", absent = "0") int minCharacters,
      @Meaning(value = "most characters", absent = "0") int maxCharacters,
      @Meaning(value = "scripts of its letters", absent = "[]") List<String> scripts,
      @Meaning(value = "patterns to be found", absent = "[]") List<String> require,
      @Meaning(value = "patterns not to be found", absent = "[]") List<String> refuse) {
    private static final double LETTERS = 0.9;

    /** By expression: a text is looked at in a microsecond, an expression takes several. */
    private static final Map<String, Pattern> PATTERNS = new ConcurrentHashMap<>();

    /** Refuses what no text can be and patterns that are none. */
    public Text {
      requireRange("words", minWords, maxWords);
      requireRange("characters", minCharacters, maxCharacters);
      scripts = ImmutableList.copyOf(scripts);
      require = ImmutableList.copyOf(require);
      refuse = ImmutableList.copyOf(refuse);
      scripts.forEach(Text::script);
      require.forEach(Text::pattern);
      refuse.forEach(Text::pattern);
    }

    private static Character.UnicodeScript script(String name) {
      try {
        return Character.UnicodeScript.forName(name);
      } catch (IllegalArgumentException e) {
        throw new IllegalArgumentException(
            "\"" + name + "\" is no script of Unicode; use a name such as Latin, Cyrillic or Han",
            e);
      }
    }

    private static Pattern pattern(String expression) {
      try {
        return PATTERNS.computeIfAbsent(expression, Pattern::compile);
      } catch (PatternSyntaxException e) {
        throw new IllegalArgumentException(
            "\"%s\" is no regular expression: %s".formatted(expression, e.getDescription()), e);
      }
    }

    /** Why a text may not stay; null if it may. */
    CapFiltText.Dropped broken(String text) {
      int words = minWords > 0 || maxWords > 0 ? TextWords.of(text).size() : 0;
      if (isOutside(words, minWords, maxWords)
          || isOutside(text.codePointCount(0, text.length()), minCharacters, maxCharacters)) {
        return CapFiltText.Dropped.LENGTH;
      }
      if (!scripts.isEmpty() && !isOfScripts(text)) {
        return CapFiltText.Dropped.SCRIPT;
      }
      boolean found =
          require.stream().allMatch(one -> pattern(one).matcher(text).find())
              && refuse.stream().noneMatch(one -> pattern(one).matcher(text).find());
      return found ? null : CapFiltText.Dropped.PATTERN;
    }

    private boolean isOfScripts(String text) {
      List<Character.UnicodeScript> wanted = scripts.stream().map(Text::script).toList();
      int[] letters = text.codePoints().filter(Character::isLetter).toArray();
      int good = 0;
      for (int letter : letters) {
        good += wanted.contains(Character.UnicodeScript.of(letter)) ? 1 : 0;
      }
      return good >= LETTERS * letters.length;
    }
  }

  /**
   * What a picture must be like.
   *
   * @param minSide least shorter side in pixels
   * @param maxAspect most that the longer side may be by the shorter one, 1 or more
   * @param minBytes smallest file
   * @param maxBytes largest file
   */
  public record Picture(
      @Meaning(value = "least shorter side in pixels", absent = "0") int minSide,
      @Meaning(value = "most of longer by shorter side", absent = "0") double maxAspect,
      @Meaning(value = "smallest file in bytes", absent = "0") long minBytes,
      @Meaning(value = "largest file in bytes", absent = "0") long maxBytes) {
    /** Refuses what no picture can be. */
    public Picture {
      requireRange("bytes", minBytes, maxBytes);
      if (minSide < 0) {
        throw new IllegalArgumentException(
            "a side of " + minSide + " pixels cannot be; use 1 or more");
      }
      if (!(maxAspect == 0 || maxAspect >= 1)) {
        throw new IllegalArgumentException(
            "no picture has an aspect ratio, longer side by shorter one, of at most %s; use 1 or more"
                .formatted(maxAspect));
      }
    }

    /** Whether there is any rule. */
    public boolean none() {
      return minSide == 0 && maxAspect == 0 && minBytes == 0 && maxBytes == 0;
    }

    boolean allows(CapFiltPicture picture) {
      return Math.min(picture.width(), picture.height()) >= minSide
          && (maxAspect == 0 || picture.aspect() <= maxAspect)
          && !isOutside(picture.bytes(), minBytes, maxBytes);
    }
  }

  /** When two texts of a set count as one. */
  public enum Same {
    /** Never. */
    @JsonProperty("none")
    none,
    /** If they are equal. */
    @JsonProperty("exact")
    exact,
    /** If their words are, whatever their case and punctuation. */
    @JsonProperty("normalised")
    normalised,
    /** If they share most of their words and pairs of words. */
    @JsonProperty("near")
    near
  }

  /**
   * What may come again in a set.
   *
   * @param uniquePictures whether of pictures with equal pixels one stays
   * @param uniqueTexts which texts count as one, of which one stays
   * @param near Jaccard similarity of near texts, see {@link org.blip4j.data.text.NearTexts}
   * @param mostEqual how often one written text, by its words, may stay
   */
  public record Repeats(
      @Meaning(value = "whether pictures stay once", absent = "false") boolean uniquePictures,
      @Meaning(value = "which texts stay once", absent = "\"none\"") Same uniqueTexts,
      @Meaning(value = "similarity of near texts", absent = "0.8") double near,
      @Meaning(value = "how often a written text stays", absent = "0") int mostEqual) {
    /** Similarity from which on texts are near unless another is given. */
    public static final double NEAR = 0.8;

    /** Refuses what cannot be. */
    public Repeats {
      if (!(near > 0 && near <= 1)) {
        throw new IllegalArgumentException(
            "similarity " + near + " is not above 0 and at most 1; use 0.8, say");
      }
      if (mostEqual < 0) {
        throw new IllegalArgumentException(
            "a text cannot stay " + mostEqual + " times at most; use 1 or more");
      }
    }

    /** Whether there is any rule. */
    public boolean none() {
      return !uniquePictures && uniqueTexts == Same.none && mostEqual == 0;
    }
  }

  private static void requireRange(String what, long least, long most) {
    if (least < 0 || most < 0 || (most > 0 && least > most)) {
      throw new IllegalArgumentException(
          "from %d to %d %s cannot be; the least must not be more than the most"
              .formatted(least, most, what));
    }
  }

  private static boolean isOutside(long value, long least, long most) {
    return value < least || (most > 0 && value > most);
  }
}
