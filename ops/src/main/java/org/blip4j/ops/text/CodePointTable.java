package org.blip4j.ops.text;

import com.google.common.primitives.Ints;
import java.nio.IntBuffer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.IntUnaryOperator;
import org.blip4j.ops.core.GraphContext;
import org.tensorflow.Operand;
import org.tensorflow.op.Ops;
import org.tensorflow.types.TInt32;

/**
 * A number for every Unicode code point, as two constants: code points are grouped into pages of
 * 256, and equal pages are stored once.
 */
final class CodePointTable {
  private static final int PAGE = 256;

  private final int[] pageStarts;
  private final int[] values;

  private CodePointTable(int[] pageStarts, int[] values) {
    this.pageStarts = pageStarts;
    this.values = values;
  }

  static CodePointTable of(IntUnaryOperator function) {
    Map<IntBuffer, Integer> known = new HashMap<>();
    List<Integer> values = new ArrayList<>();
    int[] pageStarts = new int[(Character.MAX_CODE_POINT + 1) / PAGE];
    for (int page = 0; page < pageStarts.length; page++) {
      int[] content = new int[PAGE];
      for (int i = 0; i < PAGE; i++) {
        content[i] = function.applyAsInt(page * PAGE + i);
      }
      Integer start = known.putIfAbsent(IntBuffer.wrap(content), values.size());
      if (start == null) {
        start = values.size();
        values.addAll(Ints.asList(content));
      }
      pageStarts[page] = start;
    }
    return new CodePointTable(pageStarts, Ints.toArray(values));
  }

  /** The numbers of code points, any shape. */
  Operand<TInt32> lookUp(GraphContext ctx, Operand<TInt32> codePoints) {
    Ops tf = ctx.tf();
    Operand<TInt32> starts = ctx.gather(tf.constant(pageStarts), ctx.shiftRight(codePoints, 8), 0);
    Operand<TInt32> inPage = ctx.bitAnd(codePoints, PAGE - 1);
    return ctx.gather(tf.constant(values), tf.math.add(starts, inPage), 0);
  }
}
