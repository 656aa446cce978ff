package org.blip4j.tools.quickstart;

import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.annotation.JsonPropertyOrder;
import java.util.Locale;

/**
 * What a pre-trained model reaches on the held-out scenes, without any fine-tuning.
 *
 * @param captionsRight share (0 to 1) of greedy captions that are fully right
 * @param cider CIDEr of these captions (10 times the mean similarity, as pycocoevalcap gives it)
 * @param r1ImageToText share of pictures whose own description is nearest
 * @param r1TextToImage share of descriptions whose own picture is nearest
 */
@JsonPropertyOrder({"captions_right", "cider", "r1_image_to_text", "r1_text_to_image"})
public record ModelFigures(
    @JsonProperty("captions_right") double captionsRight,
    @JsonProperty("cider") double cider,
    @JsonProperty("r1_image_to_text") double r1ImageToText,
    @JsonProperty("r1_text_to_image") double r1TextToImage) {
  /** Refuses what is no share. */
  public ModelFigures {
    requireShare("captions_right", captionsRight);
    requireShare("r1_image_to_text", r1ImageToText);
    requireShare("r1_text_to_image", r1TextToImage);
    if (!Double.isFinite(cider) || cider < 0) {
      throw new IllegalArgumentException("cider is " + cider + "; it must be finite, 0 or more");
    }
  }

  /** Refuses what is no share of 1. */
  static void requireShare(String name, double share) {
    if (!(share >= 0 && share <= 1)) {
      throw new IllegalArgumentException(name + " is " + share + "; a share lies between 0 and 1");
    }
  }

  /** Percent with one decimal and a point whatever the locale, such as "48.2 %". */
  static String percent(double share) {
    return String.format(Locale.ROOT, "%.1f %%", 100 * share);
  }
}
