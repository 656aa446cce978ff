package org.blip4j.tools.bootstrap;

import com.google.common.collect.ImmutableList;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Collectors;
import org.blip4j.savedmodel.capfilt.CapFiltPolicy;
import org.blip4j.savedmodel.capfilt.CapFiltSettings;
import org.blip4j.tools.capfilt.CapFiltFolder;

/** A way to make the set that a model is pre-trained on, and how that is done. */
public enum AblationRow {

  /** Human and raw web texts. */
  NONE("no bootstrapping", "raw web texts", "pretrain-first"),
  /** Only web texts that the filter keeps. */
  FILTER(
      "filter alone",
      "web texts that the filter keeps; nothing is written",
      "filter-1",
      "capfilt-filter",
      "pretrain-filter"),
  /** Raw web texts and all that the captioner wrote. */
  CAPTIONER(
      "captioner alone",
      "raw web texts and sampled captions; nothing is filtered",
      "captioner-1",
      "capfilt-captioner",
      "pretrain-captioner"),
  /** Both, captions by beam search. */
  BEAM(
      "captioner and filter, beam search",
      "web texts and the likeliest captions, filtered",
      "captioner-1",
      "filter-1",
      "capfilt-beam",
      "pretrain-beam"),
  /** Both, captions by nucleus sampling: the published procedure. */
  NUCLEUS(
      "captioner and filter, nucleus",
      "web texts and sampled captions, filtered: the published procedure",
      "captioner-1",
      "filter-1",
      "capfilt-1",
      "pretrain-1"),
  /** One model writes and filters. */
  SHARED(
      "shared captioner and filter",
      "as nucleus, but one model fine-tuned for both at once writes and judges",
      "finetune-shared",
      "capfilt-shared",
      "pretrain-shared"),
  /** The first model goes on with the bootstrapped set. */
  CONTINUED(
      "continued, not anew",
      "the set of nucleus; the first model is trained further",
      "captioner-1",
      "filter-1",
      "capfilt-1",
      "pretrain-continued"),
  /** Captioner and filter come from the bootstrapped model. */
  TWO_ROUNDS(
      "two rounds",
      "web texts and sampled captions, by captioner and filter of the model of nucleus",
      "captioner-1",
      "filter-1",
      "capfilt-1",
      "pretrain-1",
      "captioner-2",
      "filter-2",
      "capfilt-2",
      "pretrain-2");

  private static final int BEAMS = 3;

  private final String title;
  private final String meaning;
  private final ImmutableList<String> stages;

  AblationRow(String title, String meaning, String... stages) {
    this.title = title;
    this.meaning = meaning;
    this.stages = ImmutableList.copyOf(stages);
  }

  /** A few words for tables. */
  public String title() {
    return title;
  }

  /** What its model is trained on beside the human set. */
  public String meaning() {
    return meaning;
  }

  /** Its name on the command line and of its folder, such as {@code two-rounds}. */
  public String word() {
    return name().toLowerCase(Locale.ROOT).replace('_', '-');
  }

  /** The row of a name on the command line. */
  public static AblationRow of(String word) {
    return Arrays.stream(values())
        .filter(row -> row.word().equals(word))
        .findFirst()
        .orElseThrow(
            () ->
                new IllegalArgumentException(
                    "there is no row \"%s\"; use some of %s"
                        .formatted(
                            word,
                            Arrays.stream(values())
                                .map(AblationRow::word)
                                .collect(Collectors.joining(", ")))));
  }

  /** What has to be run for it, in order, without its evaluation. */
  ImmutableList<String> stages() {
    return stages;
  }

  /** The stage that makes its set. */
  Optional<String> capfilt() {
    return stages.stream().filter(stage -> stage.startsWith("capfilt-")).reduce((a, b) -> b);
  }

  Path model(BootstrapFolder folder) {
    return switch (this) {
      case NONE -> folder.first();
      case NUCLEUS -> folder.model(1);
      case TWO_ROUNDS -> folder.model(2);
      default -> own(folder).resolve("model");
    };
  }

  CapFiltFolder set(BootstrapFolder folder) {
    return switch (this) {
      case NUCLEUS, CONTINUED -> folder.capfilt(1);
      case TWO_ROUNDS -> folder.capfilt(2);
      default -> new CapFiltFolder(own(folder).resolve("capfilt"));
    };
  }

  Path own(BootstrapFolder folder) {
    return folder.path().resolve("rows").resolve(word());
  }

  /** How its set is made, where the procedure is not that of the configuration. */
  CapFiltSettings settings(CapFiltSettings all) {
    CapFiltPolicy policy = all.policy();
    CapFiltSettings.Generation nucleus = all.generation();
    return switch (this) {
      case FILTER -> all.withPolicy(policy.withTexts(CapFiltPolicy.Texts.web));
      case CAPTIONER -> all.withPolicy(policy.withFilter(false));
      case BEAM ->
          new CapFiltSettings(
              policy.withKeepTop(1),
              new CapFiltSettings.Generation(
                  1, BEAMS, nucleus.nucleus(), 1, nucleus.minLength(), nucleus.maxLength()),
              all.seed());
      default -> all;
    };
  }
}
