package org.blip4j.graph.text;

import java.util.List;
import java.util.Optional;
import org.blip4j.ops.attention.AttentionMask;
import org.blip4j.ops.attention.KeysValues;
import org.blip4j.ops.core.GraphContext;
import org.blip4j.ops.core.Shapes;
import org.tensorflow.Operand;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TInt32;
import org.tensorflow.types.TInt64;

/**
 * What cross-attention reads, projected once: keys and values for each layer.
 *
 * @param layers one entry a layer
 * @param mask hides padding; empty if all is visible
 * @param wrong what the middle third of the texts reads instead, see {@link #beside}
 */
public record Attended(
    List<KeysValues> layers, Optional<AttentionMask> mask, Optional<Attended> wrong) {

  /** Copies the list. */
  public Attended {
    layers = List.copyOf(layers);
  }

  /** What all texts read. */
  public Attended(List<KeysValues> layers, Optional<AttentionMask> mask) {
    this(layers, mask, Optional.empty());
  }

  /**
   * What three blocks of texts read, {@code [3B, T]}: the first and the last one these, a sequence
   * for two texts, which are not copied for that, and the one between them others.
   *
   * @param others as many sequences
   */
  public Attended beside(Attended others) {
    return new Attended(layers, mask, Optional.of(others));
  }

  /** Some of the rows, in the order of the given numbers: one image for many texts. */
  public Attended gather(GraphContext ctx, Operand<TInt32> rows) {
    return new Attended(
        layers.stream().map(layer -> layer.gather(ctx, rows)).toList(),
        mask.map(present -> new AttentionMask(ctx.gather(present.scores(), rows, 0))));
  }

  /**
   * A sequence that cross-attention reads: image states, or question states with their padding.
   *
   * @param hidden {@code [B, S, W]}
   * @param mask {@code [B, S]}, 1 = attend; empty if all are visible
   */
  public record States(Operand<TFloat32> hidden, Optional<Operand<TInt64>> mask) {

    /** Checks the ranks. */
    public States {
      Shapes.require(hidden, "attended states", -1, -1, -1);
      mask.ifPresent(present -> Shapes.require(present, "attended mask", -1, -1));
    }
  }
}
