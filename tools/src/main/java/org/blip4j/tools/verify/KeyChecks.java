package org.blip4j.tools.verify;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
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
 * Holds the table of names, by which weights are read and written, against the state dicts of
 * full-size models, both ways, a row for each thing: numbers of tensors and values, names, ties,
 * the variables of the model, its image size.
 */
final class KeyChecks {
  private static final Pattern IMAGE_SIZE = Pattern.compile("image (\\d+)");
  private static final Pattern LIST = Pattern.compile("(.*)(?<!\\.tied)\\.tsv");
  private static final Pattern LINE = Pattern.compile("([^\t]*)\t\\[([\\d,]*)]\t(int64|float32)");

  private KeyChecks() {}

  static void check(GoldenRun run) throws IOException {
    Map<String, KeyList> lists = new TreeMap<>();
    try (Stream<Path> files = Files.list(run.golden().path())) {
      for (Path file : (Iterable<Path>) files.sorted()::iterator) {
        Matcher name = LIST.matcher(file.getFileName().toString());
        if (name.matches()) {
          lists.put(name.group(), KeyList.read(file, name.group(1)));
        }
      }
    }
    for (JsonNode listed : run.cases().path("lists")) {
      String file = listed.path("file").asText();
      if (lists.containsKey(file)) {
        counts(run, lists.get(file), listed);
      } else {
        run.failed(file, "is missing");
      }
    }
    for (KeyList list : lists.values()) {
      try {
        Correspondence ours = new Correspondence(list);
        run.differ(list.model() + " names", ours.names());
        run.differ(list.model() + " ties", ours.ties());
        run.differ(list.model() + " variables", ours.variables());
        int size = ours.model.config().vision().imageSize();
        equal(run, list, "image size", size, builtWith(run.cases(), list.model()));
      } catch (IllegalArgumentException e) {
        run.failed(list.model(), e.getMessage());
      }
    }
  }

  private static void counts(GoldenRun run, KeyList list, JsonNode listed) throws IOException {
    long values = list.tensors().values().stream().mapToLong(tensor -> tensor.shape().size()).sum();
    long sharing = list.tied().stream().mapToLong(List::size).sum();
    equal(run, list, "tensors", list.tensors().size(), listed.path("tensors"));
    equal(run, list, "values", values, listed.path("values"));
    equal(run, list, "tied_groups", list.tied().size(), listed.path("tied_groups"));
    equal(run, list, "names_sharing_storage", sharing, listed.path("names_sharing_storage"));
    int example = 0;
    for (JsonNode group : listed.path("tied_example")) {
      Object stored = example < list.tied().size() ? list.tied().get(example) : "none";
      equal(run, list, "tied_example " + example++, stored, Golden.strings(group));
    }
  }

  /** The image size that is stated for a model: its own, or that of all of Hugging Face's. */
  private static String builtWith(JsonNode cases, String model) {
    if (model.startsWith("hf-")) {
      Matcher stated = IMAGE_SIZE.matcher(cases.path("hf").asText());
      return stated.find() ? stated.group(1) : "";
    }
    String task = model.replaceFirst("-(base|large)$", "");
    return cases.path("built_with").properties().stream()
        .filter(entry -> List.of(entry.getKey().split(", ", -1)).contains(task))
        .map(entry -> entry.getValue().asText().replace("image ", ""))
        .findFirst()
        .orElse("");
  }

  private static void equal(GoldenRun run, KeyList list, String what, Object found, Object wanted) {
    boolean same = Objects.toString(found).equals(Objects.toString(wanted));
    run.exact(list.model() + " " + what, same ? null : found + ", expected " + wanted);
  }

  /** One tensor of a state dict. */
  private record Tensor(Shape shape, boolean integer) {}

  /**
   * Names, shapes and types of the state dict of one published model.
   *
   * @param model its name: {@code caption-base}
   * @param tensors by name, in the order of the file
   * @param tied groups of names that share one storage; empty without a list of them
   */
  private record KeyList(String model, Map<String, Tensor> tensors, List<List<String>> tied) {

    /** Reads a line each of name, {@code [sizes]} and type, tab-separated. */
    static KeyList read(Path file, String model) throws IOException {
      Map<String, Tensor> tensors = new LinkedHashMap<>();
      for (String line : Files.readAllLines(file)) {
        Matcher fields = LINE.matcher(line);
        if (!fields.matches() || tensors.containsKey(fields.group(1))) {
          throw new IOException(file + ": not a new name with shape and type: " + line);
        }
        long[] sizes =
            Stream.of(fields.group(2).split(",", -1))
                .filter(size -> !size.isEmpty())
                .mapToLong(Long::parseLong)
                .toArray();
        tensors.put(fields.group(1), new Tensor(Shape.of(sizes), fields.group(3).equals("int64")));
      }
      Path groups = file.resolveSibling(model + ".tied.tsv");
      List<List<String>> tied = new ArrayList<>();
      for (String line : Files.exists(groups) ? Files.readAllLines(groups) : List.<String>of()) {
        tied.add(List.of(line.split("\t", -1)));
      }
      return new KeyList(model, tensors, tied);
    }
  }

  /** A list of published names beside our variables. */
  private static final class Correspondence {
    private final KeyList list;
    private final PublishedModel model;
    private final WeightNames table;
    private final Map<String, Set<String>> byVariable = new LinkedHashMap<>();
    private final Map<String, Shape> shapes = new TreeMap<>();
    private final List<String> problems = new ArrayList<>();

    /** Reads the model's kind and sizes from the list; refused if they can't be told. */
    Correspondence(KeyList list) {
      Map<String, Shape> published = new LinkedHashMap<>();
      list.tensors().forEach((name, tensor) -> published.put(name, tensor.shape()));
      this.list = list;
      this.model = PublishedModel.read(published, PublishedModel.Given.nothing());
      this.table = WeightNames.of(model.form(), model.task() == PublishedTask.PRETRAIN);
      list.tensors().forEach(this::add);
    }

    private void add(String name, Tensor tensor) {
      Optional<WeightNames.Target> target = table.target(name);
      if (table.skips(name)) {
        Shape positions = Shape.of(1, model.config().text().maxPositions());
        if (!tensor.integer() || !tensor.shape().equals(positions)) {
          problems.add(name + " is " + tensor + ", expected whole numbers of " + positions);
        }
      } else if (target.isEmpty()) {
        problems.add(name + " has no rule");
      } else {
        String variable = target.get().variable();
        if (tensor.integer() != WeightNames.isInteger(variable)) {
          problems.add(name + " is of another type");
        }
        Shape ours = target.get().layout().toOurs(tensor.shape());
        Shape before = shapes.putIfAbsent(variable, ours);
        if (before != null && !before.equals(ours)) {
          problems.add(name + " is " + ours + ", another name of it " + before);
        }
        byVariable.computeIfAbsent(variable, key -> new TreeSet<>()).add(name);
      }
    }

    /** What is wrong with the names, from theirs to ours and back. */
    List<String> names() {
      byVariable.forEach(
          (variable, published) -> {
            Set<String> back =
                table.published(variable).stream()
                    .map(WeightNames.Published::name)
                    .collect(Collectors.toCollection(TreeSet::new));
            if (!back.equals(published)) {
              problems.add(variable + " is published as " + back + ", the list has " + published);
            }
          });
      return problems;
    }

    /** Whether the names of one variable are those that share a storage, where that is stated. */
    List<String> ties() {
      List<Set<String>> ours =
          byVariable.values().stream().filter(group -> group.size() > 1).toList();
      List<Set<String>> stated =
          list.tied().stream().<Set<String>>map(TreeSet::new).distinct().toList();
      List<String> found = new ArrayList<>();
      if (!stated.isEmpty()) { // otherwise not stated, or kept as equal copies
        stated.stream().filter(group -> !ours.contains(group)).forEach(g -> found.add("not " + g));
        ours.stream().filter(group -> !stated.contains(group)).forEach(g -> found.add("also " + g));
      }
      return found;
    }

    /** Whether the model has these variables and no others, if it is one of ours. */
    List<String> variables() {
      List<String> found = new ArrayList<>();
      model.task().task().ifPresent(task -> compare(created(task), found));
      return found;
    }

    private void compare(Map<String, Shape> created, List<String> found) {
      created.forEach(
          (name, wanted) -> {
            if (!wanted.equals(shapes.get(name))) {
              found.add(name + " is " + shapes.get(name) + ", the model wants " + wanted);
            }
          });
      shapes.keySet().stream()
          .filter(name -> !created.containsKey(name))
          .forEach(name -> found.add(name + " is no variable of the model"));
    }

    private Map<String, Shape> created(Task task) {
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
        return vars.all().stream()
            .collect(Collectors.toMap(Variable::name, Variable::shape, (a, b) -> a, TreeMap::new));
      }
    }
  }
}
