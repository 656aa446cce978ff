package org.blip4j.graph.weights;

import java.util.OptionalInt;
import org.blip4j.graph.config.BlipConfig;

/**
 * What the names and shapes of a weight file say about its model.
 *
 * @param form whose names the file has
 * @param task which of the published models it is
 * @param config the architecture
 * @param queueSize entries of the feature queues, if the file has them
 */
public record PublishedModel(
    PublishedForm form, PublishedTask task, BlipConfig config, OptionalInt queueSize) {}
