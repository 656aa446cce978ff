/**
 * From shards to training batches: streaming, seeded shuffling, mixing, batching and exact resume.
 *
 * <p>{@link org.blip4j.data.pipeline.Prefetch} makes items ready ahead of their use, {@link
 * org.blip4j.data.pipeline.InOrder} has several worked on at once.
 *
 * <p>The order of an epoch is a function of the shard list, the seed and the epoch's number alone.
 * Memory is bounded by the shuffle buffer and does not depend on the size of the set. Images are
 * passed on as bytes.
 */
package org.blip4j.data.pipeline;
