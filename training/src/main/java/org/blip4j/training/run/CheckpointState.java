package org.blip4j.training.run;

import org.blip4j.data.pipeline.Cursor;
import org.blip4j.training.config.RunConfig;

/**
 * What a checkpoint holds beside the variables: {@code step-N.json}.
 *
 * @param step steps taken
 * @param dataPosition where the data go on, see {@link Cursor#encode}
 * @param stepsPerEpoch full batches of an epoch, on which schedules depend
 * @param window sums since the last log line
 * @param config what the run computes
 */
record CheckpointState(
    long step, String dataPosition, long stepsPerEpoch, MetricWindow window, RunConfig config) {

  Cursor cursor() {
    return Cursor.parse(dataPosition);
  }
}
