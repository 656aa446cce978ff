package org.blip4j.tools.capfilt;

import com.google.common.collect.ImmutableMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.blip4j.savedmodel.capfilt.CapFiltPolicy;
import org.blip4j.savedmodel.capfilt.CapFiltRules;
import org.blip4j.savedmodel.capfilt.CapFiltText;
import picocli.CommandLine.Option;

/** Options that decide which texts are kept; what is not given is as in another policy. */
final class PolicyOptions {
  @Option(
      names = "--threshold",
      paramLabel = "T",
      description = "Least match probability of a kept text (0.5).")
  private Double threshold;

  @Option(
      names = "--threshold-web",
      paramLabel = "T",
      description = "The same for web texts, where another one is wanted.")
  private Double web;

  @Option(
      names = "--threshold-synthetic",
      paramLabel = "T",
      description = "The same for written texts.")
  private Double synthetic;

  @Option(
      names = "--keep-top",
      paramLabel = "K",
      description = "Best candidates that come before the filter (1).")
  private Integer keepTop;

  @Option(
      names = "--rank",
      paramLabel = "itm|itc",
      description = "Score that the best candidates are found by (itm).")
  private CapFiltPolicy.Rank rank;

  @Option(
      names = "--texts",
      paramLabel = "web|synthetic|both",
      description = "Which texts take part (both).")
  private CapFiltPolicy.Texts texts;

  @Option(names = "--no-filter", description = "Keep all texts that the rules allow.")
  private boolean noFilter;

  @Option(names = "--min-words", paramLabel = "N", description = "Fewest words of a text.")
  private Integer minWords;

  @Option(names = "--max-words", paramLabel = "N", description = "Most words of a text.")
  private Integer maxWords;

  @Option(names = "--min-characters", paramLabel = "N", description = "Fewest characters.")
  private Integer minCharacters;

  @Option(names = "--max-characters", paramLabel = "N", description = "Most characters.")
  private Integer maxCharacters;

  @Option(
      names = "--scripts",
      paramLabel = "NAME",
      split = ",",
      description = "Scripts that nine in ten letters of a text must be of, such as Latin,Greek.")
  private List<String> scripts;

  @Option(
      names = "--require",
      paramLabel = "REGEX",
      description = "A text must have this pattern; may be given several times.")
  private List<String> require;

  @Option(
      names = "--refuse",
      paramLabel = "REGEX",
      description = "A text must not have this pattern; may be given several times.")
  private List<String> refuse;

  @Option(
      names = "--min-side",
      paramLabel = "PIXELS",
      description = "Least shorter side of a picture.")
  private Integer minSide;

  @Option(
      names = "--max-aspect",
      paramLabel = "R",
      description = "Most that a picture's longer side may be by its shorter one, such as 3.")
  private Double maxAspect;

  @Option(names = "--min-bytes", paramLabel = "N", description = "Smallest file of a picture.")
  private Long minBytes;

  @Option(names = "--max-bytes", paramLabel = "N", description = "Largest file of a picture.")
  private Long maxBytes;

  @Option(
      names = "--unique-pictures",
      description = "Keep the first only of pictures of the set with equal pixels.")
  private boolean uniquePictures;

  @Option(
      names = "--unique-texts",
      paramLabel = "none|exact|normalised|near",
      description = {
        "Keep the first only of texts of the set that are equal, have equal words, or share most",
        "words and pairs of words (none)."
      })
  private CapFiltRules.Same uniqueTexts;

  @Option(
      names = "--near",
      paramLabel = "S",
      description = "Jaccard similarity from which on texts are near (0.8).")
  private Double near;

  @Option(
      names = "--most-equal",
      paramLabel = "N",
      description = "Pictures that one written text is kept for at most.")
  private Integer mostEqual;

  /** The policy that these options make of another one. */
  CapFiltPolicy over(CapFiltPolicy base) {
    Map<String, Double> thresholds =
        new LinkedHashMap<>(threshold == null ? base.thresholds() : Map.of());
    if (web != null) {
      thresholds.put(CapFiltText.Source.WEB.word(), web);
    }
    if (synthetic != null) {
      thresholds.put(CapFiltText.Source.SYNTHETIC.word(), synthetic);
    }
    return new CapFiltPolicy(
        !noFilter && (base.filter() || filters()),
        or(threshold, base.threshold()),
        or(texts, base.texts()),
        or(keepTop, base.keepTop()),
        or(rank, base.rank()),
        ImmutableMap.copyOf(thresholds),
        rules(base.rules()));
  }

  /** Whether any threshold is given. */
  boolean filters() {
    return threshold != null || web != null || synthetic != null;
  }

  private CapFiltRules rules(CapFiltRules base) {
    return new CapFiltRules(
        new CapFiltRules.Text(
            or(minWords, base.text().minWords()),
            or(maxWords, base.text().maxWords()),
            or(minCharacters, base.text().minCharacters()),
            or(maxCharacters, base.text().maxCharacters()),
            or(scripts, base.text().scripts()),
            or(require, base.text().require()),
            or(refuse, base.text().refuse())),
        new CapFiltRules.Picture(
            or(minSide, base.picture().minSide()),
            or(maxAspect, base.picture().maxAspect()),
            or(minBytes, base.picture().minBytes()),
            or(maxBytes, base.picture().maxBytes())),
        new CapFiltRules.Repeats(
            uniquePictures || base.repeats().uniquePictures(),
            or(uniqueTexts, base.repeats().uniqueTexts()),
            or(near, base.repeats().near()),
            or(mostEqual, base.repeats().mostEqual())));
  }

  private static <T> T or(T given, T otherwise) {
    return given == null ? otherwise : given;
  }
}
