package org.blip4j.savedmodel.serve;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.blip4j.data.text.Vocabulary;
import org.blip4j.graph.config.ConfigJson;
import org.blip4j.graph.config.ModelConfig;
import org.blip4j.graph.config.Provenance;
import org.blip4j.graph.config.Task;
import org.blip4j.graph.config.TextSettings;
import org.blip4j.savedmodel.weights.ConfigFromWeights;
import org.blip4j.savedmodel.weights.HeadCounts;
import org.blip4j.savedmodel.weights.PublishedModel;
import org.blip4j.savedmodel.weights.WeightFile;
import org.tensorflow.Session;

/** A serving graph built in memory whose variables have the values of a model. */
final class LoadedModel implements AutoCloseable {
  private final ServingModel model;
  private final ServingSettings settings;
  private final ServingGraph graph;
  private final Session session;

  private LoadedModel(
      ServingModel model, ServingSettings settings, ModelWeights weights, PredictorOptions options)
      throws IOException {
    this.model = model;
    this.settings = settings;
    this.graph = ServingGraph.build(model, settings);
    this.session = new Session(graph.graph(), options.session());
    try {
      weights.load(graph, session);
    } catch (IOException | RuntimeException e) {
      close();
      throw e;
    }
  }

  static LoadedModel open(ModelSource.Folder source, PredictorOptions options) throws IOException {
    ModelConfig config = source.folder().readConfig();
    Vocabulary vocabulary = Vocabulary.read(source.folder().vocabularyFile());
    return open(
        new ServingModel(config, vocabulary),
        new ModelWeights.Checkpoint(source.folder().variables()),
        options);
  }

  static LoadedModel open(ModelSource.Published source, PredictorOptions options)
      throws IOException {
    ModelConfig config =
        source.config().isPresent()
            ? ConfigJson.read(source.config().get(), ModelConfig.class)
            : configOf(source.path());
    return open(
        new ServingModel(config, vocabularyOf(source.path())),
        new ModelWeights.Published(source.path(), config.task()),
        options);
  }

  private static LoadedModel open(
      ServingModel model, ModelWeights weights, PredictorOptions options) throws IOException {
    ServingSettings settings =
        options.adjust().apply(ServingSettings.of(model.config().textSettings()));
    return new LoadedModel(model, settings, weights, options);
  }

  private static ModelConfig configOf(Path path) throws IOException {
    try (WeightFile file = WeightFile.open(path)) {
      PublishedModel model = ConfigFromWeights.read(file, HeadCounts.published());
      Task task =
          model
              .task()
              .task()
              .orElseThrow(
                  () ->
                      new IOException(
                          path
                              + ": a published "
                              + model.task()
                              + " model; it cannot be run here"));
      return ModelConfig.of(
          task,
          model.config(),
          TextSettings.published(),
          new Provenance(path.toString(), "published", "unknown", 0));
    }
  }

  /** Published weights come with the vocabulary of BERT, or with one of their own beside them. */
  private static Vocabulary vocabularyOf(Path path) throws IOException {
    Path folder = Files.isDirectory(path) ? path : path.toAbsolutePath().getParent();
    Path own = folder.resolve("vocab.txt");
    return Files.isRegularFile(own) ? Vocabulary.read(own) : Vocabulary.bertBaseUncased();
  }

  ServingModel model() {
    return model;
  }

  ServingSettings settings() {
    return settings;
  }

  ServingGraph graph() {
    return graph;
  }

  Session session() {
    return session;
  }

  @Override
  public void close() {
    session.close();
    graph.close();
  }
}
