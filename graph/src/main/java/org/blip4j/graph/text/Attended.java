package org.blip4j.graph.text;

import java.util.List;
import java.util.Optional;
import org.blip4j.ops.attention.AttentionMask;
import org.blip4j.ops.attention.KeysValues;
import org.blip4j.ops.core.GraphContext;
import org.tensorflow.Operand;
import org.tensorflow.types.TInt32;

/**
 * What cross-attention reads, projected once: keys and values for each layer.
 *
 * @param layers one entry a layer
 * @param mask hides padding; empty if all is visible
 */
public record Attended(List<KeysValues> layers, Optional<AttentionMask> mask) {

  /** Copies the list. */
  public Attended {
    layers = List.copyOf(layers);
  }

  /** Some of the rows, in the order of the given numbers: one image for many texts. */
  public Attended gather(GraphContext ctx, Operand<TInt32> rows) {
    return new Attended(
        layers.stream().map(layer -> layer.gather(ctx, rows)).toList(),
        mask.map(present -> new AttentionMask(ctx.gather(present.scores(), rows, 0))));
  }
}
