package org.blip4j.data.pipeline;

import java.nio.file.Path;
import org.blip4j.data.sample.Sample;

/**
 * A sample and where it was read.
 *
 * @param index number of its record in the shard, from 0
 * @param offset where its record begins in the (uncompressed) shard
 */
public record LocatedSample(Sample.ImageText sample, Path shard, long index, long offset) {}
