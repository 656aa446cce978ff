/**
 * Names and layouts: how the tensors of published checkpoints correspond to our variables.
 *
 * <p>{@link org.blip4j.graph.weights.WeightNames} is the table, total and exact in both directions;
 * {@link org.blip4j.graph.weights.WeightLayout} turns kernels; {@link
 * org.blip4j.graph.weights.PositionInterpolation} fits position embeddings to another image size.
 * Everything here is plain Java on names, shapes and arrays.
 */
package org.blip4j.graph.weights;
