/**
 * Published weights in and out: files of tensors, and the way from their names to ours.
 *
 * <p>{@link org.blip4j.savedmodel.weights.WeightFile} reads safetensors and PyTorch checkpoints
 * without Python and without running anything that a file holds; {@link
 * org.blip4j.savedmodel.weights.SafetensorsWriter} writes. The table of names is in {@code
 * org.blip4j.graph.weights}.
 */
package org.blip4j.savedmodel.weights;
