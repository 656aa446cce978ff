package org.blip4j.savedmodel.capfilt;

import com.google.common.collect.ImmutableList;

/**
 * A record and all texts that were judged for its image.
 *
 * @param record as read
 * @param texts first those of the web, then those of the captioner; none if it is unusable
 */
public record ScoredRecord(RawRecord record, ImmutableList<ScoredText> texts) {}
