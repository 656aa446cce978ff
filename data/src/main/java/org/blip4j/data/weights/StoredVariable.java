package org.blip4j.data.weights;

import org.tensorflow.ndarray.Shape;
import org.tensorflow.proto.DataType;

/**
 * One tensor of a checkpoint, as its index describes it.
 *
 * @param name name of the variable
 * @param type element type
 * @param shape shape
 */
public record StoredVariable(String name, DataType type, Shape shape) {}
