package org.blip4j.training.run;

import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.blip4j.data.pipeline.SamplePipeline;
import org.blip4j.graph.config.Meaning;
import org.blip4j.training.config.RunConfig;

/**
 * What a checkpoint holds beside the variables: {@code step-N.json}.
 *
 * @param step steps taken
 * @param dataPosition where the data go on, see {@link SamplePipeline.Cursor#encode}
 * @param stepsPerEpoch full batches of an epoch, on which schedules depend
 * @param window sums since the last log line
 * @param config what the run computes
 */
record CheckpointState(
    long step, String dataPosition, long stepsPerEpoch, Window window, RunConfig config) {

  /** Checks that all is there. */
  CheckpointState {
    Objects.requireNonNull(dataPosition, "dataPosition is missing");
    Objects.requireNonNull(window, "window is missing");
    Objects.requireNonNull(config, "config is missing");
  }

  /**
   * Sums of diagnostics since the last log line, so that a continued run logs the very means of an
   * unbroken one.
   *
   * @param steps number of steps summed
   * @param sums one for each diagnostic; empty if there is no step
   * @param replaced rows whose images could not be decoded
   */
  record Window(
      long steps,
      List<Double> sums,
      @Meaning(value = "rows whose images could not be decoded", absent = "0") long replaced) {
    static final Window EMPTY = new Window(0, List.of(), 0);

    Window plus(float[] values, int moreReplaced) {
      List<Double> next = new ArrayList<>(values.length);
      for (int i = 0; i < values.length; i++) {
        next.add((steps == 0 ? 0 : sums.get(i)) + values[i]);
      }
      return new Window(steps + 1, List.copyOf(next), replaced + moreReplaced);
    }

    double mean(int diagnostic) {
      return sums.get(diagnostic) / (double) steps;
    }
  }

  SamplePipeline.Cursor cursor() {
    return SamplePipeline.Cursor.parse(dataPosition);
  }
}
