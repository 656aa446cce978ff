package org.blip4j.savedmodel.capfilt;

/**
 * A text and whether it stays in the new set.
 *
 * @param text with its score
 * @param kept the decision
 */
public record TextDecision(ScoredText text, boolean kept) {}
