package org.blip4j.savedmodel.signature;

import java.util.List;
import org.blip4j.ops.core.GraphContext;
import org.blip4j.ops.core.Shapes;
import org.tensorflow.Operand;
import org.tensorflow.op.Ops;
import org.tensorflow.op.dtypes.AsString;
import org.tensorflow.op.strings.StringSplit;
import org.tensorflow.types.TBool;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TInt32;
import org.tensorflow.types.TInt64;
import org.tensorflow.types.TString;

/**
 * Lists of answers as text, a line each, so that no dimension of an input or output depends on the
 * rows beside.
 *
 * @param best {@code [B]}, empty where a row has none
 * @param bestLogProb {@code [B]}
 * @param ranking {@code [B]}, lines of answer, tab, log-probability, the best first
 * @param scores {@code [B]}, what the lines are ordered by
 */
record RankedLines(
    Operand<TString> best,
    Operand<TFloat32> bestLogProb,
    Operand<TString> ranking,
    Operand<TString> scores) {
  /** Score of a place without an answer; infinity is no JSON. */
  static final float LOWEST = -1e9f;

  /** The lines of lists {@code [B]}, {@code [B, N]}; blank and missing ones are empty. */
  static Operand<TString> split(GraphContext ctx, Operand<TString> lists) {
    GraphContext inner = ctx.onCpu();
    Ops tf = inner.tf();
    Operand<TString> ended = tf.strings.staticRegexReplace(lists, "\\r\\n?", "\n");
    Operand<TString> lines = tf.strings.staticRegexReplace(ended, "(?m)^\\s+$", "");
    StringSplit parts = tf.strings.stringSplit(lines, tf.constant("\n"));
    Operand<TInt64> shape =
        tf.math.maximum(parts.shape(), tf.constant(new long[] {0, 1})); // one column at least
    return tf.sparse.sparseToDense(parts.indices(), shape, parts.values(), tf.constant(""));
  }

  /** What is wrong with rows whose lists {@code [B, N]} have no line, {@code [B]}. */
  static Operand<TString> empty(GraphContext ctx, Operand<TBool> none) {
    GraphContext inner = ctx.onCpu();
    return ServingSignature.RowStatus.where(
        ctx,
        inner.all(none, 1),
        inner.tf().constant("there are no answers to choose from; give one a line"));
  }

  /** Of the statuses of a row's answers one, a failure before a note, {@code [B]}. */
  static Operand<TString> worst(GraphContext ctx, Operand<TString> statuses, Operand<TBool> none) {
    GraphContext inner = ctx.onCpu();
    Ops tf = inner.tf();
    Operand<TString> table = tf.reshape(statuses, tf.shape(none)); // [B, N]
    Operand<TBool> failed = tf.math.logicalNot(ServingSignature.RowStatus.ok(ctx, table)); // [B, N]
    Operand<TInt32> weights =
        tf.math.add(
            tf.dtypes.cast(tf.math.notEqual(table, tf.array("")), TInt32.class),
            tf.dtypes.cast(failed, TInt32.class)); // [B, N]: 0, 1 or 2
    Operand<TInt64> place = ctx.onCpu().argMax(weights, 1); // [B]
    return inner.gatherInRows(table, place);
  }

  /**
   * What a ranking says.
   *
   * @param texts {@code [B, K]}, answers in any order
   * @param given what they are ordered by, {@code [B, K]}
   * @param logProbs {@code [B, K]}
   * @param kept {@code [B, K]}, which of them are there
   */
  static RankedLines of(
      GraphContext ctx,
      Operand<TString> texts,
      Operand<TFloat32> given,
      Operand<TFloat32> logProbs,
      Operand<TBool> kept) {
    Operand<TFloat32> scores = ctx.select(kept, given, LOWEST); // [B, K]
    Operand<TInt32> order =
        ctx.tf().nn.topK(scores, Shapes.dim(ctx, scores, 1), TInt32.class).indices(); // [B, K]
    GraphContext text = ctx.onCpu();
    Ops tf = text.tf();
    Operand<TString> best =
        text.gatherInRows(text.select(kept, texts, tf.array("")), order); // [B, K]
    Operand<TFloat32> ofBest = ctx.gatherInRows(ctx.select(kept, logProbs, 0), order); // [B, K]
    Operand<TFloat32> ordered = ctx.gatherInRows(scores, order); // [B, K]
    Operand<TBool> none = tf.math.equal(best, tf.array("")); // [B, K]
    Operand<TString> scored =
        tf.strings.join(List.of(best, tf.constant("\t"), number(text, ofBest))); // [B, K]
    return new RankedLines(
        text.at(best, 0, 1),
        ctx.at(ofBest, 0, 1),
        lines(text, none, scored),
        lines(text, none, number(text, ordered)));
  }

  /** Nine digits tell any float32 from its neighbours. */
  private static Operand<TString> number(GraphContext ctx, Operand<TFloat32> values) {
    Ops tf = ctx.tf();
    return tf.dtypes.asString(values, AsString.precision(9L), AsString.shortest(true));
  }

  private static Operand<TString> lines(
      GraphContext ctx, Operand<TBool> none, Operand<TString> texts) {
    Ops tf = ctx.tf();
    Operand<TString> each =
        tf.select(none, tf.array(""), tf.strings.join(List.of(tf.constant("\n"), texts))); // [B, K]
    Operand<TString> all = tf.strings.reduceJoin(each, tf.constant(1)); // [B]
    return tf.strings.staticRegexReplace(all, "\\A\\n", "");
  }
}
