package org.blip4j.training.optimize;

/**
 * Where in a run a step is; schedules are functions of it alone (blip-spec T9).
 *
 * @param epoch from 0
 * @param iteration steps taken within the epoch
 * @param stepsPerEpoch steps of each epoch
 * @param step steps taken in the whole run
 * @param totalSteps steps of the whole run
 */
public record RunPosition(
    long epoch, long iteration, long stepsPerEpoch, long step, long totalSteps) {

  /** The position of a step of a run whose epochs all have one length. */
  public static RunPosition of(long step, long stepsPerEpoch, long totalSteps) {
    return new RunPosition(
        step / stepsPerEpoch, step % stepsPerEpoch, stepsPerEpoch, step, totalSteps);
  }
}
