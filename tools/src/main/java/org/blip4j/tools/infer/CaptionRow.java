package org.blip4j.tools.infer;

import com.fasterxml.jackson.annotation.JsonInclude;
import java.util.List;
import java.util.Optional;
import org.blip4j.savedmodel.predict.Caption;

/**
 * One line of {@code caption}.
 *
 * @param image its path, or its key in a shard
 * @param caption the likeliest caption
 * @param logProb its log-probability
 * @param tokens its length in tokens; start, prompt and end counted
 * @param ids its tokens, if asked for
 * @param samples all captions drawn, if several were
 */
record CaptionRow(
    String image,
    String caption,
    float logProb,
    int tokens,
    @JsonInclude(JsonInclude.Include.NON_EMPTY) List<Long> ids,
    @JsonInclude(JsonInclude.Include.NON_EMPTY) List<Drawn> samples) {

  /** One of several captions drawn. */
  record Drawn(
      String caption,
      float logProb,
      int tokens,
      @JsonInclude(JsonInclude.Include.NON_EMPTY) List<Long> ids) {

    private static Drawn of(Caption caption, boolean withIds) {
      return new Drawn(
          caption.text(), caption.logProb(), caption.ids().length(), idsOf(caption, withIds));
    }
  }

  static CaptionRow of(String image, List<Caption> captions, boolean withIds) {
    Caption best = captions.get(0);
    for (Caption caption : captions) {
      best = caption.logProb() > best.logProb() ? caption : best;
    }
    List<Drawn> drawn =
        captions.size() < 2
            ? List.of()
            : captions.stream().map(caption -> Drawn.of(caption, withIds)).toList();
    return new CaptionRow(
        image, best.text(), best.logProb(), best.ids().length(), idsOf(best, withIds), drawn);
  }

  /** For people: the image and its captions, with tabs between. */
  String text() {
    List<String> captions =
        samples.isEmpty() ? List.of(caption) : samples.stream().map(Drawn::caption).toList();
    return image + "\t" + String.join("\t", captions);
  }

  private static List<Long> idsOf(Caption caption, boolean wanted) {
    return Optional.of(caption).filter(c -> wanted).map(c -> c.ids().asList()).orElse(List.of());
  }
}
