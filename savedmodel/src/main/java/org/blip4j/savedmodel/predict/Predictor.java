package org.blip4j.savedmodel.predict;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import org.blip4j.savedmodel.open.ModelSource;
import org.blip4j.savedmodel.open.ServingModel;
import org.blip4j.savedmodel.signature.ServingSettings;
import org.blip4j.savedmodel.signature.ServingSignature;

/**
 * Runs a model in Java: captions, match scores, embeddings, answers, statements about two images.
 *
 * <p>An exported model is run as a server would; for a model folder or published weights the same
 * graph is built in memory. An image is the bytes of a file, see {@link ImageBytes}. A row that
 * fails says so in its status, one whose text was cut in its note, and both leave the others alone.
 *
 * <p>Calls may come from several threads at once; {@link #close} waits for those that run. A large
 * call is computed in parts ({@link PredictorOptions#memoryBudget}). An interrupt ends a call with
 * a {@link java.util.concurrent.CancellationException}: its thread goes on at once, the part that
 * is being computed ends by itself, and no further part begins.
 *
 * <pre>{@code
 * try (Predictor model = Predictor.open("hf:Salesforce/blip-image-captioning-base")) {
 *   System.out.println(model.caption(ImageBytes.of(Path.of("photo.jpg"))).text());
 *   model.with(own -> own.withBeams(1)).within(Duration.ofSeconds(5)).caption(images);
 *   CompletableFuture<List<Caption>> later = model.async(it -> it.caption(images));
 * }
 * }</pre>
 */
public final class Predictor extends ModelCalls implements AutoCloseable {
  private final OpenedModel opened;
  private final ServingSettings settings;
  private final CallControl control;
  private final Optional<BatchedCalls> batched;
  private final Runnable release;

  private Predictor(
      OpenedModel opened,
      ServingSettings settings,
      CallControl control,
      Optional<BatchedCalls> batched,
      Runnable release) {
    this.opened = opened;
    this.settings = settings;
    this.control = control;
    this.batched = batched;
    this.release = release;
  }

  /** Opens a model by its name as the commands do, {@link ModelSource#resolve(String)}. */
  public static Predictor open(String name) throws IOException {
    return open(ModelSource.resolve(name));
  }

  /** Opens a model file or folder as the commands do. */
  public static Predictor open(Path path) throws IOException {
    return open(ModelSource.resolve(path));
  }

  /** Opens a model as the commands do: {@link PredictorOptions#defaults}. */
  public static Predictor open(ModelSource source) throws IOException {
    return open(source, PredictorOptions.defaults());
  }

  /**
   * Opens a model.
   *
   * @throws IOException if it cannot be read; says what is wrong with it
   * @throws IllegalArgumentException if settings are asked for that an exported model does not have
   * @throws IllegalStateException if TensorFlow's native library is missing or has no room; says
   *     what to do
   */
  public static Predictor open(ModelSource source, PredictorOptions options) throws IOException {
    Objects.requireNonNull(source, "source is null; ModelSource.resolve finds one");
    Objects.requireNonNull(options, "options is null; PredictorOptions.defaults() are the usual");
    OpenedModel opened = OpenedModel.open(source, options);
    return new Predictor(
        opened, opened.settings(), CallControl.NONE, Optional.empty(), opened::close);
  }

  /**
   * The same model with settings of its own for each call made on it: beams, lengths, sampling,
   * prompt. The weights are shared, and so is a batching: calls with the same settings are computed
   * together. Graphs of the eight settings that were used last are kept, each built at its first
   * call; the first one of a setting so takes longer. What is returned is closed with this one.
   *
   * @throws IllegalArgumentException of an exported model, whose settings are fixed
   */
  public Predictor with(UnaryOperator<ServingSettings> change) {
    Objects.requireNonNull(change, "change is null; give what makes other settings of these");
    ServingSettings wanted =
        Objects.requireNonNull(change.apply(settings), "change gave null; give settings");
    opened.requireSettings(wanted);
    return new Predictor(opened, wanted, control, batched, () -> {});
  }

  /**
   * The same model where no call takes longer: it ends with a {@link
   * java.util.concurrent.CancellationException}, as when it is interrupted.
   */
  public Predictor within(Duration limit) {
    Objects.requireNonNull(limit, "limit is null; give the longest time of a call");
    CallControl other = new CallControl(Optional.of(limit), control.outcome());
    return new Predictor(opened, settings, other, batched, () -> {});
  }

  /**
   * The same model where rows of calls from many threads are computed together. Its threads end
   * when it is closed, which is to be done before this one is.
   */
  public Predictor batching(DynamicBatching.Settings bounds) {
    Objects.requireNonNull(bounds, "bounds is null; give DynamicBatching.Settings.of(rows)");
    BatchedCalls together = new BatchedCalls(opened, bounds);
    return new Predictor(opened, settings, control, Optional.of(together), together::close);
  }

  /**
   * Makes a call in another thread. Once the future is done otherwise, cancelled or {@link
   * CompletableFuture#orTimeout late}, no further part of the call begins, nor one that waits for
   * others.
   *
   * @param call is given this predictor, and no other is to be used in it
   */
  public <R> CompletableFuture<R> async(Function<Predictor, R> call) {
    Objects.requireNonNull(call, "call is null; give a call such as it -> it.caption(image)");
    CompletableFuture<R> future = new CompletableFuture<>();
    CallControl other = new CallControl(control.limit(), Optional.of(future));
    Predictor own = new Predictor(opened, settings, other, batched, () -> {});
    Runnable calling =
        () -> {
          try {
            if (!future.isDone()) {
              future.complete(call.apply(own));
            }
          } catch (Throwable e) {
            future.completeExceptionally(e);
          }
        };
    try {
      opened.calling().execute(calling);
    } catch (RejectedExecutionException e) {
      future.completeExceptionally(
          new IllegalStateException("this predictor was closed; open the model again", e));
    }
    return future;
  }

  /**
   * Makes one call of each signature that the model has, so that the first ones of the program take
   * no longer than later ones.
   */
  public void warmUp() {
    WarmUp.of(this);
  }

  /** What the model is. */
  @Override
  public ServingModel model() {
    return opened.model();
  }

  /** The settings that calls are made with. */
  public ServingSettings settings() {
    return settings;
  }

  /** The graph that was built in memory; empty of an exported model. */
  Optional<LoadedModel> loaded() {
    return opened.loaded();
  }

  /** What computes calls of many threads together. */
  Optional<BatchedCalls> batched() {
    return batched;
  }

  /** How many graphs of other settings are kept. */
  int kept() {
    return opened.kept();
  }

  /** Whether the model has a signature. */
  @Override
  public boolean has(ServingSignature signature) {
    return opened.has(signature);
  }

  /**
   * Waits for the parts of calls that are computed and lets the model go; later calls are refused
   * with an {@link IllegalStateException}. A second time does nothing. One that was made by {@link
   * #with} or {@link #within} has nothing of its own to close.
   */
  @Override
  public void close() {
    release.run();
  }

  @Override
  <R> List<R> compute(
      ServingSignature signature,
      CallInputs inputs,
      Function<SignatureRunner.Outputs, List<R>> read) {
    return batched.isPresent()
        ? batched.get().run(signature, settings, inputs, control, read)
        : opened.run(signature, settings, inputs, control, read);
  }
}
