package org.blip4j.training.run;

import com.google.common.collect.ImmutableMap;
import java.io.IOException;
import java.util.List;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import org.blip4j.data.file.AtomicFolder;
import org.blip4j.data.stream.Prefetch;
import org.blip4j.graph.config.ModelConfig;
import org.blip4j.graph.config.ModelFolder;
import org.blip4j.training.config.RunConfig;
import org.blip4j.training.config.RunPlan;
import org.blip4j.training.event.StepReport;
import org.blip4j.training.event.TrainingListener;
import org.blip4j.training.input.TrainingBatch;
import org.blip4j.training.optimize.AdamW;
import org.blip4j.training.optimize.RunPosition;
import org.blip4j.training.validate.Validation;

/**
 * The steps of one process: batch, step, log, checkpoint; at the end the model. Of several
 * processes the first one writes, and the others wait for it.
 */
final class TrainingLoop {
  private final RunPlan plan;
  private final RunConfig config;
  private final TrainingSession session;
  private final Peers peers;
  private final RunFolder folder;
  private final CheckpointStore store;
  private final TrainingListener listener;
  private long reportedAt;
  private long samples;
  private boolean warm;

  TrainingLoop(RunPlan plan, TrainingSession session, RunFolder folder, TrainingListener listener) {
    this.plan = plan;
    this.config = plan.config();
    this.session = session;
    this.peers = session.peers();
    this.folder = folder;
    this.store = folder.checkpoints(config.keeping().checkpoints());
    this.listener = listener;
  }

  /** Goes on from a state to the end, or until asked to stop; then there is a checkpoint. */
  Trainer.Outcome run(
      CheckpointState from,
      Prefetch<TrainingBatch> batches,
      BooleanSupplier stop,
      Optional<Validation> validation)
      throws IOException {
    long total = config.duration().totalSteps(from.stepsPerEpoch());
    announce(from, total);
    CheckpointState state = from;
    long stored = from.step();
    while (state.step() < total) {
      try (TrainingBatch batch = batches.next()) {
        Peers.Word word =
            peers.tell(new Peers.Word(stop.getAsBoolean() ? 1 : 0, batch.replaced(), 0));
        if (word.stopping() > 0) {
          break; // all of them, before this step
        }
        state = step(state, batch, word.replaced(), total);
      }
      if (validation.isPresent()
          && (state.step() % state.stepsPerEpoch() == 0 || state.step() == total)) {
        long step = state.step();
        peers.byTheFirst(() -> validate(step, validation.get()));
      }
      if (state.step() % config.keeping().checkpointEvery() == 0 || state.step() == total) {
        store(state);
        stored = state.step();
      }
    }
    if (stored < state.step()) {
      store(state);
    }
    boolean finished = state.step() >= total;
    if (finished) {
      long step = state.step();
      listener.storing(true);
      peers.byTheFirst(() -> writeModel(step));
      listener.storing(false);
    }
    peers.part();
    listener.finished();
    return new Trainer.Outcome(state.step(), finished, folder.model());
  }

  private void store(CheckpointState state) throws IOException {
    requireFiniteVariables(state.step());
    listener.storing(true);
    peers.byTheFirst(() -> store.write(state, session::saveWhole));
    listener.storing(false);
  }

  /** Before the checkpoint of the step, so that a run continued from it has validated it. */
  private void validate(long step, Validation validation) throws IOException {
    long begun = System.nanoTime();
    Validation.Findings findings;
    Validation.Result result;
    boolean best;
    try (AtomicFolder beside = AtomicFolder.create(folder.best().path())) {
      ModelFolder candidate = new ModelFolder(beside.path());
      listener.storing(true);
      folder.write(candidate, modelConfig(step), plan.vocabulary(), session::saveModel);
      listener.storing(false);
      findings = validation.measure(candidate);
      result = Validation.Result.of(step, findings.figures());
      best = folder.bestResult().map(result::isBetterThan).orElse(true);
      if (best) {
        folder.describe(candidate, result);
        beside.commit();
      }
    }
    folder.metrics().append(result);
    folder.writeExamples(findings.examples());
    listener.validated(result, best);
    listener.shown(step, findings.examples());
    reportedAt += System.nanoTime() - begun;
  }

  private void announce(CheckpointState from, long total) throws IOException {
    AdamW optimizer = session.training().optimizer();
    listener.started(
        new TrainingListener.Start(
            from.step(),
            total,
            from.stepsPerEpoch(),
            config.duration().batch(),
            optimizer.parameters(),
            optimizer.trainables().size(),
            optimizer.decaying(),
            StepMemory.of(plan, session.variables()).text()));
    reportedAt = System.nanoTime();
  }

  private CheckpointState step(CheckpointState state, TrainingBatch batch, int replaced, long total)
      throws IOException {
    RunPosition position = RunPosition.of(state.step(), state.stepsPerEpoch(), total);
    TrainingSession.Scalars scalars =
        new TrainingSession.Scalars(
            config.part().alpha(position), config.schedule().rate(position), state.step());
    long begun = System.nanoTime();
    float[] diagnostics = peers.exchange(() -> session.step(batch::get, scalars));
    listener.stepped((System.nanoTime() - begun) / 1e9);
    long step = state.step() + 1;
    requireFinite(step, diagnostics, batch.keys());
    samples += batch.rows();
    CheckpointState.Window window = state.window().plus(diagnostics, replaced);
    if (step % config.keeping().logEvery() == 0 || step == total) {
      log(report(position, scalars, window));
      window = CheckpointState.Window.EMPTY;
    }
    if (!warm) { // the first step of a process makes kernels ready, too: it says nothing of speed
      warm = true;
      reportedAt = System.nanoTime();
      samples = 0;
    }
    return new CheckpointState(step, batch.end().encode(), state.stepsPerEpoch(), window, config);
  }

  private StepReport report(
      RunPosition position, TrainingSession.Scalars scalars, CheckpointState.Window window) {
    ImmutableMap.Builder<String, Double> means = ImmutableMap.builder();
    List<String> names = session.training().diagnosticNames();
    for (int i = 0; i < names.size(); i++) {
      means.put(names.get(i), window.mean(i));
    }
    long now = System.nanoTime();
    double perSecond = samples * 1e9 / Math.max(1, now - reportedAt);
    reportedAt = now;
    samples = 0;
    means.put(StepReport.REPLACED, (double) window.replaced());
    return new StepReport(
        position.step() + 1,
        position.totalSteps(),
        position.epoch(),
        scalars.learningRate(),
        scalars.alpha(),
        means.buildOrThrow(),
        perSecond);
  }

  private void log(StepReport report) throws IOException {
    if (!plan.inputs().cluster().chief()) {
      return;
    }
    folder.metrics().append(report);
    listener.logged(report);
  }

  private void requireFinite(long step, float[] values, List<String> keys) throws IOException {
    List<String> names = session.training().diagnosticNames();
    for (int i = 0; i < values.length; i++) {
      if (!Float.isFinite(values[i])) {
        throw diverged(
            "%s is %s at step %d".formatted(names.get(i), values[i], step),
            "; records of its batch: " + String.join(", ", keys));
      }
    }
  }

  /** Before anything is stored: an update may be the first thing that overflows. */
  private void requireFiniteVariables(long step) throws IOException {
    Optional<String> found = session.notFinite();
    if (found.isPresent()) {
      throw diverged("%s after step %d".formatted(found.get(), step), "");
    }
  }

  private Trainer.DivergedException diverged(String what, String more) throws IOException {
    List<Long> kept = store.steps();
    String last =
        kept.isEmpty()
            ? "there is no checkpoint yet"
            : "the last checkpoint is kept: " + store.prefix(kept.get(kept.size() - 1));
    return new Trainer.DivergedException(
        "%s; %s; start another run with a lower learning rate or with optimizer.clipNorm set%s"
            .formatted(what, last, more));
  }

  private void writeModel(long step) throws IOException {
    folder.writeModel(modelConfig(step), plan.vocabulary(), session::saveModel);
  }

  private ModelConfig modelConfig(long step) {
    ModelConfig.Provenance provenance =
        new ModelConfig.Provenance(
            folder.path().toString(), plan.inputs().version(), plan.inputs().commit(), step);
    return ModelConfig.of(config.task(), plan.architecture(), plan.textSettings(), provenance)
        .withLabelSmoothing(config.part().labelSmoothing());
  }
}
