package org.blip4j.ops.decode;

import java.util.ArrayList;
import java.util.List;
import org.blip4j.ops.attention.KeysValues;
import org.blip4j.ops.core.GraphContext;
import org.blip4j.ops.core.WhileLoop.LoopVariable;
import org.tensorflow.Operand;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TInt32;

/** Keys and values of all layers as loop variables that grow by a position in each iteration. */
final class StepCache {
  private StepCache() {}

  static List<LoopVariable> variables(List<KeysValues> cache) {
    List<LoopVariable> result = new ArrayList<>();
    for (KeysValues layer : cache) {
      Shape keys = layer.keys().shape();
      Shape values = layer.values().shape();
      result.add(new LoopVariable(layer.keys(), Shape.of(-1, keys.get(1), keys.get(2), -1)));
      result.add(new LoopVariable(layer.values(), Shape.of(-1, values.get(1), -1, values.get(3))));
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
