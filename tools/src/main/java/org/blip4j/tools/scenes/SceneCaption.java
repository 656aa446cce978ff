package org.blip4j.tools.scenes;

import com.google.common.base.Splitter;
import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableMap;
import com.google.common.collect.ImmutableMultiset;
import com.google.common.collect.Multisets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.stream.Collectors;

/**
 * A caption of the quickstart's little language, written from a scene or parsed back.
 *
 * <pre>
 * caption = [opening] object {"and" object}
 * opening = "there is" | "a picture of" | "we see"
 * object  = "a" size color shape
 * </pre>
 *
 * <p>That it can be parsed back makes "fully right" a fact and not a judgement.
 *
 * @param opening the words before the first object
 * @param objects in the order of the text, at least one
 */
public record SceneCaption(Opening opening, ImmutableList<Appearance> objects) {
  /** The words before the first object. */
  public enum Opening {
    NONE(""),
    THERE_IS("there is "),
    A_PICTURE_OF("a picture of "),
    WE_SEE("we see ");

    private final String words;

    Opening(String words) {
      this.words = words;
    }

    String words() {
      return words;
    }
  }

  private static final double WITH_OPENING = 0.45;
  private static final double ONE_NAMED = 0.1;

  /** Most objects that a caption names. */
  private static final int NAMED = 2;

  private static final Splitter AND = Splitter.on(" and ");
  private static final ImmutableMap<String, Appearance> OBJECTS = allObjects();

  /** Refuses a caption that names nothing. */
  public SceneCaption {
    if (objects.isEmpty()) {
      throw new IllegalArgumentException("a caption names at least one object");
    }
  }

  /**
   * A caption of a picture with objects of these looks, in random order, 45 % with an opening. Of
   * more than two it names one (10 %) or two.
   */
  public static SceneCaption random(List<Appearance> looks, Random random) {
    List<Appearance> order = new ArrayList<>(told(looks, random));
    Collections.shuffle(order, random);
    Opening opening =
        random.nextDouble() < WITH_OPENING
            ? Opening.values()[1 + random.nextInt(Opening.values().length - 1)]
            : Opening.NONE;
    return new SceneCaption(opening, ImmutableList.copyOf(order));
  }

  /** Those of a picture's objects that a caption names. */
  static List<Appearance> told(List<Appearance> looks, Random random) {
    if (looks.size() <= NAMED) {
      return looks;
    }
    List<Appearance> order = new ArrayList<>(looks);
    Collections.shuffle(order, random);
    return order.subList(0, random.nextDouble() < ONE_NAMED ? 1 : NAMED);
  }

  /** The plain caption of looks given as words, such as "small red circle". */
  static SceneCaption ofWords(List<String> looks) {
    String text = looks.stream().map(words -> "a " + words).collect(Collectors.joining(" and "));
    return parseObjects(Opening.NONE, text)
        .orElseThrow(() -> new IllegalArgumentException("no object looks like " + looks));
  }

  /** Reads a caption back; empty if {@code text} is not of the language. */
  public static Optional<SceneCaption> parse(String text) {
    for (Opening opening : Opening.values()) {
      if (text.startsWith(opening.words())) {
        Optional<SceneCaption> caption =
            parseObjects(opening, text.substring(opening.words().length()));
        if (caption.isPresent()) {
          return caption;
        }
      }
    }
    return Optional.empty();
  }

  private static Optional<SceneCaption> parseObjects(Opening opening, String text) {
    List<String> parts = AND.splitToList(text);
    return OBJECTS.keySet().containsAll(parts)
        ? Optional.of(
            new SceneCaption(
                opening, parts.stream().map(OBJECTS::get).collect(ImmutableList.toImmutableList())))
        : Optional.empty();
  }

  /**
   * Whether {@code text} tells of a picture what captions tell, and nothing else: every object with
   * size, colour and shape, in any order; of pictures with more than two objects, one or two.
   */
  public static boolean isFullyRight(String text, Collection<Appearance> looks) {
    ImmutableMultiset<Appearance> shown = ImmutableMultiset.copyOf(looks);
    return parse(text)
        .map(caption -> ImmutableMultiset.copyOf(caption.objects()))
        .filter(
            named ->
                shown.size() <= NAMED
                    ? named.equals(shown)
                    : named.size() <= NAMED && Multisets.containsOccurrences(shown, named))
        .isPresent();
  }

  /** All captions without an opening that are fully right about a picture. */
  static ImmutableList<String> allOf(List<Appearance> looks) {
    ImmutableList.Builder<String> all = ImmutableList.builder();
    for (Appearance first : looks) {
      if (looks.size() != NAMED) {
        all.add(new SceneCaption(Opening.NONE, ImmutableList.of(first)).text());
      }
      for (Appearance second : looks) {
        if (!first.equals(second)) {
          all.add(new SceneCaption(Opening.NONE, ImmutableList.of(first, second)).text());
        }
      }
    }
    return all.build();
  }

  /** The caption's text. */
  public String text() {
    return opening.words()
        + objects.stream().map(SceneCaption::named).collect(Collectors.joining(" and "));
  }

  private static String named(Appearance look) {
    return "a " + look.words();
  }

  private static ImmutableMap<String, Appearance> allObjects() {
    ImmutableMap.Builder<String, Appearance> all = ImmutableMap.builder();
    for (Appearance.Size size : Appearance.Size.values()) {
      for (Appearance.Color color : Appearance.Color.values()) {
        Arrays.stream(Appearance.Shape.values())
            .map(shape -> new Appearance(size, color, shape))
            .forEach(look -> all.put(named(look), look));
      }
    }
    return all.buildOrThrow();
  }
}
