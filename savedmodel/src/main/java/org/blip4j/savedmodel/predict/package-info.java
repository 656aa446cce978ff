/**
 * Runs a model in this process. {@link org.blip4j.savedmodel.predict.Predictor} is what programs
 * use.
 */
package org.blip4j.savedmodel.predict;
