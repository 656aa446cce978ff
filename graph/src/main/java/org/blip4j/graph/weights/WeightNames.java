package org.blip4j.graph.weights;

import com.google.common.collect.ImmutableList;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.blip4j.data.weights.WeightLayout;

/**
 * The correspondence between published names and ours, in both directions.
 *
 * <p>Each published name belongs to exactly one variable or is skipped by name; each variable has
 * one first published name and, where tensors are tied, further ones. Names outside the table
 * belong to nothing: {@link #target} is empty.
 *
 * <pre>{@code
 * WeightNames names = WeightNames.of(PublishedForm.OFFICIAL, true);
 * names.target("text_decoder.cls.predictions.decoder.weight");
 *     // text_encoder/embeddings/word_embeddings/weight, tied
 * }</pre>
 */
public final class WeightNames {
  /**
   * Where a published tensor goes.
   *
   * @param variable our name
   * @param layout how the axes become ours
   * @param tied whether the published name is a further one of a tensor that has a first name
   */
  public record Target(String variable, WeightLayout layout, boolean tied) {}

  /**
   * A name under which a variable is published.
   *
   * @param name published name
   * @param layout how its axes become ours
   * @param tied whether this is a further name of a tensor that has a first one
   */
  public record Published(String name, WeightLayout layout, boolean tied) {}

  private static final Pattern MOMENTUM =
      Pattern.compile("(visual_encoder|text_encoder|vision_proj|text_proj)_m/(.*)");

  private final ImmutableList<WeightRule> rules;

  private WeightNames(ImmutableList<WeightRule> rules) {
    this.rules = rules;
  }

  /**
   * The table for a form of file and a model.
   *
   * @param form whose names the file has
   * @param sharedDecoder whether the model's decoder shares variables with its encoder, as in
   *     pre-training; says nothing about the file
   */
  public static WeightNames of(PublishedForm form, boolean sharedDecoder) {
    return new WeightNames(
        switch (form) {
          case OFFICIAL -> sharedDecoder ? WeightTable.shared() : WeightTable.separate();
          case HUGGING_FACE -> WeightTable.huggingFace();
        });
  }

  /** The variable that a published tensor fills; empty for skipped and unknown names. */
  public Optional<Target> target(String publishedName) {
    List<Target> targets = new ArrayList<>();
    for (WeightRule rule : rules) {
      rule.variable(publishedName)
          .ifPresent(name -> targets.add(new Target(name, rule.layout(), rule.tied())));
    }
    if (targets.size() > 1) {
      throw new IllegalStateException(publishedName + " has several rules: " + targets);
    }
    return targets.stream().findFirst();
  }

  /** Whether a published tensor is known to hold nothing of the model ({@code position_ids}). */
  public boolean skips(String publishedName) {
    return WeightTable.SKIPPED.match(publishedName).isPresent();
  }

  /** The names under which a variable is published, the first name first; empty if none. */
  public ImmutableList<Published> published(String variableName) {
    List<Published> names = new ArrayList<>();
    for (WeightRule rule : rules) {
      rule.published(variableName)
          .ifPresent(
              name ->
                  names.add(
                      rule.tied() ? names.size() : 0,
                      new Published(name, rule.layout(), rule.tied())));
    }
    return ImmutableList.copyOf(names);
  }

  /** Whether a variable holds whole numbers (queue pointers and image indices), not floats. */
  public static boolean isInteger(String variableName) {
    return WeightTable.COUNTERS.match(variableName).isPresent();
  }

  /**
   * The variable whose tensor may fill this one where a file has none for it: momentum copies start
   * as copies, and both cross-attentions of the two-image model start as the only one of
   * pre-training (paper, sections 3.2 and 5.4).
   */
  public Optional<String> substitute(String variableName) {
    Matcher matcher = MOMENTUM.matcher(variableName);
    return matcher.matches()
        ? Optional.of(matcher.group(1) + "/" + matcher.group(2))
        : TwoImageCopies.original(variableName);
  }

  /**
   * How the two-image model starts from pre-training: each map of the one cross-attention is copied
   * to both of its own (blip-spec 7.5). The layer norm keeps its name, merge layers are new.
   *
   * <p>Names may be published ones or ours: {@code ...crossattention.self.key.bias} becomes {@code
   * self0} and {@code self1}, {@code ...crossattention.output.dense.bias} becomes {@code dense0}
   * and {@code dense1}.
   */
  public static final class TwoImageCopies {
    private static final String ATTENTION = "(.*[./]crossattention[./](?:self|output[./]dense))";
    private static final Pattern ORIGINAL = Pattern.compile(ATTENTION + "([./].*)");
    private static final Pattern COPY = Pattern.compile(ATTENTION + "[01]([./].*)");

    private TwoImageCopies() {}

    /** The names of both copies; empty if the tensor is not copied. */
    public static ImmutableList<String> of(String name) {
      Matcher matcher = ORIGINAL.matcher(name);
      return matcher.matches()
          ? ImmutableList.of(
              matcher.group(1) + "0" + matcher.group(2), matcher.group(1) + "1" + matcher.group(2))
          : ImmutableList.of();
    }

    /** What a name is a copy of. */
    public static Optional<String> original(String copy) {
      Matcher matcher = COPY.matcher(copy);
      return matcher.matches()
          ? Optional.of(matcher.group(1) + matcher.group(2))
          : Optional.empty();
    }
  }
}
