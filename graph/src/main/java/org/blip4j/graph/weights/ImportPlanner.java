package org.blip4j.graph.weights;

import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableMap;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import org.blip4j.data.file.NearestName;
import org.blip4j.data.weights.StoredTensor;
import org.blip4j.data.weights.WeightFile;

/** Finds the tensor for every variable, by names and shapes alone, and collects all problems. */
final class ImportPlanner {
  private static final int MOST_COMPARED = 50;

  /**
   * What a model wants from a weight file.
   *
   * @param variables every variable to fill, in the order in which they are to be handed out
   * @param fresh which variables may keep their initial values
   * @param substitutes whether a variable without a tensor of its own may take that of its
   *     original, as {@link WeightNames#substitute} says
   * @param grows whether tables of words may have fewer rows in the file
   * @param unused tensors that were left out of the file, being of no use
   */
  record Request(
      ImmutableList<VariableValues.Wanted> variables,
      Predicate<String> fresh,
      boolean substitutes,
      boolean grows,
      ImmutableList<String> unused) {
    /** All variables must be in the file. */
    static Request strict(List<VariableValues.Wanted> variables) {
      return new Request(
          ImmutableList.copyOf(variables), name -> false, false, false, ImmutableList.of());
    }

    /** A start from another model of BLIP, from which families of variables may be missing. */
    static Request starting(
        List<VariableValues.Wanted> variables, List<WeightRule.NamePattern> fresh) {
      return new Request(
          ImmutableList.copyOf(variables),
          name -> fresh.stream().anyMatch(family -> family.match(name).isPresent()),
          true,
          false,
          ImmutableList.of());
    }

    /** The start of pre-training. */
    static Request unimodal(List<VariableValues.Wanted> variables, UnimodalWeights start) {
      return new Request(
          ImmutableList.copyOf(variables), start::mayStay, true, true, start.unused());
    }

    private boolean mayStay(VariableValues.Wanted variable) {
      return fresh.test(variable.name());
    }
  }

  private final WeightFile file;
  private final WeightNames names;
  private final Request request;
  private final ImmutableList<String> unknown;

  private final Map<String, PlannedTensor> planned = new LinkedHashMap<>();
  private final Map<String, String> derived = new LinkedHashMap<>();
  private final List<String> fresh = new ArrayList<>();
  private final List<ImportReport.Problem> problems = new ArrayList<>();

  ImportPlanner(WeightFile file, WeightNames names, Request request) {
    this.file = file;
    this.names = names;
    this.request = request;
    this.unknown =
        file.tensors().keySet().stream()
            .filter(name -> !names.skips(name) && names.target(name).isEmpty())
            .collect(ImmutableList.toImmutableList());
    request.variables().forEach(this::plan);
    unknown.forEach(
        name ->
            problems.add(
                new ImportReport.Problem(
                    ImportReport.Kind.UNKNOWN, name, name + " is not a tensor of this model")));
  }

  ImmutableMap<String, PlannedTensor> planned() {
    return ImmutableMap.copyOf(planned);
  }

  ImportReport report() {
    Set<String> wanted =
        request.variables().stream().map(VariableValues.Wanted::name).collect(Collectors.toSet());
    ImmutableList.Builder<String> leftOver = ImmutableList.builder();
    ImmutableList.Builder<String> skipped = ImmutableList.builder();
    skipped.addAll(request.unused());
    for (String name : file.tensors().keySet()) {
      if (names.skips(name)) {
        skipped.add(name);
      } else if (names.target(name).filter(to -> !wanted.contains(to.variable())).isPresent()) {
        leftOver.add(name);
      }
    }
    return new ImportReport(
        file.path(),
        ImmutableList.copyOf(planned.keySet()),
        derived,
        ImmutableList.copyOf(fresh),
        skipped.build(),
        leftOver.build(),
        unknown,
        ImmutableList.copyOf(problems));
  }

  private void plan(VariableValues.Wanted variable) {
    ImmutableList<WeightNames.Published> own = present(names.published(variable.name()));
    ImmutableList<WeightNames.Published> sources = own;
    if (own.isEmpty() && request.substitutes()) {
      sources =
          names
              .substitute(variable.name())
              .map(other -> present(names.published(other)))
              .orElse(ImmutableList.of());
    }
    if (sources.isEmpty()) {
      absent(variable);
    } else if (take(variable, sources) && own.isEmpty()) {
      derived.put(variable.name(), "copied from " + sources.get(0).name());
    }
  }

  private ImmutableList<WeightNames.Published> present(
      ImmutableList<WeightNames.Published> candidates) {
    return candidates.stream()
        .filter(name -> file.tensors().containsKey(name.name()))
        .collect(ImmutableList.toImmutableList());
  }

  private void absent(VariableValues.Wanted variable) {
    if (request.mayStay(variable)) {
      fresh.add(variable.name());
      return;
    }
    ImmutableList<WeightNames.Published> expected = names.published(variable.name());
    String sentence =
        expected.isEmpty()
            ? "no published tensor is known for " + variable.name()
            : expected.get(0).name() + " is missing";
    Optional<String> near =
        unknown.size() > MOST_COMPARED
            ? Optional.empty()
            : expected.stream()
                .findFirst()
                .flatMap(name -> NearestName.among(unknown, name.name()));
    problems.add(
        new ImportReport.Problem(
            ImportReport.Kind.MISSING,
            variable.name(),
            sentence + near.map(name -> " (the file has " + name + ")").orElse("")));
  }

  /** Plans the first source with the others as tied copies; false if a shape does not fit. */
  private boolean take(
      VariableValues.Wanted variable, ImmutableList<WeightNames.Published> sources) {
    WeightNames.Published first = sources.get(0);
    StoredTensor source = file.tensors().get(first.name());
    ImmutableList.Builder<StoredTensor> tied = ImmutableList.builder();
    for (WeightNames.Published name : sources) {
      StoredTensor tensor = file.tensors().get(name.name());
      if (tensor.type().isInteger() != WeightNames.isInteger(variable.name())) {
        mistyped(variable, tensor);
        return false;
      }
      boolean fits = PlannedTensor.fits(variable, tensor, name.layout());
      boolean interpolated = !fits && PlannedTensor.interpolates(variable, tensor);
      boolean grown = !fits && request.grows() && PlannedTensor.grows(variable, tensor);
      if (!fits && !interpolated && !grown) {
        misshaped(variable, name, tensor);
        return false;
      }
      if (interpolated) {
        derived.put(
            variable.name(), "interpolated from %s%s".formatted(tensor.name(), tensor.shape()));
      }
      if (grown) {
        derived.put(
            variable.name(),
            "the first %d rows from %s, the others as initialised"
                .formatted(tensor.shape().get(0), tensor.name()));
      }
      if (!tensor.sameStorage(source)) {
        tied.add(tensor);
      }
    }
    planned.put(variable.name(), new PlannedTensor(variable, source, first.layout(), tied.build()));
    return true;
  }

  private void mistyped(VariableValues.Wanted variable, StoredTensor tensor) {
    problems.add(
        new ImportReport.Problem(
            ImportReport.Kind.MISSHAPED,
            variable.name(),
            "%s is of type %s in the file, the model wants %s"
                .formatted(
                    tensor.name(),
                    tensor.type(),
                    tensor.type().isInteger() ? "floats" : "whole numbers")));
  }

  private void misshaped(
      VariableValues.Wanted variable, WeightNames.Published name, StoredTensor tensor) {
    if (request.mayStay(variable)) {
      fresh.add(variable.name());
      return;
    }
    problems.add(
        new ImportReport.Problem(
            ImportReport.Kind.MISSHAPED,
            variable.name(),
            "%s is %s in the file, the model wants %s"
                .formatted(
                    name.name(),
                    tensor.shape(),
                    PlannedTensor.published(variable, name.layout()))));
  }
}
