package org.blip4j.graph.weights;

import com.google.common.collect.ImmutableList;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * How the two-image model starts from pre-training: each map of the one cross-attention is copied
 * to both of its own (blip-spec 7.5). The layer norm keeps its name, merge layers are new.
 *
 * <p>Names may be published ones or ours: {@code ...crossattention.self.key.bias} becomes {@code
 * self0} and {@code self1}, {@code ...crossattention.output.dense.bias} becomes {@code dense0} and
 * {@code dense1}.
 */
public final class TwoImageCopies {
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
    return matcher.matches() ? Optional.of(matcher.group(1) + matcher.group(2)) : Optional.empty();
  }
}
