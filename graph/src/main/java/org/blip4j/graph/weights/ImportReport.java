package org.blip4j.graph.weights;

import com.google.common.collect.ImmutableList;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * What became of every tensor of a file and of every variable of a model.
 *
 * @param source the weight file
 * @param filled variables that get a value, those of {@code derived} included
 * @param derived for variables whose value is made from a tensor that is not simply theirs, how
 * @param fresh variables that keep their initial values, as the request allows
 * @param skipped tensors that hold nothing of a model
 * @param leftOver tensors that are known but belong to no variable of this model
 * @param unknown tensors outside the table of names
 * @param problems what makes the import impossible, one sentence a variable or tensor
 */
public record ImportReport(
    Path source,
    ImmutableList<String> filled,
    Map<String, String> derived,
    ImmutableList<String> fresh,
    ImmutableList<String> skipped,
    ImmutableList<String> leftOver,
    ImmutableList<String> unknown,
    ImmutableList<Problem> problems) {

  /** Kinds of problems. */
  public enum Kind {
    /** A variable without a tensor. */
    MISSING("missing"),
    /** A tensor of another shape than the variable. */
    MISSHAPED("mis-shaped"),
    /** A tensor outside the table of names. */
    UNKNOWN("unknown");

    private final String word;

    Kind(String word) {
      this.word = word;
    }
  }

  /**
   * Something that makes the import impossible.
   *
   * @param kind what is wrong
   * @param name the variable, or the tensor if it is unknown
   * @param sentence the whole of it
   */
  public record Problem(Kind kind, String name, String sentence) {}

  /** Weights that do not fit a model; the message lists every problem, the report all the rest. */
  public static final class Refusal extends IOException {
    private static final long serialVersionUID = 1L;

    private final transient ImportReport report;

    Refusal(ImportReport report) {
      super(report.source() + ": " + report.complaint().orElseThrow());
      this.report = report;
    }

    /** What fits and what does not. */
    public ImportReport report() {
      return report;
    }
  }

  public ImportReport {
    derived = Map.copyOf(derived);
  }

  /** Whether the model can be filled. */
  public boolean complete() {
    return problems.isEmpty();
  }

  /** All problems in one line; empty if there are none. */
  public Optional<String> complaint() {
    if (complete()) {
      return Optional.empty();
    }
    List<String> counts = new ArrayList<>();
    for (Kind kind : Kind.values()) {
      long count = problems.stream().filter(problem -> problem.kind == kind).count();
      if (count > 0) {
        counts.add(count + " " + kind.word);
      }
    }
    return Optional.of(
        "the weights do not fit the model (%s): %s"
            .formatted(
                String.join(", ", counts),
                String.join("; ", problems.stream().map(Problem::sentence).toList())));
  }

  /** What was done, in one line. */
  public String summary() {
    List<String> parts = new ArrayList<>();
    parts.add(filled.size() + " variables filled");
    add(parts, derived.size(), "of them derived");
    add(parts, fresh.size(), "left as initialised");
    add(parts, leftOver.size(), "tensors left over");
    add(parts, skipped.size(), "tensors skipped");
    add(parts, unknown.size(), "tensors unknown");
    return String.join(", ", parts);
  }

  /**
   * What was done, by families of names, in one line each: {@code left as initialised: itm_head
   * (2), temp}. Nothing for what there is none of.
   */
  public ImmutableList<String> details() {
    ImmutableList.Builder<String> lines = ImmutableList.builder();
    describe(lines, "filled", filled.stream().map(name -> name.replaceFirst("/.*", "")));
    for (Map.Entry<String, String> entry : new TreeMap<>(derived).entrySet()) {
      if (!entry.getValue().startsWith("copied")) {
        lines.add(entry.getKey() + ": " + entry.getValue());
      }
    }
    describe(lines, "left as initialised", fresh.stream().map(ImportReport::family));
    describe(lines, "left over", leftOver.stream().map(ImportReport::family));
    describe(lines, "skipped", skipped.stream());
    return lines.build();
  }

  /** The name up to the part of a layer, or without its last part. */
  private static String family(String name) {
    String numbered = name.replaceAll("([./])\\d+(?=[./])", "$1#");
    return numbered.contains("#")
        ? numbered.replaceFirst("(#[./][^./]+).*", "$1")
        : numbered.replaceFirst("[./][^./]*$", "");
  }

  private static void describe(
      ImmutableList.Builder<String> lines, String words, Stream<String> families) {
    Map<String, Long> counts =
        families.collect(
            Collectors.groupingBy(Function.identity(), TreeMap::new, Collectors.counting()));
    if (!counts.isEmpty()) {
      lines.add(
          words
              + ": "
              + counts.entrySet().stream()
                  .map(
                      one -> one.getKey() + (one.getValue() > 1 ? " (" + one.getValue() + ")" : ""))
                  .collect(Collectors.joining(", ")));
    }
  }

  private static void add(List<String> parts, int count, String words) {
    if (count > 0) {
      parts.add(count + " " + words);
    }
  }
}
