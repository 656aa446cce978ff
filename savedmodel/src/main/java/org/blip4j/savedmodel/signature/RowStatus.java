package org.blip4j.savedmodel.signature;

import org.blip4j.ops.core.GraphContext;
import org.tensorflow.Operand;
import org.tensorflow.op.Ops;
import org.tensorflow.types.TBool;
import org.tensorflow.types.TString;

/**
 * What the output {@code status} says of a row: nothing; that a text was cut, which leaves the
 * other outputs as they are; or why the row failed.
 */
public final class RowStatus {
  /** How the status of a row begins that was computed from a part of its text. */
  public static final String CUT = "cut: ";

  private RowStatus() {}

  /** Whether a row of this status has no results. */
  public static boolean failed(String status) {
    return !status.isEmpty() && !status.startsWith(CUT);
  }

  /** The same in the graph, {@code [B]}. */
  static Operand<TBool> ok(GraphContext ctx, Operand<TString> status) {
    GraphContext inner = ctx.onCpu();
    Ops tf = inner.tf();
    return tf.strings.regexFullMatch(status, tf.constant("(" + CUT + ".*)?"));
  }

  /** One status of two parts of a row: a failure before a note, the first part before the other. */
  static Operand<TString> of(
      GraphContext ctx, Operand<TString> first, Operand<TString> second) { // [B]
    GraphContext inner = ctx.onCpu();
    Ops tf = inner.tf();
    Operand<TBool> quiet = tf.math.equal(first, tf.array(""));
    Operand<TBool> secondFailed = tf.math.logicalNot(ok(ctx, second));
    Operand<TBool> giveWay =
        tf.math.logicalOr(quiet, tf.math.logicalAnd(ok(ctx, first), secondFailed));
    return tf.select(giveWay, second, first);
  }

  /** {@code message} in the rows where something is so, nothing elsewhere. */
  static Operand<TString> where(GraphContext ctx, Operand<TBool> so, Operand<TString> message) {
    GraphContext inner = ctx.onCpu();
    Ops tf = inner.tf();
    return tf.select(so, message, tf.array(""));
  }
}
