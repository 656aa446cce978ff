package org.blip4j.savedmodel.predict;

import java.io.IOException;
import java.io.InterruptedIOException;
import java.io.UncheckedIOException;
import java.nio.channels.ClosedByInterruptException;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import org.blip4j.data.text.Vocabulary;
import org.blip4j.graph.config.ConfigJson;
import org.blip4j.ops.core.Mode;
import org.blip4j.ops.kernel.NativeLibrary;
import org.blip4j.savedmodel.open.ModelSource;
import org.blip4j.savedmodel.open.ServingModel;
import org.blip4j.savedmodel.signature.ExportedInfo;
import org.blip4j.savedmodel.signature.ServingSettings;
import org.blip4j.savedmodel.signature.ServingSignature;
import org.tensorflow.SavedModelBundle;
import org.tensorflow.exceptions.TensorFlowException;

/**
 * A model in memory with what all its calls share: its weights once, a runner for each of the
 * settings that were used last, and the threads that compute.
 */
final class OpenedModel implements AutoCloseable {
  /** Settings other than the model's own whose graphs are kept. */
  static final int MOST_SETTINGS = 8;

  private static final int IDLE_SECONDS = 10;

  private final ServingModel model;
  private final ServingSettings settings;
  private final PredictorOptions options;
  private final SignatureRunner runner;
  private final Optional<LoadedModel> loaded;
  private final CallParts parts;
  private final ExecutorService computing;
  private final ExecutorService calling = threads("blip-call", 256);
  private final KeptGraphs others;

  private OpenedModel(
      ServingModel model,
      ServingSettings settings,
      PredictorOptions options,
      Function<OpenedModel, SignatureRunner> runner,
      Optional<LoadedModel> loaded) {
    this.model = model;
    this.settings = settings;
    this.options = options;
    this.loaded = loaded;
    this.parts = new CallParts(options.memoryBudget(), model.config());
    this.computing =
        threads("blip-compute", Math.max(4, Runtime.getRuntime().availableProcessors()));
    this.runner = runner.apply(this);
    this.others =
        new KeptGraphs(
            MOST_SETTINGS,
            threads("blip-build", 1),
            (wanted, released) -> this.runner.whileOpen(() -> openOther(wanted, released)));
  }

  private static ExecutorService threads(String name, int most) {
    ThreadFactory factory =
        work -> {
          Thread thread = new Thread(work, name);
          thread.setDaemon(true);
          return thread;
        };
    ThreadPoolExecutor pool =
        new ThreadPoolExecutor(
            most, most, IDLE_SECONDS, TimeUnit.SECONDS, new LinkedBlockingQueue<>(), factory);
    pool.allowCoreThreadTimeOut(true);
    return pool;
  }

  static OpenedModel open(ModelSource source, PredictorOptions options) throws IOException {
    NativeLibrary.requireRoom(source.path());
    if (source instanceof ModelSource.Exported exported) {
      return open(exported, options.portable());
    }
    LoadedModel loaded;
    try {
      loaded = LoadedModel.open(source, options);
    } catch (ClosedByInterruptException e) {
      throw (IOException)
          new InterruptedIOException(source.path() + ": interrupted while the model was opened")
              .initCause(e);
    }
    return new OpenedModel(
        loaded.model(),
        loaded.settings(),
        options,
        own -> own.runner(loaded, loaded::close),
        Optional.of(loaded));
  }

  private SignatureRunner runner(LoadedModel one, Runnable release) {
    return new SignatureRunner(
        one.session(), one.graph().signaturesOnDemand(), parts, computing, release);
  }

  private static OpenedModel open(ModelSource.Exported source, PredictorOptions options)
      throws IOException {
    ExportedInfo info =
        ConfigJson.read(source.path().resolve(ExportedInfo.FILE), ExportedInfo.class);
    ServingSettings wanted = options.adjust().apply(info.serving());
    if (!wanted.withExpectedBatch(info.serving().expectedBatch()).equals(info.serving())) {
      throw exportedWithOthers(source.path().toString(), info.serving(), wanted);
    }
    Vocabulary vocabulary = Vocabulary.read(source.path().resolve(ExportedInfo.VOCABULARY_FILE));
    ServingModel model = new ServingModel(info.model(), vocabulary);
    NativeLibrary.begin(() -> WarmUp.firstSession(options.session()));
    SavedModelBundle bundle;
    try {
      bundle =
          SavedModelBundle.loader(source.path().toString())
              .withTags("serve")
              .withConfigProto(options.kernels().sessionFrom(options.session(), Mode.INFER))
              .load();
    } catch (TensorFlowException e) {
      throw new IOException(
          source.path() + ": the exported model cannot be loaded: " + e.getMessage(), e);
    }
    try {
      return new OpenedModel(
          model,
          info.serving(),
          options,
          own ->
              new SignatureRunner(
                  bundle.session(),
                  bundle.metaGraphDef().getSignatureDefMap(),
                  own.parts,
                  own.computing,
                  bundle::close),
          Optional.empty());
    } catch (RuntimeException | Error e) {
      bundle.close();
      throw e;
    }
  }

  private static IllegalArgumentException exportedWithOthers(
      String what, ServingSettings own, ServingSettings wanted) {
    return new IllegalArgumentException(
        "%s was exported with other settings (%s) than are asked for (%s); take those, or open the"
                .formatted(what, own, wanted)
            + " model that it was exported from");
  }

  ServingModel model() {
    return model;
  }

  ServingSettings settings() {
    return settings;
  }

  Optional<LoadedModel> loaded() {
    return loaded;
  }

  /** Where calls run that nobody waits for. */
  ExecutorService calling() {
    return calling;
  }

  boolean has(ServingSignature signature) {
    return runner.has(signature);
  }

  /** Fails if the model cannot run with other settings than its own. */
  void requireSettings(ServingSettings wanted) {
    if (loaded.isEmpty() && !wanted.equals(settings)) {
      throw exportedWithOthers("the model", settings, wanted);
    }
  }

  /** Runs a signature with settings of the call. */
  <R> List<R> run(
      ServingSignature signature,
      ServingSettings wanted,
      CallInputs inputs,
      CallControl control,
      Function<SignatureRunner.Outputs, List<R>> read) {
    runner.require(signature);
    ServingSettings heeded = heeded(signature, wanted);
    CallControl.Watch watch = control.begin(signature.key(), inputs.rows());
    return heeded.equals(settings)
        ? runner.run(signature, inputs, watch, read)
        : others.call(heeded, watch, other -> other.run(signature, inputs, watch, read));
  }

  /** The model's own settings but for what a signature heeds: others need no graph of their own. */
  ServingSettings heeded(ServingSignature signature, ServingSettings wanted) {
    return switch (signature) {
      case CAPTION -> settings.withSearch(wanted.search()).withPrompt(wanted.prompt());
      case CAPTION_PROMPTED -> settings.withSearch(wanted.search());
      case CAPTION_SAMPLE -> settings.withSampling(wanted.sampling()).withPrompt(wanted.prompt());
      case VQA -> settings.withSearch(wanted.search()).withMatchToken(wanted.matchToken());
      case VQA_RANK, MATCH, TEXT_EMBEDDING, ATTRIBUTION ->
          settings.withMatchToken(wanted.matchToken());
      case IMAGE_EMBEDDING, NLVR, DIALOGUE_RANK, CAPFILT -> settings;
    };
  }

  private SignatureRunner openOther(ServingSettings wanted, Runnable released) {
    try {
      LoadedModel other = loaded.orElseThrow().withSettings(wanted, options);
      return runner(
          other,
          () -> {
            other.close();
            released.run();
          });
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** How many graphs of other settings are kept. */
  int kept() {
    return others.size();
  }

  @Override
  public void close() {
    runner.close();
    others.close();
    computing.shutdown();
    calling.shutdown();
  }
}
