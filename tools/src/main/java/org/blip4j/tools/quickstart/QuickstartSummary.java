package org.blip4j.tools.quickstart;

import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.annotation.JsonPropertyOrder;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.util.Locale;

/**
 * The quickstart's last line: how well the filter judged, and the model pre-trained on raw web
 * texts beside the one pre-trained on the bootstrapped set.
 *
 * @param seed the seed of data and training
 * @param seconds wall time of the whole loop
 * @param filterAuc area under the curve of the filter's scores on web texts
 * @param filterPrecision share of right texts among the kept web texts
 * @param filterRecall share of kept texts among the right web texts
 * @param first the model of raw web texts
 * @param second the model of the bootstrapped set
 */
@JsonPropertyOrder({
  "stage",
  "seed",
  "seconds",
  "filter_auc",
  "filter_precision",
  "filter_recall",
  "first",
  "second"
})
public record QuickstartSummary(
    @JsonProperty("seed") long seed,
    @JsonProperty("seconds") double seconds,
    @JsonProperty("filter_auc") double filterAuc,
    @JsonProperty("filter_precision") double filterPrecision,
    @JsonProperty("filter_recall") double filterRecall,
    @JsonProperty("first") ModelAnswers.Figures first,
    @JsonProperty("second") ModelAnswers.Figures second) {
  /** Refuses what is no share. */
  public QuickstartSummary {
    ModelAnswers.Figures.requireShare("filter_auc", filterAuc);
    ModelAnswers.Figures.requireShare("filter_precision", filterPrecision);
    ModelAnswers.Figures.requireShare("filter_recall", filterRecall);
    if (!(seconds >= 0) || Double.isInfinite(seconds)) {
      throw new IllegalArgumentException("seconds are " + seconds + "; they must be 0 or more");
    }
  }

  /** Which stage's line this is. */
  @JsonProperty("stage")
  public String stage() {
    return "summary";
  }

  /** The JSON line. */
  public String json() throws JsonProcessingException {
    return JsonMapper.builder().build().writeValueAsString(this);
  }

  /** The table for people. */
  public String table() {
    return String.format(
        Locale.ROOT,
        """
        On held-out scenes           raw web texts   bootstrapped
          captions fully right     %15s%15s
          CIDEr                    %15.3f%15.3f
          R@1, image to text       %15s%15s
          R@1, text to image       %15s%15s
        Filter on web texts: AUC %.3f, precision %s, recall %s
        Seed %d, %.0f seconds\
        """,
        ModelAnswers.Figures.percent(first.captionsRight()),
        ModelAnswers.Figures.percent(second.captionsRight()),
        first.cider(),
        second.cider(),
        ModelAnswers.Figures.percent(first.r1ImageToText()),
        ModelAnswers.Figures.percent(second.r1ImageToText()),
        ModelAnswers.Figures.percent(first.r1TextToImage()),
        ModelAnswers.Figures.percent(second.r1TextToImage()),
        filterAuc,
        ModelAnswers.Figures.percent(filterPrecision),
        ModelAnswers.Figures.percent(filterRecall),
        seed,
        seconds);
  }
}
