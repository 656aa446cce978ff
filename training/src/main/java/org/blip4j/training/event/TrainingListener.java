package org.blip4j.training.event;

import com.google.common.collect.ImmutableList;
import java.io.IOException;
import java.util.List;
import org.blip4j.data.sample.Sample;
import org.blip4j.training.validate.Validation;

/**
 * Is told how a run goes on. Called by the training thread, but {@link #note} by any.
 *
 * <pre>{@code
 * Trainer.of(config, inputs).run(folder, report -> System.out.println(report.means()));
 * }</pre>
 */
public interface TrainingListener {

  /**
   * What a run says before its first step.
   *
   * @param step steps taken before, 0 unless the run is continued
   * @param totalSteps steps of the whole run
   * @param stepsPerEpoch steps of an epoch
   * @param batch images of a step
   * @param parameters trained numbers
   * @param tensors trained tensors
   * @param decaying how many of these decay
   * @param memory what a step needs, and what the machine has
   */
  record Start(
      long step,
      long totalSteps,
      long stepsPerEpoch,
      int batch,
      long parameters,
      int tensors,
      long decaying,
      String memory) {}

  /** Before the first step. */
  default void started(Start start) throws IOException {}

  /** After each step, with how long it took. */
  default void stepped(double seconds) {}

  /** At each logged step. */
  void logged(StepReport report) throws IOException;

  /**
   * After a validation.
   *
   * @param best whether the model is the best one until now
   */
  default void validated(Validation.Result result, boolean best) throws IOException {}

  /**
   * After a validation, too: what to look at.
   *
   * @param step steps taken
   * @param examples small PNG pictures with lines of text, keyed {@code KIND/KEY}
   */
  default void shown(long step, List<Sample.ImageText> examples) throws IOException {}

  /** Before and after a checkpoint or the model is written. */
  default void storing(boolean now) {}

  /** Something worth a line: a damaged image left out, a warning. */
  default void note(String line) {}

  /** After the last step, also if the run was interrupted. */
  default void finished() throws IOException {}

  /** Tells several listeners, in order. */
  static TrainingListener all(TrainingListener... several) {
    List<TrainingListener> listeners = ImmutableList.copyOf(several);
    return new TrainingListener() {
      @Override
      public void started(Start start) throws IOException {
        for (TrainingListener listener : listeners) {
          listener.started(start);
        }
      }

      @Override
      public void stepped(double seconds) {
        listeners.forEach(listener -> listener.stepped(seconds));
      }

      @Override
      public void logged(StepReport report) throws IOException {
        for (TrainingListener listener : listeners) {
          listener.logged(report);
        }
      }

      @Override
      public void validated(Validation.Result result, boolean best) throws IOException {
        for (TrainingListener listener : listeners) {
          listener.validated(result, best);
        }
      }

      @Override
      public void shown(long step, List<Sample.ImageText> examples) throws IOException {
        for (TrainingListener listener : listeners) {
          listener.shown(step, examples);
        }
      }

      @Override
      public void storing(boolean now) {
        listeners.forEach(listener -> listener.storing(now));
      }

      @Override
      public void note(String line) {
        listeners.forEach(listener -> listener.note(line));
      }

      @Override
      public void finished() throws IOException {
        for (TrainingListener listener : listeners) {
          listener.finished();
        }
      }
    };
  }
}
