package org.blip4j.ops.text;

import org.blip4j.ops.core.Shapes;
import org.tensorflow.Operand;
import org.tensorflow.types.TInt32;
import org.tensorflow.types.TInt64;

/**
 * Token ids of a batch of texts.
 *
 * @param ids {@code [B, T]}, padded on the right
 * @param mask {@code [B, T]} 1 for a token, 0 for padding
 * @param lengths {@code [B]} tokens of the whole text, those that were cut off counted
 */
public record TokenIds(Operand<TInt64> ids, Operand<TInt64> mask, Operand<TInt32> lengths) {

  /** Checks the shapes. */
  public TokenIds {
    Shapes.require(ids, "token ids", -1, -1);
    Shapes.require(mask, "token mask", -1, -1);
    Shapes.require(lengths, "token lengths", -1);
  }
}
