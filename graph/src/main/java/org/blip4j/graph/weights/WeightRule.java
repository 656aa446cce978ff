package org.blip4j.graph.weights;

import com.google.common.collect.ImmutableList;
import java.util.Iterator;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.blip4j.data.weights.WeightLayout;

/**
 * One row of the table of names: a family of published names, the family of our names that belongs
 * to it, and how the axes change.
 *
 * <p>Published names separate their parts by dots, ours by slashes; both families have the same
 * places in the same order.
 */
final class WeightRule {
  private final NamePattern published;
  private final NamePattern variable;
  private final WeightLayout layout;
  private final boolean tied;

  private WeightRule(String published, String variable, WeightLayout layout, boolean tied) {
    this.published = new NamePattern(published);
    this.variable = new NamePattern(variable);
    this.layout = layout;
    this.tied = tied;
  }

  /** Taken over under the same name. */
  static WeightRule same(String name) {
    return new WeightRule(name, slashes(name), WeightLayout.SAME, false);
  }

  /** Taken over under the same name with other axes. */
  static WeightRule turned(String name, WeightLayout layout) {
    return new WeightRule(name, slashes(name), layout, false);
  }

  /** {@code NAME.weight}, which is {@code NAME/kernel} here. */
  static WeightRule kernel(String name, WeightLayout layout) {
    return new WeightRule(name + ".weight", slashes(name) + "/kernel", layout, false);
  }

  /** The same tensor again under another published name. */
  WeightRule tiedAs(String otherPublished) {
    return new WeightRule(otherPublished, variable.toString(), layout, true);
  }

  /** The same variables, published under other names. */
  WeightRule publishedAs(String otherPublished) {
    return new WeightRule(otherPublished, variable.toString(), layout, tied);
  }

  /** How the axes change. */
  WeightLayout layout() {
    return layout;
  }

  /** The family of published names, as text. */
  String publishedPattern() {
    return published.toString();
  }

  /** Whether the published name is a further one of a tensor that has a first name. */
  boolean tied() {
    return tied;
  }

  /** Our name for a published one, if this rule is about it. */
  Optional<String> variable(String publishedName) {
    return published.match(publishedName).map(parts -> variable.fill(slashes(parts)));
  }

  /** The published name for one of ours, if this rule is about it. */
  Optional<String> published(String variableName) {
    return variable.match(variableName).map(parts -> published.fill(dots(parts)));
  }

  @Override
  public String toString() {
    return published + " -> " + variable + " " + layout;
  }

  private static String slashes(String name) {
    return name.replace('.', '/');
  }

  private static ImmutableList<String> slashes(ImmutableList<String> parts) {
    return parts.stream().map(WeightRule::slashes).collect(ImmutableList.toImmutableList());
  }

  private static ImmutableList<String> dots(ImmutableList<String> parts) {
    return parts.stream()
        .map(part -> part.replace('/', '.'))
        .collect(ImmutableList.toImmutableList());
  }

  /**
   * A family of tensor names: plain text, {@code #} for a number, {@code (a|b)} for a choice.
   *
   * <p>{@code blocks.#.(norm1|norm2).(weight|bias)} matches {@code blocks.11.norm2.bias} and gives
   * the parts {@code 11}, {@code norm2}, {@code bias}, which another pattern takes up in this
   * order.
   */
  static final class NamePattern {
    private static final Pattern PLACE = Pattern.compile("#|\\([^)]*\\)");

    private final String text;
    private final Pattern compiled;

    NamePattern(String text) {
      this.text = text;
      StringBuilder expression = new StringBuilder();
      Matcher places = PLACE.matcher(text);
      int at = 0;
      while (places.find()) {
        expression.append(Pattern.quote(text.substring(at, places.start())));
        String place = places.group();
        expression.append(place.equals("#") ? "(0|[1-9][0-9]*)" : place.replace(".", "\\."));
        at = places.end();
      }
      expression.append(Pattern.quote(text.substring(at)));
      this.compiled = Pattern.compile(expression.toString());
    }

    /** The parts of a name at the places of this pattern, if it belongs to the family. */
    Optional<ImmutableList<String>> match(String name) {
      Matcher matcher = compiled.matcher(name);
      if (!matcher.matches()) {
        return Optional.empty();
      }
      ImmutableList.Builder<String> parts = ImmutableList.builder();
      for (int group = 1; group <= matcher.groupCount(); group++) {
        parts.add(matcher.group(group));
      }
      return Optional.of(parts.build());
    }

    /** The name of the family with the given parts. */
    String fill(ImmutableList<String> parts) {
      Iterator<String> next = parts.iterator();
      return PLACE.matcher(text).replaceAll(place -> Matcher.quoteReplacement(next.next()));
    }

    @Override
    public String toString() {
      return text;
    }
  }
}
