package org.blip4j.graph.weights;

import com.google.common.collect.ImmutableList;
import java.util.Optional;
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
}
