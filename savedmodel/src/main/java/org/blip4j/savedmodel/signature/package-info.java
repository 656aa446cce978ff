/**
 * The graph of a model as it is served: one signature for each thing that the model can do, bytes
 * and strings in, texts and scores out.
 */
package org.blip4j.savedmodel.signature;
