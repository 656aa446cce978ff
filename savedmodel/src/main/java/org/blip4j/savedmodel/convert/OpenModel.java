package org.blip4j.savedmodel.convert;

import com.google.common.collect.ImmutableList;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.blip4j.data.text.Vocabulary;
import org.blip4j.data.weights.StoredTensor;
import org.blip4j.data.weights.WeightFile;
import org.blip4j.graph.config.BlipConfig;
import org.blip4j.graph.config.ConfigJson;
import org.blip4j.graph.config.ModelConfig;
import org.blip4j.graph.config.ModelFolder;
import org.blip4j.graph.config.Task;
import org.blip4j.graph.model.Blip;
import org.blip4j.graph.weights.CheckpointWeights;
import org.blip4j.graph.weights.PublishedTask;
import org.blip4j.graph.weights.VariableShape;
import org.blip4j.graph.weights.WeightNames;
import org.blip4j.graph.weights.WeightTarget;
import org.blip4j.ops.core.GraphContext;
import org.blip4j.ops.core.Mode;
import org.blip4j.ops.core.Variable;
import org.blip4j.ops.core.VariableScope;
import org.blip4j.savedmodel.open.ModelSource;
import org.blip4j.savedmodel.open.PublishedDescription;
import org.blip4j.savedmodel.open.ServingModel;
import org.blip4j.savedmodel.signature.ExportedInfo;
import org.tensorflow.Graph;
import org.tensorflow.ndarray.Shape;

/**
 * A model in any form with its weights open, under published names.
 *
 * @param path what it was named by
 * @param file its tensors
 * @param model what it is to be run as
 * @param notes what the user should know
 */
record OpenModel(Path path, WeightFile file, ServingModel model, List<String> notes)
    implements AutoCloseable {
  private static final String MOMENTUM = "_m/";

  /** Opens a model to be run for a task; empty for its own. */
  static OpenModel open(ModelSource source, Optional<Task> task) throws IOException {
    if (source instanceof ModelSource.Published published) {
      WeightFile file = WeightFile.open(published.path());
      try {
        PublishedDescription description = PublishedDescription.of(file, published, task);
        return new OpenModel(source.path(), file, description.model(), description.notes());
      } catch (IOException | RuntimeException e) {
        file.close();
        throw e;
      }
    }
    if (source instanceof ModelSource.Folder folder) {
      ModelFolder files = folder.folder();
      return open(
          new Files(source.path(), files.vocabularyFile(), files.variables()),
          files.readConfig(),
          task);
    }
    Path exported = source.path();
    return open(
        new Files(
            exported,
            exported.resolve(ExportedInfo.VOCABULARY_FILE),
            exported.resolve("variables/variables")),
        ConfigJson.read(exported.resolve(ExportedInfo.FILE), ExportedInfo.class).model(),
        task);
  }

  private record Files(Path path, Path vocabulary, Path variables) {}

  private static OpenModel open(Files files, ModelConfig config, Optional<Task> task)
      throws IOException {
    ModelConfig wanted =
        task.map(other -> PublishedDescription.forTask(config, other)).orElse(config);
    ServingModel model = new ServingModel(wanted, Vocabulary.read(files.vocabulary()));
    return new OpenModel(files.path(), CheckpointWeights.open(files.variables()), model, List.of());
  }

  /** The variables that inference needs. */
  List<VariableShape> variables() {
    List<VariableShape> shapes = new ArrayList<>();
    BlipConfig config = model.config().architecture();
    try (Graph graph = new Graph()) {
      VariableScope scope = VariableScope.root(GraphContext.create(graph, Mode.INFER), 0);
      Blip.create(scope, config, model.config().task());
      for (Variable<?> variable : scope.all()) {
        shapes.add(new VariableShape(variable.name(), variable.shape()));
      }
    }
    return shapes;
  }

  /**
   * What else the weights hold for training of the same task to go on: momentum copies, queues, the
   * temperature. Copies of the image encoder have the image size of the model.
   */
  ImmutableList<VariableShape> trainingState(WeightNames names, List<VariableShape> variables) {
    boolean sameTask =
        PublishedTask.of(file.tensors().keySet())
            .task()
            .filter(task -> task == model.config().task())
            .isPresent();
    if (!sameTask) {
      return ImmutableList.of();
    }
    Map<String, Shape> online = new HashMap<>();
    variables.forEach(variable -> online.put(variable.name(), variable.shape()));
    Set<String> added = new HashSet<>();
    ImmutableList.Builder<VariableShape> state = ImmutableList.builder();
    for (StoredTensor tensor : file.tensors().values()) {
      Optional<WeightTarget> target = names.target(tensor.name()).filter(to -> !to.tied());
      if (target.isPresent()
          && !online.containsKey(target.get().variable())
          && added.add(target.get().variable())) {
        String name = target.get().variable();
        Shape own = target.get().layout().toOurs(tensor.shape());
        state.add(new VariableShape(name, online.getOrDefault(name.replace(MOMENTUM, "/"), own)));
      }
    }
    return state.build();
  }

  @Override
  public void close() throws IOException {
    file.close();
  }
}
