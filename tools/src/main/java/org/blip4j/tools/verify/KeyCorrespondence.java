package org.blip4j.tools.verify;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.blip4j.graph.config.ObjectiveConfig;
import org.blip4j.graph.config.Task;
import org.blip4j.graph.model.Blip;
import org.blip4j.graph.task.PretrainModel;
import org.blip4j.graph.task.RetrievalModel;
import org.blip4j.graph.weights.PublishedModel;
import org.blip4j.graph.weights.PublishedTask;
import org.blip4j.graph.weights.WeightNames;
import org.blip4j.ops.core.GraphContext;
import org.blip4j.ops.core.Mode;
import org.blip4j.ops.core.Variable;
import org.blip4j.ops.core.VariableScope;
import org.tensorflow.Graph;
import org.tensorflow.ndarray.Shape;

/**
 * A list of published names beside our variables, by the table that weights are read and written
 * with.
 */
final class KeyCorrespondence {
  private static final int SHOWN = 3;

  private final KeyList list;
  private final PublishedModel model;
  private final WeightNames names;
  private final Map<String, List<String>> byVariable = new LinkedHashMap<>();
  private final Map<String, Shape> variables = new TreeMap<>();
  private final List<String> problems = new ArrayList<>();

  private KeyCorrespondence(KeyList list, PublishedModel model) {
    this.list = list;
    this.model = model;
    this.names = WeightNames.of(model.form(), model.task() == PublishedTask.PRETRAIN);
    list.tensors().forEach(this::add);
  }

  /**
   * Reads the model's kind and sizes from the list.
   *
   * @throws IllegalArgumentException if they can't be told
   */
  static KeyCorrespondence of(KeyList list) {
    return new KeyCorrespondence(
        list, PublishedModel.read(list.shapes(), PublishedModel.Given.nothing()));
  }

  private void add(String name, KeyList.Tensor tensor) {
    if (names.skips(name)) {
      boolean counts = tensor.integer() && tensor.shape().equals(positions());
      if (!counts) {
        problems.add(name + " is " + tensor + ", expected whole numbers of " + positions());
      }
      return;
    }
    Optional<WeightNames.Target> target = names.target(name);
    if (target.isEmpty()) {
      problems.add(name + " has no rule");
      return;
    }
    String variable = target.get().variable();
    if (tensor.integer() != WeightNames.isInteger(variable)) {
      problems.add(name + " is of another type");
    }
    Shape ours = target.get().layout().toOurs(tensor.shape());
    Shape before = variables.putIfAbsent(variable, ours);
    if (before != null && !before.equals(ours)) {
      problems.add(name + " is " + ours + ", another name of it " + before);
    }
    byVariable.computeIfAbsent(variable, key -> new ArrayList<>()).add(name);
  }

  private Shape positions() {
    return Shape.of(1, model.config().text().maxPositions());
  }

  /** What is wrong with the names, from theirs to ours and back; null if nothing is. */
  String namesProblem() {
    List<String> found = new ArrayList<>(problems);
    byVariable.forEach(
        (variable, published) -> {
          Set<String> back = new HashSet<>();
          names.published(variable).stream().map(WeightNames.Published::name).forEach(back::add);
          if (!back.equals(new HashSet<>(published))) {
            found.add(variable + " is published as " + back + ", the list has " + published);
          }
        });
    return summary(found);
  }

  /** Whether the names of one variable are those that share a storage; null if so. */
  String tiesProblem() {
    if (list.tied().isEmpty()) {
      return null; // not stated, or kept as equal copies
    }
    Set<Set<String>> stated = new LinkedHashSet<>();
    list.tied().forEach(group -> stated.add(new TreeSet<>(group)));
    Set<Set<String>> ours = new LinkedHashSet<>();
    byVariable.values().stream()
        .filter(group -> group.size() > 1)
        .forEach(group -> ours.add(new TreeSet<>(group)));
    List<String> found = new ArrayList<>();
    stated.stream().filter(group -> !ours.contains(group)).forEach(g -> found.add("not " + g));
    ours.stream().filter(group -> !stated.contains(group)).forEach(g -> found.add("also " + g));
    return summary(found);
  }

  /** Whether the model has these variables and no others; null if so, or if it is none of ours. */
  String variablesProblem() {
    Optional<Task> task = model.task().task();
    if (task.isEmpty()) {
      return null;
    }
    Map<String, Shape> created = created(task.get());
    List<String> found = new ArrayList<>();
    for (Map.Entry<String, Shape> wanted : created.entrySet()) {
      Shape shape = variables.get(wanted.getKey());
      if (!wanted.getValue().equals(shape)) {
        found.add(wanted.getKey() + " is " + shape + ", the model wants " + wanted.getValue());
      }
    }
    variables.keySet().stream()
        .filter(name -> !created.containsKey(name))
        .forEach(name -> found.add(name + " is no variable of the model"));
    return summary(found);
  }

  private Map<String, Shape> created(Task task) {
    Map<String, Shape> created = new TreeMap<>();
    try (Graph graph = new Graph()) {
      VariableScope vars = VariableScope.root(GraphContext.create(graph, Mode.TRAIN), 1);
      if (model.queueSize().isEmpty()) {
        Blip.create(vars, model.config(), task);
      } else {
        ObjectiveConfig published = ObjectiveConfig.published();
        ObjectiveConfig objective =
            new ObjectiveConfig(
                model.queueSize().getAsInt(),
                published.momentum(),
                published.alpha(),
                published.temperature(),
                published.labelSmoothing(),
                published.distinctNegatives(),
                published.negativeHardness());
        if (task == Task.PRETRAIN) {
          PretrainModel.create(vars, model.config(), objective);
        } else {
          RetrievalModel.create(vars, model.config(), objective);
        }
      }
      for (Variable<?> variable : vars.all()) {
        created.put(variable.name(), variable.shape());
      }
    }
    return created;
  }

  /** The side of the images. */
  int imageSize() {
    return model.config().vision().imageSize();
  }

  private static String summary(List<String> found) {
    if (found.isEmpty()) {
      return null;
    }
    String shown = String.join("; ", found.subList(0, Math.min(SHOWN, found.size())));
    return found.size() > SHOWN ? shown + " and " + (found.size() - SHOWN) + " more" : shown;
  }
}
