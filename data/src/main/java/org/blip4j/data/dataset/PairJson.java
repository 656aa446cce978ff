package org.blip4j.data.dataset;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.util.List;
import java.util.regex.Pattern;
import org.blip4j.data.dataset.CaptionFile.Row;
import org.blip4j.data.sample.Columns;

/** Statements about two images: NLVR2, and NLVR of one image. */
final class PairJson {
  private static final Pattern LAST_NUMBER = Pattern.compile("-\\d+$");

  private final TaskJson json;

  PairJson(TaskJson json) {
    this.json = json;
  }

  /** BLIP's list: both images and the label. */
  void blip() throws IOException {
    json.each(this::blip);
  }

  private void blip(JsonNode one, String place) {
    JsonNode images = one.path("images");
    if (images.size() != 2) {
      throw new IllegalArgumentException("names " + images.size() + " images, two are expected");
    }
    pair(images.path(0).asText(), images.path(1).asText(), one, place);
  }

  /**
   * NLVR2 names a pair of pictures by its identifier without the last number. NLVR has one picture
   * of three boxes, drawn six times in different orders, of which two are taken.
   */
  void nlvr() throws IOException {
    json.each(this::nlvr);
  }

  private void nlvr(JsonNode one, String place) {
    String identifier = one.path("identifier").asText();
    if (Character.isDigit(identifier.charAt(0))) {
      String drawn = ImageFolder.stem(json.file) + "-" + identifier;
      pair(drawn + "-0.png", drawn + "-1.png", one, place);
    } else {
      String pair = LAST_NUMBER.matcher(identifier).replaceFirst("");
      pair(pair + "-img0.png", pair + "-img1.png", one, place);
    }
  }

  private void pair(String left, String right, JsonNode one, String place) {
    Columns.Builder columns =
        Columns.builder()
            .text(CaptionFile.RIGHT, right)
            .text(CaptionFile.STATEMENT, one.path("sentence").asText())
            .text(CaptionFile.LABEL, one.path("label").asText(""));
    if (one.hasNonNull("identifier")) {
      columns.text("identifier", one.path("identifier").asText());
    }
    json.add(new Row(left, List.of(), columns.build(), place));
  }
}
