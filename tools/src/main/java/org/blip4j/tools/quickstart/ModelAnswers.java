package org.blip4j.tools.quickstart;

import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.annotation.JsonPropertyOrder;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableMap;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import org.blip4j.data.file.AtomicFile;

/**
 * What a model said of the held-out pictures, and what it is worth.
 *
 * @param figures the measures
 * @param captions one for each held-out picture, in their order
 */
record ModelAnswers(Figures figures, List<String> captions) {
  private static final JsonMapper MAPPER = JsonMapper.builder().build();

  /** Copies the list. */
  ModelAnswers {
    captions = ImmutableList.copyOf(captions);
  }

  void write(Path file) throws IOException {
    AtomicFile.write(file, MAPPER.writeValueAsString(this).getBytes(StandardCharsets.UTF_8));
  }

  static ModelAnswers read(Path file) throws IOException {
    return MAPPER.readValue(Files.readAllBytes(file), ModelAnswers.class);
  }

  ImmutableMap<String, Double> asMap() {
    return ImmutableMap.of(
        "captions_right", figures.captionsRight(),
        "cider", figures.cider(),
        "r1_image_to_text", figures.r1ImageToText(),
        "r1_text_to_image", figures.r1TextToImage());
  }

  /**
   * What a pre-trained model reaches on the held-out scenes, without any fine-tuning.
   *
   * @param captionsRight share (0 to 1) of greedy captions that are fully right
   * @param cider CIDEr of these captions (10 times the mean similarity, as pycocoevalcap gives it)
   * @param r1ImageToText share of pictures whose own description is nearest
   * @param r1TextToImage share of descriptions whose own picture is nearest
   */
  @JsonPropertyOrder({"captions_right", "cider", "r1_image_to_text", "r1_text_to_image"})
  public record Figures(
      @JsonProperty("captions_right") double captionsRight,
      @JsonProperty("cider") double cider,
      @JsonProperty("r1_image_to_text") double r1ImageToText,
      @JsonProperty("r1_text_to_image") double r1TextToImage) {
    /** Refuses what is no share. */
    public Figures {
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
        throw new IllegalArgumentException(
            name + " is " + share + "; a share lies between 0 and 1");
      }
    }

    /** Percent with one decimal and a point whatever the locale, such as "48.2 %". */
    static String percent(double share) {
      return String.format(Locale.ROOT, "%.1f %%", 100 * share);
    }
  }
}
