package org.blip4j.savedmodel.predict;

import java.io.IOException;
import org.blip4j.data.text.Vocabulary;
import org.blip4j.data.weights.WeightFile;
import org.blip4j.graph.config.ModelConfig;
import org.blip4j.savedmodel.open.ModelSource;
import org.blip4j.savedmodel.open.PublishedDescription;
import org.blip4j.savedmodel.open.ServingModel;
import org.blip4j.savedmodel.signature.ServingGraph;
import org.blip4j.savedmodel.signature.ServingSettings;
import org.tensorflow.Session;

/** A serving graph built in memory whose variables have the values of a model. */
public final class LoadedModel implements AutoCloseable {
  private final ServingModel model;
  private final ServingSettings settings;
  private final ServingGraph graph;
  private final Session session;

  private LoadedModel(
      ServingModel model, ServingSettings settings, ModelWeights weights, PredictorOptions options)
      throws IOException {
    this.model = model;
    this.settings = settings;
    this.graph = ServingGraph.build(model, settings, options.kernels());
    this.session = new Session(graph.graph(), options.kernels().sessionFrom(options.session()));
    try {
      weights.load(graph, session);
      if (graph.preparation().isPresent()) {
        graph.signatures(); // adds all kernels to the graph
        session.runner().addTarget(graph.preparation().get().get()).run().close();
      }
    } catch (IOException | RuntimeException e) {
      close();
      throw e;
    }
  }

  public static LoadedModel open(ModelSource.Folder source, PredictorOptions options)
      throws IOException {
    ModelConfig config = source.folder().readConfig();
    Vocabulary vocabulary = Vocabulary.read(source.folder().vocabularyFile());
    return open(
        new ServingModel(config, vocabulary),
        new ModelWeights.Checkpoint(source.folder().variables()),
        options);
  }

  public static LoadedModel open(ModelSource.Published source, PredictorOptions options)
      throws IOException {
    ServingModel model;
    try (WeightFile file = WeightFile.open(source.path())) {
      model = PublishedDescription.of(file, source).model();
    }
    return open(model, new ModelWeights.Published(source.path(), model.config().task()), options);
  }

  private static LoadedModel open(
      ServingModel model, ModelWeights weights, PredictorOptions options) throws IOException {
    ServingSettings settings =
        options.adjust().apply(ServingSettings.of(model.config().textSettings()));
    return new LoadedModel(model, settings, weights, options);
  }

  public ServingModel model() {
    return model;
  }

  public ServingSettings settings() {
    return settings;
  }

  public ServingGraph graph() {
    return graph;
  }

  public Session session() {
    return session;
  }

  @Override
  public void close() {
    session.close();
    graph.close();
  }
}
