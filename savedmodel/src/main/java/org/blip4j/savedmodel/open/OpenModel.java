package org.blip4j.savedmodel.open;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.blip4j.data.file.JsonFile;
import org.blip4j.data.text.Vocabulary;
import org.blip4j.data.weights.WeightFile;
import org.blip4j.graph.config.ConfigJson;
import org.blip4j.graph.config.ModelConfig;
import org.blip4j.graph.config.ModelFolder;
import org.blip4j.graph.config.Task;
import org.blip4j.graph.weights.CheckpointWeights;
import org.blip4j.graph.weights.PublishedWeights;
import org.blip4j.graph.weights.StartingModel;

/**
 * A model in any form with its weights open, under published names: the one way to open one.
 *
 * <pre>{@code
 * try (OpenModel model = OpenModel.open(ModelSource.resolve("hf:Salesforce/blip-vqa-base"))) {
 *   model.file().tensors(); // whatever the form
 * }
 * }</pre>
 *
 * @param path what it was named by
 * @param file its tensors
 * @param model what it is to be run as
 * @param notes what the user should know, a sentence each
 */
public record OpenModel(Path path, WeightFile file, ServingModel model, List<String> notes)
    implements AutoCloseable {
  public OpenModel {
    notes = List.copyOf(notes);
  }

  /** Opens a model for its own task. */
  public static OpenModel open(ModelSource source) throws IOException {
    return open(source, Optional.empty());
  }

  /**
   * Opens a model to be run for a task; empty for its own.
   *
   * @throws IOException if files are missing or damaged, or it is no model that can be run here
   */
  public static OpenModel open(ModelSource source, Optional<Task> task) throws IOException {
    if (source instanceof ModelSource.Published published) {
      return published(published, task);
    }
    if (source instanceof ModelSource.Folder folder) {
      ModelFolder files = folder.folder();
      ServingModel model = model(files.readConfig(), files.vocabularyFile(), task);
      return new OpenModel(
          source.path(), CheckpointWeights.open(files.variables()), model, List.of());
    }
    ModelSource.Exported exported = (ModelSource.Exported) source;
    ServingModel model = model(config(exported.infoFile()), exported.vocabularyFile(), task);
    return new OpenModel(
        source.path(), CheckpointWeights.open(exported.variables()), model, List.of());
  }

  /**
   * What a model folder is, its weights unread.
   *
   * @throws IOException if a file is missing or damaged
   */
  public static ServingModel describe(ModelFolder folder) throws IOException {
    return model(folder.readConfig(), folder.vocabularyFile(), Optional.empty());
  }

  private static OpenModel published(ModelSource.Published source, Optional<Task> task)
      throws IOException {
    WeightFile file = PublishedWeights.open(source.path());
    try {
      PublishedDescription description = PublishedDescription.of(file, source, task);
      return new OpenModel(source.path(), file, description.model(), description.notes());
    } catch (IOException | RuntimeException | Error e) {
      file.close();
      throw e;
    }
  }

  private static ServingModel model(ModelConfig config, Path vocabulary, Optional<Task> task)
      throws IOException {
    ModelConfig wanted =
        task.map(other -> PublishedDescription.forTask(config, other)).orElse(config);
    return new ServingModel(wanted, Vocabulary.read(vocabulary));
  }

  /** What an exported model is, apart from the settings baked into its graph. */
  private static ModelConfig config(Path info) throws IOException {
    if (!Files.isRegularFile(info)) {
      throw new IOException(info + " is missing; it is no export of this program");
    }
    JsonNode tree = JsonFile.read(info).tree();
    return ConfigJson.convert(tree.path("model"), info + ": model", ModelConfig.class);
  }

  /**
   * A model of any form for another one to start from; its weights are opened when training asks
   * for them.
   *
   * @throws IOException as {@link #open}
   */
  public static StartingModel starting(ModelSource source) throws IOException {
    try (OpenModel open = open(source)) {
      return new StartingModel(
          source instanceof ModelSource.Published published
              ? published.provenance().source()
              : source.path().toString(),
          open.model().config(),
          open.model().vocabulary(),
          () -> open(source).file());
    }
  }

  @Override
  public void close() throws IOException {
    file.close();
  }
}
