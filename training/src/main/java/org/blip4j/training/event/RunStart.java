package org.blip4j.training.event;

/**
 * What a run says before its first step.
 *
 * @param step steps taken before, 0 unless the run is continued
 * @param totalSteps steps of the whole run
 * @param stepsPerEpoch steps of an epoch
 * @param parameters trained numbers
 * @param tensors trained tensors
 * @param decaying how many of these decay
 */
public record RunStart(
    long step, long totalSteps, long stepsPerEpoch, long parameters, int tensors, long decaying) {}
