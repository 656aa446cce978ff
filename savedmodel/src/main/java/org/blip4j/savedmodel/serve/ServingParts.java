package org.blip4j.savedmodel.serve;

import org.blip4j.graph.model.Blip;

/**
 * What signatures are made of.
 *
 * @param model what the model is
 * @param settings what is fixed
 * @param blip the weights
 * @param texts strings to tokens and back
 */
record ServingParts(ServingModel model, ServingSettings settings, Blip blip, ServingTexts texts) {}
