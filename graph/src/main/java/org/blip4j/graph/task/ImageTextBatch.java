package org.blip4j.graph.task;

import java.util.Optional;
import org.blip4j.graph.text.Tokens;
import org.tensorflow.Operand;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TInt64;

/**
 * One training batch of pairs.
 *
 * @param pixels normalised {@code [B, S, S, 3]}
 * @param tokens {@code [B, T]}, beginning with [CLS]
 * @param alpha weight of the soft targets, a scalar
 * @param identities number of each pair's image {@code [B]}, 0 or more; needed for retrieval only
 */
public record ImageTextBatch(
    Operand<TFloat32> pixels,
    Tokens tokens,
    Operand<TFloat32> alpha,
    Optional<Operand<TInt64>> identities) {}
