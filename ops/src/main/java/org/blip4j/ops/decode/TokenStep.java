package org.blip4j.ops.decode;

import java.util.ArrayList;
import java.util.List;
import org.blip4j.ops.attention.KeysValues;
import org.blip4j.ops.core.GraphContext;
import org.blip4j.ops.core.Shapes;
import org.blip4j.ops.core.WhileLoop.LoopVariable;
import org.tensorflow.Operand;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TInt32;
import org.tensorflow.types.TInt64;

/**
 * A model that continues texts by one token at a time and keeps keys and values of what it has
 * read.
 *
 * <p>Both methods are called with the context of the place where they add operations: {@link #next}
 * inside the body of a loop.
 */
public interface TokenStep {

  /**
   * What one step gives.
   *
   * @param logits of the last position, {@code [R, V]} with a static V
   * @param cache keys and values of all positions so far, one entry a layer
   */
  record Output(Operand<TFloat32> logits, List<KeysValues> cache) {
    /** Checks the rank and copies the list. */
    public Output {
      Shapes.require(logits, "logits of a step", -1, -1);
      cache = List.copyOf(cache);
    }
  }

  /** Reads prompts {@code [B, T]}, one row a text. */
  Output start(GraphContext ctx, Operand<TInt64> prompt);

  /**
   * Reads one more token a row.
   *
   * @param ids {@code [R, 1]}, R a multiple of B with the rows of a text adjacent
   * @param position number of cached positions, a scalar
   * @param cache keys and values of the cached positions of the R rows
   */
  Output next(
      GraphContext ctx, Operand<TInt64> ids, Operand<TInt32> position, List<KeysValues> cache);

  /** Keys and values of all layers as loop variables that grow by a position in each iteration. */
  static final class Cache {
    private Cache() {}

    static List<LoopVariable> variables(List<KeysValues> cache) {
      List<LoopVariable> result = new ArrayList<>();
      for (KeysValues layer : cache) {
        Shape keys = layer.keys().shape();
        Shape values = layer.values().shape();
        result.add(new LoopVariable(layer.keys(), Shape.of(-1, keys.get(1), keys.get(2), -1)));
        result.add(
            new LoopVariable(layer.values(), Shape.of(-1, values.get(1), -1, values.get(3))));
      }
      return result;
    }

    static List<Operand<?>> flatten(List<KeysValues> cache) {
      List<Operand<?>> result = new ArrayList<>();
      for (KeysValues layer : cache) {
        result.add(layer.keys());
        result.add(layer.values());
      }
      return result;
    }

    @SuppressWarnings("unchecked") // the variables were made from keys and values
    static List<KeysValues> read(List<Operand<?>> flat) {
      List<KeysValues> result = new ArrayList<>();
      for (int i = 0; i < flat.size(); i += 2) {
        result.add(
            new KeysValues((Operand<TFloat32>) flat.get(i), (Operand<TFloat32>) flat.get(i + 1)));
      }
      return result;
    }

    static List<KeysValues> gather(GraphContext ctx, List<KeysValues> cache, Operand<TInt32> rows) {
      return cache.stream().map(layer -> layer.gather(ctx, rows)).toList();
    }
  }
}
