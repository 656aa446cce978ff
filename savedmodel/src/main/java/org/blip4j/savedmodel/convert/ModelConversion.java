package org.blip4j.savedmodel.convert;

import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableMap;
import java.io.IOException;
import java.nio.file.Files;
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
import org.blip4j.graph.config.ConfigJson;
import org.blip4j.graph.config.ModelConfig;
import org.blip4j.graph.config.ModelFolder;
import org.blip4j.graph.config.Task;
import org.blip4j.graph.model.Blip;
import org.blip4j.graph.weights.ImportReport;
import org.blip4j.graph.weights.PublishedForm;
import org.blip4j.graph.weights.PublishedTask;
import org.blip4j.graph.weights.VariableValues;
import org.blip4j.graph.weights.WeightExporter;
import org.blip4j.graph.weights.WeightImporter;
import org.blip4j.graph.weights.WeightNames;
import org.blip4j.ops.core.GraphContext;
import org.blip4j.ops.core.Mode;
import org.blip4j.ops.core.Variable;
import org.blip4j.ops.core.VariableScope;
import org.blip4j.savedmodel.huggingface.HuggingFaceFolder;
import org.blip4j.savedmodel.open.ModelSource;
import org.blip4j.savedmodel.open.OpenModel;
import org.blip4j.savedmodel.open.PublishedDescription;
import org.blip4j.savedmodel.open.ServingModel;
import org.tensorflow.Graph;
import org.tensorflow.ndarray.Shape;

/**
 * Converts a model of any form into a model folder or into published weights.
 *
 * <p>Every tensor is used or named in the report, every variable is filled or named. Nothing is
 * written unless everything fits, and what is written appears whole or not at all. Values are
 * copied bit for bit; only position embeddings change where another image size is asked for.
 *
 * <pre>{@code
 * ConversionReport report =
 *     ModelConversion.run(
 *         ModelSource.resolve("model_base_caption_capfilt_large.pth"),
 *         new ConversionRequest(folder, ConversionRequest.Form.MODEL_FOLDER, Optional.empty(), false));
 * }</pre>
 */
public final class ModelConversion {
  private static final String MOMENTUM = "_m/";
  private static final String ENDING = ".safetensors";

  private final OpenModel source;
  private final ConversionRequest request;

  private ModelConversion(OpenModel source, ConversionRequest request) {
    this.source = source;
    this.request = request;
  }

  /**
   * Converts a model.
   *
   * @throws ConversionReport.Refusal if weights are missing, mis-shaped or unknown; all are listed
   * @throws IOException if the source cannot be read, or the target exists and may not be replaced
   * @throws IllegalArgumentException if the target's form has no place for the model
   */
  public static ConversionReport run(ModelSource source, ConversionRequest request)
      throws IOException {
    request.requireFree();
    try (OpenModel open = OpenModel.open(source, request.task())) {
      return new ModelConversion(open, request).run();
    }
  }

  private ConversionReport run() throws IOException {
    Task task = source.model().config().task();
    if (request.form() == ConversionRequest.Form.HUGGING_FACE) {
      HuggingFaceFolder.requireClass(source.model().config());
    }
    WeightNames names = WeightImporter.names(source.file(), task == Task.PRETRAIN);
    ImmutableList.Builder<VariableValues.Wanted> wanted = ImmutableList.builder();
    List<VariableValues.Wanted> variables = variables();
    wanted.addAll(variables);
    if (request.form() != ConversionRequest.Form.HUGGING_FACE) {
      wanted.addAll(trainingState(names, variables));
    }
    ImmutableList<VariableValues.Wanted> strict = wanted.build();
    ImportReport imported = WeightImporter.compare(source.file(), names, strict);
    ConversionReport report = ConversionReport.of(source, request, imported);
    if (!imported.complete()) {
      throw new ConversionReport.Refusal(
          source.path() + ": " + imported.complaint().orElseThrow(), report);
    }
    WeightImporter importer = WeightImporter.plan(source.file(), names, strict);
    return report.withLeftOut(request.write(place -> write(importer, place)));
  }

  /** Writes everything at a place that is not yet the final one. */
  private ImmutableList<String> write(WeightImporter importer, Path beside) throws IOException {
    ServingModel model = source.model();
    return switch (request.form()) {
      case MODEL_FOLDER -> {
        ModelFolder folder = new ModelFolder(Files.createDirectory(beside));
        importer.writeCheckpoint(folder.variables());
        model.vocabulary().write(folder.vocabularyFile());
        ConfigJson.write(folder.configFile(), model.config());
        yield ImmutableList.of();
      }
      case SAFETENSORS -> {
        if (request.isFile()) {
          yield safetensors(importer, beside);
        }
        ModelFolder folder = new ModelFolder(Files.createDirectory(beside));
        model.vocabulary().write(folder.vocabularyFile());
        ConfigJson.write(folder.configFile(), model.config());
        yield safetensors(importer, beside.resolve("model" + ENDING));
      }
      case HUGGING_FACE -> {
        Files.createDirectory(beside);
        HuggingFaceFolder.write(beside, model.config(), model.vocabulary());
        yield WeightExporter.write(
            importer,
            PublishedForm.HUGGING_FACE,
            beside.resolve("model" + ENDING),
            ImmutableMap.of());
      }
    };
  }

  /** A file says itself what no tensor tells, so that it can be run without further files. */
  private ImmutableList<String> safetensors(WeightImporter importer, Path file) throws IOException {
    ServingModel model = source.model();
    ImmutableMap.Builder<String, String> strings = ImmutableMap.builder();
    strings.put(PublishedDescription.CONFIG_KEY, ConfigJson.tree(model.config()).toString());
    if (!model.vocabulary().tokens().equals(Vocabulary.bertBaseUncased().tokens())) {
      strings.put(
          PublishedDescription.VOCABULARY_KEY, String.join("\n", model.vocabulary().tokens()));
    }
    return WeightExporter.write(importer, PublishedForm.OFFICIAL, file, strings.buildOrThrow());
  }

  /** The variables that inference needs. */
  private List<VariableValues.Wanted> variables() {
    List<VariableValues.Wanted> shapes = new ArrayList<>();
    ModelConfig config = source.model().config();
    try (Graph graph = new Graph()) {
      VariableScope scope = VariableScope.root(GraphContext.create(graph, Mode.INFER), 0);
      Blip.create(scope, config.architecture(), config.task());
      for (Variable<?> variable : scope.all()) {
        shapes.add(new VariableValues.Wanted(variable.name(), variable.shape()));
      }
    }
    return shapes;
  }

  /**
   * What else the weights hold for training of the same task to go on: momentum copies, queues, the
   * temperature. Copies of the image encoder have the image size of the model.
   */
  private ImmutableList<VariableValues.Wanted> trainingState(
      WeightNames names, List<VariableValues.Wanted> variables) {
    boolean sameTask =
        PublishedTask.of(source.file().tensors().keySet())
            .task()
            .filter(task -> task == source.model().config().task())
            .isPresent();
    if (!sameTask) {
      return ImmutableList.of();
    }
    Map<String, Shape> online = new HashMap<>();
    variables.forEach(variable -> online.put(variable.name(), variable.shape()));
    Set<String> added = new HashSet<>();
    ImmutableList.Builder<VariableValues.Wanted> state = ImmutableList.builder();
    for (StoredTensor tensor : source.file().tensors().values()) {
      Optional<WeightNames.Target> target = names.target(tensor.name()).filter(to -> !to.tied());
      if (target.isPresent()
          && !online.containsKey(target.get().variable())
          && added.add(target.get().variable())) {
        String name = target.get().variable();
        Shape own = target.get().layout().toOurs(tensor.shape());
        state.add(
            new VariableValues.Wanted(name, online.getOrDefault(name.replace(MOMENTUM, "/"), own)));
      }
    }
    return state.build();
  }
}
