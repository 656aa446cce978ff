package org.blip4j.savedmodel.signature;

import org.blip4j.ops.core.GraphContext;
import org.tensorflow.Operand;
import org.tensorflow.Operation;
import org.tensorflow.proto.DataType;
import org.tensorflow.types.TInt32;
import org.tensorflow.types.TString;

/**
 * Strings without repetitions.
 *
 * @param values {@code [U]} in the order of their first rows
 * @param rows {@code [B]} which of them a row has
 */
record Distinct(Operand<TString> values, Operand<TInt32> rows) {

  /** The distinct values of {@code strings [B]}. */
  static Distinct of(GraphContext ctx, Operand<TString> strings) {
    Operation unique =
        ctx.onCpu()
            .op("Unique", "unique")
            .addInput(strings.asOutput())
            .setAttr("out_idx", DataType.DT_INT32)
            .build();
    return new Distinct(unique.output(0), unique.output(1));
  }

  /** What each row has of {@code [U]} strings. */
  Operand<TString> perRow(GraphContext ctx, Operand<TString> strings) { // [B]
    return ctx.onCpu().tf().gather(strings, rows, ctx.tf().constant(0));
  }
}
