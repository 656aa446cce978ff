package org.blip4j.tools.serve;

import java.io.Closeable;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import org.blip4j.savedmodel.predict.BatchRejectedException;
import org.blip4j.savedmodel.predict.DynamicBatching;
import org.blip4j.savedmodel.signature.ServingSignature;
import org.tensorflow.proto.ConfigProto;
import org.tensorflow.proto.GraphOptions;
import org.tensorflow.proto.RewriterConfig;

/** Models that answer requests, without a network. */
public final class ModelServer implements Closeable {
  private static final long POLL_SECONDS = 1;

  /** Of a call whose version was replaced; versions are seconds apart. */
  private static final int RETRIES = 2;

  /**
   * How to serve.
   *
   * @param session devices and threads
   * @param batching bounds of each signature's queue
   * @param limit how long a call may take
   * @param mostBytes how long the body of a request may be
   */
  public record Settings(
      ConfigProto session, DynamicBatching.Settings batching, Duration limit, int mostBytes) {
    /** Half a minute and 16 MiB, as a server has them unless told otherwise. */
    public static Settings of(ConfigProto session) {
      return new Settings(
          session, DynamicBatching.Settings.of(16), Duration.ofSeconds(30), 16 << 20);
    }

    /** The same without the rewriting of graphs, which costs a second at the first call. */
    private ConfigProto plainSession() {
      RewriterConfig none = RewriterConfig.newBuilder().setDisableMetaOptimizer(true).build();
      GraphOptions graph = session.getGraphOptions().toBuilder().setRewriteOptions(none).build();
      return session.toBuilder().setGraphOptions(graph).build();
    }
  }

  private final ModelRepository<ServedModel> models;
  private final ServerMetrics metrics = new ServerMetrics();
  private final Settings settings;
  private final RestApi rest;
  private final ScheduledExecutorService polling =
      Executors.newSingleThreadScheduledExecutor(
          task -> {
            Thread thread = new Thread(task, "model polling");
            thread.setDaemon(true);
            return thread;
          });

  /**
   * A server that loads its models when it is told to.
   *
   * @param writing where answers are written
   */
  public ModelServer(List<ModelConfigs.Model> models, Settings settings, Executor writing) {
    this.settings = settings;
    ServedModel.Settings running =
        new ServedModel.Settings(settings.plainSession(), settings.batching());
    this.models =
        new ModelRepository<>(
            models,
            (model, version, folder) -> ServedModel.load(folder, running, metrics.of(model.name())),
            System::nanoTime);
    this.rest = new RestApi(this.models, metrics, settings.limit(), settings.mostBytes(), writing);
    metrics.watchQueues(this::queued);
  }

  /**
   * A model that answers.
   *
   * @param signatures keys, but for those that take tensors in place of files and texts
   */
  record Offered(String name, List<String> signatures) {}

  /** The models that answer at the moment, in the order of the command line. */
  List<Offered> offered() {
    List<Offered> offered = new ArrayList<>();
    for (String name : models.names()) {
      answering(name)
          .ifPresent(
              model ->
                  offered.add(
                      new Offered(
                          name,
                          model.signatures().keySet().stream()
                              .filter(key -> !key.endsWith(ServingSignature.TENSOR_SUFFIX))
                              .sorted()
                              .toList())));
    }
    return offered;
  }

  private Map<String, Integer> queued() {
    Map<String, Integer> queued = new LinkedHashMap<>();
    for (String name : models.names()) {
      queued.put(name, answering(name).map(ServedModel::queued).orElse(0));
    }
    return queued;
  }

  /** The newest version of a model, if there is one at the moment. */
  private Optional<ServedModel> answering(String name) {
    try {
      return Optional.of(models.find(name, Optional.empty(), Optional.empty()).model());
    } catch (ServingException e) {
      return Optional.empty();
    }
  }

  /** A call from its beginning, with the search for a version that answers. */
  interface Call<T> {
    CompletableFuture<T> begin() throws ServingException;
  }

  /** Makes a call, and again if a newer version took the place of the one that it had found. */
  static <T> CompletableFuture<T> whileReplaced(Call<T> call) {
    return whileReplaced(call, RETRIES);
  }

  private static <T> CompletableFuture<T> whileReplaced(Call<T> call, int retries) {
    CompletableFuture<T> begun;
    try {
      begun = call.begin();
    } catch (ServingException | RuntimeException | Error e) {
      begun = CompletableFuture.failedFuture(e);
    }
    return begun.exceptionallyCompose(
        failure -> {
          boolean replaced =
              ServingException.causeOf(failure) instanceof BatchRejectedException rejected
                  && rejected.reason() == BatchRejectedException.Reason.CLOSED;
          return replaced && retries > 0
              ? whileReplaced(call, retries - 1)
              : CompletableFuture.failedFuture(failure);
        });
  }

  /** Loads what there is now. */
  public void load() {
    models.poll();
  }

  /** Goes on looking every second for what changes in the folders. */
  public void keepLooking() {
    ScheduledFuture<?> unused =
        polling.scheduleWithFixedDelay(this::look, POLL_SECONDS, POLL_SECONDS, TimeUnit.SECONDS);
  }

  /** Looks once; what fails is counted, and does not end the looking. */
  void look() {
    try {
      models.poll();
    } catch (RuntimeException | Error e) {
      metrics.pollFailed();
    }
  }

  /** The REST API. */
  public RestApi rest() {
    return rest;
  }

  ModelRepository<ServedModel> models() {
    return models;
  }

  ServerMetrics metrics() {
    return metrics;
  }

  Settings settings() {
    return settings;
  }

  /** Answers what is queued and lets the models go. */
  @Override
  public void close() {
    polling.shutdown();
    try {
      boolean unused = polling.awaitTermination(1, TimeUnit.MINUTES);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    models.close();
  }
}
