/**
 * From shards to training batches: an index of records, seeded order, mixing, batching, exact
 * resume.
 *
 * <p>What is read when is a function of (seed, epoch, position) over the {@link
 * org.blip4j.data.pipeline.DataIndex}; a place is a position. Memory is bounded by a block of
 * records a data set and does not depend on its size. Images are passed on as bytes.
 */
package org.blip4j.data.pipeline;
