package org.blip4j.training.run;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Clock;
import java.util.Objects;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import org.blip4j.data.file.FolderLock;
import org.blip4j.data.pipeline.SamplePipeline;
import org.blip4j.data.stream.Prefetch;
import org.blip4j.graph.config.ModelFolder;
import org.blip4j.graph.weights.ImportReport;
import org.blip4j.ops.kernel.NativeLibrary;
import org.blip4j.training.config.RunConfig;
import org.blip4j.training.config.RunDescription;
import org.blip4j.training.config.RunInputs;
import org.blip4j.training.config.RunPlan;
import org.blip4j.training.event.EventFileWriter;
import org.blip4j.training.event.TrainingListener;
import org.blip4j.training.input.RecordBatches;
import org.blip4j.training.input.TrainingBatch;
import org.blip4j.training.validate.Validation;
import org.tensorflow.Graph;
import org.tensorflow.Output;
import org.tensorflow.Session;
import org.tensorflow.op.Ops;
import org.tensorflow.proto.ConfigProto;

/**
 * The training loop: pre-training and fine-tuning, from the first step or from where a stopped run
 * was.
 *
 * <pre>{@code
 * RunConfig config = RunConfigReader.of(Task.PRETRAIN).file(path).config();
 * Trainer.Outcome outcome =
 *     Trainer.of(config, RunInputs.of(shards)).run(folder, new ConsoleLog(System.err::println));
 * }</pre>
 */
public final class Trainer {
  private static final int BATCHES_AHEAD = 2;

  private final RunPlan plan;
  private final RunConfig config;
  private final BooleanSupplier stop;
  private final boolean overwrite;
  private final Optional<Validation> validation;

  /**
   * How a run ended.
   *
   * @param step steps taken
   * @param finished false if it was asked to stop before its last step
   * @param model the model folder; only written if finished
   */
  public record Outcome(long step, boolean finished, ModelFolder model) {}

  /** A loss or gradient is no longer a finite number, so that going on is useless. */
  public static final class DivergedException extends IOException {
    private static final long serialVersionUID = 1L;

    DivergedException(String message) {
      super(message);
    }
  }

  /** Another process that trains with this one was lost, so that all have to begin again. */
  public static final class PeerLostException extends IOException {
    private static final long serialVersionUID = 1L;

    PeerLostException(String message) {
      super(message);
    }

    PeerLostException(String message, Throwable cause) {
      super(message, cause);
    }
  }

  private Trainer(
      RunPlan plan, BooleanSupplier stop, boolean overwrite, Optional<Validation> validation) {
    this.validation = validation;
    this.plan = plan;
    this.overwrite = overwrite;
    this.config = plan.config();
    this.stop = stop;
  }

  /**
   * Checks a run; nothing is written.
   *
   * @throws IllegalArgumentException if the configuration does not fit the data, the vocabulary or
   *     the model to start from
   * @throws IOException if one of these cannot be read
   */
  public static Trainer of(RunConfig config, RunInputs inputs) throws IOException {
    return new Trainer(RunPlan.resolve(config, inputs), () -> false, false, Optional.empty());
  }

  /** The same that ends after the present step, with a checkpoint, once it is asked to. */
  public Trainer stoppingWhen(BooleanSupplier asked) {
    return new Trainer(plan, asked, overwrite, validation);
  }

  /** The same that begins anew where another run lies, and removes that one before. */
  public Trainer overwriting(boolean yes) {
    return new Trainer(plan, stop, yes, validation);
  }

  /** The same that measures its model after each epoch and keeps the best one, too. */
  public Trainer validatingWith(Validation asked) {
    return new Trainer(plan, stop, overwrite, Optional.of(asked));
  }

  /**
   * Runs to the end, or until asked to stop. Of several processes ({@link RunInputs#among}) each
   * has to run this on the same run folder; the first one writes it and logs, all stop if one is
   * asked to.
   *
   * @throws PeerLostException if another process was lost; then nothing is written any more
   * @param out the run folder: not there, empty, or one of the same run
   */
  public Outcome run(Path out, TrainingListener listener) throws IOException {
    NativeLibrary.begin(() -> firstSession(plan.inputs().session()));
    RunFolder folder = new RunFolder(out);
    RecordBatches.Data<?> data = RecordBatches.Data.open(plan, folder.index(), listener::note);
    data.pipeline().requireBatch();
    long stepsPerEpoch = data.pipeline().batchesPerEpoch();
    RunDescription description = RunDescription.of(plan, data.index());
    boolean writing = plan.inputs().cluster().chief();
    if (writing) {
      folder.requireUsable(description, overwrite);
    }
    try (FolderLock lock = writing ? FolderLock.take(out) : null;
        TrainingSession session = TrainingSession.open(plan)) {
      if (lock != null) {
        folder.requireUsable(description, overwrite); // as it is now that nobody else writes
      }
      session.peers().await(listener::note);
      CheckpointStore store = folder.checkpoints(config.keeping().checkpoints());
      CheckpointState state = start(session, store, stepsPerEpoch, listener);
      session.peers().greet(identity(description), state.step());
      if (writing) {
        begin(folder, description, data, state);
      }
      try (EventFileWriter events =
              writing ? EventFileWriter.create(out, Clock.systemUTC()) : null;
          Prefetch<TrainingBatch> batches =
              new Prefetch<>("blip-prefetch", data.batches(plan, state.cursor()), BATCHES_AHEAD)) {
        TrainingLoop loop =
            new TrainingLoop(
                plan, session, folder, writing ? TrainingListener.all(events, listener) : listener);
        return loop.run(state, batches, stop, validation);
      }
    }
  }

  private static void firstSession(ConfigProto config) {
    ConfigProto processor = config.toBuilder().putDeviceCount("GPU", 0).build();
    try (Graph graph = new Graph();
        Session session = new Session(graph, processor)) {
      Ops tf = Ops.create(graph);
      Output<?> sum = tf.math.add(tf.constant(1f), tf.constant(1f)).asOutput();
      session.runner().fetch(sum).run().close();
    }
  }

  private void begin(
      RunFolder folder,
      RunDescription description,
      RecordBatches.Data<?> data,
      CheckpointState state)
      throws IOException {
    if (overwrite) {
      folder.clear();
    }
    folder.describe(description);
    data.index().save(folder.index());
    folder.metrics().rewind(state.step());
  }

  /** What processes that train together must have alike. */
  private long identity(RunDescription description) {
    return Objects.hash(
        description.identity(),
        plan.vocabulary().tokens(),
        plan.kernels().name(),
        validation.isPresent(),
        overwrite);
  }

  /** Fresh weights, or the newest checkpoint. */
  private CheckpointState start(
      TrainingSession session, CheckpointStore store, long stepsPerEpoch, TrainingListener listener)
      throws IOException {
    if (plan.inputs().cluster().chief()) {
      store.clean();
    }
    Optional<CheckpointState> newest = overwrite ? Optional.empty() : store.newest();
    if (newest.isEmpty()) {
      Optional<ImportReport> started = session.initialize(plan.inputs().init());
      if (started.isPresent()) {
        listener.note("start: " + started.get().summary());
        started.get().details().forEach(line -> listener.note("  " + line));
      }
      return new CheckpointState(
          0,
          SamplePipeline.Cursor.START.encode(),
          stepsPerEpoch,
          CheckpointState.Window.EMPTY,
          config);
    }
    CheckpointState state = newest.get();
    if (state.stepsPerEpoch() != stepsPerEpoch) {
      throw new IOException(
          "an epoch has %d steps now and had %d when checkpoint %s was written: the data have"
                  .formatted(stepsPerEpoch, state.stepsPerEpoch(), store.prefix(state.step()))
              + " changed; restore them or start another run");
    }
    session.restore(store.prefix(state.step()));
    return state;
  }
}
