package org.blip4j.graph.weights;

import com.google.common.collect.ImmutableList;
import java.util.Iterator;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A family of tensor names: plain text, {@code #} for a number, {@code (a|b)} for a choice.
 *
 * <p>{@code blocks.#.(norm1|norm2).(weight|bias)} matches {@code blocks.11.norm2.bias} and gives
 * the parts {@code 11}, {@code norm2}, {@code bias}, which another pattern takes up in this order.
 */
final class NamePattern {
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
