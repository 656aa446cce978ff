/**
 * Models that are called: bytes and strings in, texts and scores out.
 *
 * <p>{@link org.blip4j.savedmodel.serve.ServingGraph} is the graph that is exported; {@link
 * org.blip4j.savedmodel.serve.Predictor} calls an exported model, or builds the same graph in
 * memory around the weights of a model folder, so that Java runs what a server runs.
 *
 * <p>Every signature has the batch as first dimension, and a row's results do not depend on the
 * rows beside it. B = rows of a call.
 */
package org.blip4j.savedmodel.serve;
