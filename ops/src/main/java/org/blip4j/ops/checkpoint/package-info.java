/**
 * TensorFlow V2 checkpoints: {@code PREFIX.index} with names, types and shapes, and {@code
 * PREFIX.data-NNNNN-of-NNNNN} with the numbers.
 *
 * <p>{@link org.blip4j.ops.checkpoint.TensorBundleReader} and {@link
 * org.blip4j.ops.checkpoint.TensorBundleWriter} work in plain Java, so that a checkpoint can be
 * listed, compared with a model ({@link org.blip4j.ops.checkpoint.CheckpointFit}) and converted
 * before any graph runs; {@link org.blip4j.ops.checkpoint.SaverNodes} does it in the graph.
 */
package org.blip4j.ops.checkpoint;
