/**
 * TensorFlow V2 checkpoints: {@code PREFIX.index} with names, types and shapes, and {@code
 * PREFIX.data-NNNNN-of-NNNNN} with the numbers.
 *
 * <p>{@link org.blip4j.ops.checkpoint.TensorBundleReader} reads them in plain Java, so that a
 * checkpoint can be listed and compared with a model before any graph runs.
 */
package org.blip4j.ops.checkpoint;
