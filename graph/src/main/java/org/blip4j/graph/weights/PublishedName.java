package org.blip4j.graph.weights;

import org.blip4j.data.weights.WeightLayout;

/**
 * A name under which a variable is published.
 *
 * @param name published name
 * @param layout how its axes become ours
 * @param tied whether this is a further name of a tensor that has a first one
 */
public record PublishedName(String name, WeightLayout layout, boolean tied) {}
