package org.blip4j.ops.decode;

import org.blip4j.ops.core.Shapes;
import org.tensorflow.Operand;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TInt32;
import org.tensorflow.types.TInt64;

/**
 * Generated texts, one a row; the samples of one prompt are adjacent.
 *
 * @param ids {@code [R, L]}, L the maximum length: start token, prompt, text, the end token if it
 *     fits in, padding
 * @param lengths {@code [R]}, ids before the padding, the end token included
 * @param scores {@code [R]}, what texts of one prompt were compared by: with beams the sum of
 *     {@code logProbs} over the length, otherwise {@code logProbs} itself
 * @param logProbs {@code [R]}, the sum of the log-probabilities of the generated ids, the end token
 *     included. With beams they are those of the search (the repetition penalty included, if there
 *     is one); otherwise the model's own, before penalty, temperature and cuts
 */
public record Decoded(
    Operand<TInt64> ids,
    Operand<TInt32> lengths,
    Operand<TFloat32> scores,
    Operand<TFloat32> logProbs) {

  /** Checks the ranks. */
  public Decoded {
    Shapes.require(ids, "decoded ids", -1, -1);
    Shapes.require(lengths, "decoded lengths", -1);
    Shapes.require(scores, "decoded scores", -1);
    Shapes.require(logProbs, "decoded log-probabilities", -1);
  }
}
