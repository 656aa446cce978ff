package org.blip4j.graph.weights;

import org.blip4j.data.weights.WeightLayout;

/**
 * Where a published tensor goes.
 *
 * @param variable our name
 * @param layout how the axes become ours
 * @param tied whether the published name is a further one of a tensor that has a first name
 */
public record WeightTarget(String variable, WeightLayout layout, boolean tied) {}
