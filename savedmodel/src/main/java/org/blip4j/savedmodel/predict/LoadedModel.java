package org.blip4j.savedmodel.predict;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.blip4j.data.text.Vocabulary;
import org.blip4j.graph.config.ConfigJson;
import org.blip4j.graph.config.ModelConfig;
import org.blip4j.ops.core.Mode;
import org.blip4j.ops.kernel.NativeLibrary;
import org.blip4j.savedmodel.open.ModelSource;
import org.blip4j.savedmodel.open.OpenModel;
import org.blip4j.savedmodel.open.ServingModel;
import org.blip4j.savedmodel.signature.ExportedInfo;
import org.blip4j.savedmodel.signature.ServingGraph;
import org.blip4j.savedmodel.signature.ServingSettings;
import org.tensorflow.Session;

/**
 * A serving graph built in memory whose variables have the values of a model.
 *
 * @see Predictor
 */
public final class LoadedModel implements AutoCloseable {
  private final ServingModel model;
  private final ServingSettings settings;
  private final ServingGraph graph;
  private final Session session;

  private LoadedModel(
      ServingModel model, ServingSettings settings, ServingGraph graph, Session session) {
    this.model = model;
    this.settings = settings;
    this.graph = graph;
    this.session = session;
  }

  /**
   * Opens a model folder or published weights.
   *
   * @throws IOException if it is an exported model, which has a graph of its own
   */
  public static LoadedModel open(ModelSource source, PredictorOptions options) throws IOException {
    if (source instanceof ModelSource.Folder folder) {
      return open(
          OpenModel.describe(folder.folder()),
          new ModelWeights.Checkpoint(folder.folder().variables()),
          options);
    }
    if (source instanceof ModelSource.Published) {
      try (OpenModel open = OpenModel.open(source)) {
        ServingModel model = open.model();
        return open(model, new ModelWeights.Published(open.file(), model.config().task()), options);
      }
    }
    throw new IOException(source.path() + " is exported already; give a model folder or weights");
  }

  /** What was made before a step fails is closed. */
  private static LoadedModel open(
      ServingModel model, ModelWeights weights, PredictorOptions options) throws IOException {
    ServingSettings settings =
        options.adjust().apply(ServingSettings.of(model.config().textSettings()));
    List<AutoCloseable> made = new ArrayList<>();
    NativeLibrary.begin(() -> WarmUp.firstSession(options.session()));
    try {
      ServingGraph graph = ServingGraph.build(model, settings, options.kernels());
      made.add(0, graph);
      Session session =
          new Session(graph.graph(), options.kernels().sessionFrom(options.session(), Mode.INFER));
      made.add(0, session);
      weights.load(graph, session);
      if (graph.preparation().isPresent()) {
        graph.signatures(); // adds all kernels to the graph
        session.runner().addTarget(graph.preparation().get().get()).run().close();
      }
      return new LoadedModel(model, settings, graph, session);
    } catch (IOException | RuntimeException | Error e) {
      for (AutoCloseable one : made) {
        try {
          one.close();
        } catch (Exception more) {
          e.addSuppressed(more);
        }
      }
      throw e;
    }
  }

  /**
   * The same model with other settings in a graph of its own. On a CPU both graphs' variables share
   * one memory; on a GPU they are copied.
   *
   * @param other what is baked into the graph
   */
  LoadedModel withSettings(ServingSettings other, PredictorOptions options) throws IOException {
    return open(model, new ModelWeights.Shared(this), options.withSettings(own -> other));
  }

  /**
   * Builds an exported model anew from its description and its weights, with kernels and settings
   * of its own.
   */
  public static LoadedModel rebuild(ModelSource.Exported source, PredictorOptions options)
      throws IOException {
    Path path = source.path();
    ModelConfig config =
        ConfigJson.read(path.resolve(ExportedInfo.FILE), ExportedInfo.class).model();
    Vocabulary vocabulary = Vocabulary.read(path.resolve(ExportedInfo.VOCABULARY_FILE));
    return open(
        new ServingModel(config, vocabulary),
        new ModelWeights.Checkpoint(path.resolve("variables/variables")),
        options);
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
    try (graph) {
      session.close();
    }
  }
}
