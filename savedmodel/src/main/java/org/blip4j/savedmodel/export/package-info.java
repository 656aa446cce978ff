/**
 * Writing SavedModels that TensorFlow Serving loads as they are: a pruned inference graph, its
 * variables, signatures, and the files that tell people and tools what it is.
 */
package org.blip4j.savedmodel.export;
