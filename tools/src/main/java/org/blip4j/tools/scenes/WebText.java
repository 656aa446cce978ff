package org.blip4j.tools.scenes;

import com.google.common.collect.ImmutableList;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;

/**
 * A text as the web would have it beside a picture, and the truth about it.
 *
 * @param text lower case, no punctuation
 * @param kind how it came about
 * @param right whether it describes the picture fully; another picture's caption may by chance
 */
public record WebText(String text, Kind kind, boolean right) {
  public static WebText right(String text) {
    return new WebText(text, Kind.CAPTION, true);
  }

  /** How a web text came about. */
  public enum Kind {
    /** A caption of the picture itself. */
    CAPTION("its own caption"),
    /** A caption of another picture of the set. */
    OTHER_PICTURE("another picture's caption"),
    /** A caption of the picture with one colour or shape exchanged. */
    WRONG_ATTRIBUTE("one attribute wrong"),
    /** A file name such as "img 4821 jpg". */
    FILE_NAME("a file name"),
    /** An advertisement such as "buy now free shipping". */
    ADVERTISING("advertising");

    private final String description;

    Kind(String description) {
      this.description = description;
    }

    /** A few words for reports. */
    public String description() {
      return description;
    }
  }

  /**
   * Writes web texts: 42 % are right captions, 22 % captions of another picture, 20 % have one
   * attribute wrong, 8 % are file names and 8 % advertising.
   */
  public static final class Writer {
    static final ImmutableList<String> FILE_PREFIXES =
        ImmutableList.of("img", "dsc", "scan", "photo", "image", "untitled", "screenshot");
    static final ImmutableList<String> FILE_ENDINGS = ImmutableList.of("jpg", "png", "copy jpg");
    static final ImmutableList<String> OFFERS =
        ImmutableList.of("buy now", "order here", "click here", "limited offer", "best price");
    static final ImmutableList<String> LURES =
        ImmutableList.of(
            "free shipping", "half price", "sale ends soon", "win a gift card", "see daily deals");
    static final ImmutableList<String> ENDINGS = ImmutableList.of("", " online", " today");

    private final Random random;

    /** A writer that takes all its chance from {@code random}. */
    public Writer(Random random) {
      this.random = random;
    }

    /** A text for picture {@code index} of a set of at least two. */
    public WebText next(List<Scene> scenes, int index) {
      ImmutableList<Appearance> looks = scenes.get(index).looks();
      WebText.Kind kind = kind(random.nextInt(100));
      String text =
          switch (kind) {
            case CAPTION -> SceneCaption.random(looks, random).text();
            case OTHER_PICTURE ->
                SceneCaption.random(scenes.get(another(index, scenes.size())).looks(), random)
                    .text();
            case WRONG_ATTRIBUTE ->
                SceneCaption.random(withOneWrong(SceneCaption.told(looks, random)), random).text();
            case FILE_NAME -> fileName();
            case ADVERTISING -> pick(OFFERS) + " " + pick(LURES) + pick(ENDINGS);
          };
      return new WebText(text, kind, SceneCaption.isFullyRight(text, looks));
    }

    private static WebText.Kind kind(int percent) {
      if (percent < 42) {
        return WebText.Kind.CAPTION;
      } else if (percent < 64) {
        return WebText.Kind.OTHER_PICTURE;
      } else if (percent < 84) {
        return WebText.Kind.WRONG_ATTRIBUTE;
      }
      return percent < 92 ? WebText.Kind.FILE_NAME : WebText.Kind.ADVERTISING;
    }

    private int another(int index, int scenes) {
      if (scenes < 2) {
        throw new IllegalArgumentException("a set of " + scenes + " picture has no other; use 2");
      }
      return (index + 1 + random.nextInt(scenes - 1)) % scenes;
    }

    private List<Appearance> withOneWrong(List<Appearance> looks) {
      List<Appearance> wrong = new ArrayList<>(looks);
      int at = random.nextInt(looks.size());
      Appearance look = looks.get(at);
      wrong.set(
          at,
          random.nextBoolean()
              ? new Appearance(
                  look.size(), other(Appearance.Color.values(), look.color()), look.shape())
              : new Appearance(
                  look.size(), look.color(), other(Appearance.Shape.values(), look.shape())));
      return wrong;
    }

    private <T> T other(T[] values, T but) {
      return pick(Arrays.stream(values).filter(value -> !value.equals(but)).toList());
    }

    private String fileName() {
      return pick(FILE_PREFIXES) + " " + random.nextInt(10_000) + " " + pick(FILE_ENDINGS);
    }

    private <T> T pick(List<T> values) {
      return values.get(random.nextInt(values.size()));
    }
  }
}
