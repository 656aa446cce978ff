package org.blip4j.graph.task;

import org.blip4j.graph.text.Tokens;
import org.tensorflow.Operand;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TInt64;

/**
 * One training batch of statements about two images.
 *
 * @param first normalised pixels of the first images {@code [B, S, S, 3]}
 * @param second the same of the second images
 * @param tokens the statements {@code [B, T]}
 * @param labels {@code [B]}, 1 = the statement is true, 0 = it is not
 */
public record ImagePairBatch(
    Operand<TFloat32> first, Operand<TFloat32> second, Tokens tokens, Operand<TInt64> labels) {}
