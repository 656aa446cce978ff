package org.blip4j.training.run;

import com.google.common.collect.ImmutableSet;
import com.google.common.collect.Lists;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.blip4j.ops.core.GraphContext;
import org.blip4j.ops.core.Section;
import org.blip4j.ops.core.Variable;
import org.tensorflow.Operand;
import org.tensorflow.Output;
import org.tensorflow.op.Op;
import org.tensorflow.types.TFloat32;

/**
 * Gradients of a training graph, section by section where its layers keep operands ({@link
 * Section#keep}): from the results to what was kept last, then on through each section, from the
 * last to the first, of which all else is computed a second time.
 *
 * <p>A section is computed again once the gradient at its end is there and those of the section
 * behind it are done with, so that no two sections in a row lie in memory. What several sections
 * read, such as image states, gets the sum of their gradients.
 */
final class Gradients {
  private final GraphContext ctx;
  private final ImmutableSet<Output<?>> wanted;
  private final Map<Output<?>, Section> sections = new LinkedHashMap<>();
  private final Map<Output<?>, Operand<TFloat32>> sums = new HashMap<>();
  private final Map<Output<?>, List<Op>> done = new HashMap<>();

  private Gradients(GraphContext ctx, Collection<? extends Output<?>> wanted) {
    this.ctx = ctx;
    this.wanted = ImmutableSet.copyOf(wanted);
  }

  /**
   * Adds gradients.
   *
   * @param ctx scope and device of what is added
   * @param given gradients of some results, each like its result
   * @param wanted handles of variables, and what {@code StopGradient} operations give
   * @return those of what is wanted on which the results depend
   */
  static Map<Output<?>, Operand<TFloat32>> of(
      GraphContext ctx,
      Map<? extends Operand<?>, ? extends Operand<?>> given,
      Collection<? extends Output<?>> wanted) {
    Gradients gradients = new Gradients(ctx, wanted);
    gradients.add(given);
    return gradients.found();
  }

  /**
   * That of a weight.
   *
   * @throws IllegalStateException if there is none
   */
  static Operand<TFloat32> at(Map<Output<?>, Operand<TFloat32>> found, Variable<TFloat32> weight) {
    Operand<TFloat32> gradient = found.get(weight.handle());
    if (gradient == null) {
      throw new IllegalStateException("no loss depends on " + weight);
    }
    return gradient;
  }

  private void add(Map<? extends Operand<?>, ? extends Operand<?>> given) {
    List<Output<?>> results = new ArrayList<>();
    List<Output<?>> known = new ArrayList<>();
    given.forEach(
        (result, gradient) -> {
          Output<?> output = result.asOutput();
          if (Section.kept(output)) {
            collect(output);
            arrived(output, asFloat(gradient.asOutput()));
          } else {
            results.add(output);
            known.add(gradient.asOutput());
          }
        });
    if (!results.isEmpty()) {
      Section last = Section.before(results);
      last.inputs().stream().filter(Section::kept).forEach(this::collect);
      through(last, results, known, Map.of());
    }
    for (Output<?> end : Lists.reverse(List.copyOf(sections.keySet()))) {
      Section section = sections.get(end);
      Map<Output<?>, Output<?>> copies =
          section.again(ctx.in("again"), done.getOrDefault(end, List.of(sums.get(end))));
      through(
          section,
          List.of(copies.get(Section.resultBehind(end))),
          List.of(sums.get(end).asOutput()),
          copies);
    }
  }

  /** All sections that lead to a kept operand, each behind those that it reads. */
  private void collect(Output<?> kept) {
    if (!sections.containsKey(kept)) {
      Section section = Section.before(List.of(Section.resultBehind(kept)));
      section.inputs().stream().filter(Section::kept).forEach(this::collect);
      sections.put(kept, section);
    }
  }

  /** Takes gradients from the results of a section to its inputs and variables. */
  private void through(
      Section section,
      List<Output<?>> results,
      List<Output<?>> known,
      Map<Output<?>, Output<?>> copies) {
    Set<Output<?>> to = new LinkedHashSet<>();
    section.inputs().stream()
        .filter(input -> Section.kept(input) || wanted.contains(input))
        .forEach(to::add);
    section.handles().stream().filter(wanted::contains).forEach(to::add);
    if (to.isEmpty()) {
      return;
    }
    Output<?>[] found =
        ctx.graph()
            .addGradients(
                ctx.tf().scope().makeOpName("section"),
                results.toArray(new Output<?>[0]),
                to.stream().map(x -> copies.getOrDefault(x, x)).toArray(Output<?>[]::new),
                known.toArray(new Output<?>[0]));
    List<Op> made = new ArrayList<>();
    int next = 0;
    for (Output<?> x : to) {
      Operand<TFloat32> gradient = asFloat(found[next++]);
      made.add(gradient);
      arrived(x, gradient);
      if (section.inputs().contains(x)) {
        made.add(sums.get(x));
      }
    }
    to.stream()
        .filter(Section::kept)
        .forEach(x -> done.computeIfAbsent(x, key -> new ArrayList<>()).addAll(made));
  }

  private void arrived(Output<?> x, Operand<TFloat32> gradient) {
    sums.merge(x, gradient, ctx::add);
  }

  private Map<Output<?>, Operand<TFloat32>> found() {
    Map<Output<?>, Operand<TFloat32>> found = new LinkedHashMap<>();
    wanted.stream().filter(sums::containsKey).forEach(x -> found.put(x, sums.get(x)));
    return found;
  }

  @SuppressWarnings("unchecked") // the gradient of a float is float
  private static Operand<TFloat32> asFloat(Output<?> output) {
    return (Operand<TFloat32>) output;
  }
}
