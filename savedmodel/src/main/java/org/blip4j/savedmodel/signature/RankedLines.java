package org.blip4j.savedmodel.signature;

import java.util.List;
import org.blip4j.graph.generate.AnswerRanking;
import org.blip4j.ops.core.GraphContext;
import org.blip4j.ops.core.Shapes;
import org.tensorflow.Operand;
import org.tensorflow.op.Ops;
import org.tensorflow.op.core.Gather;
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
    Ops tf = ctx.onCpu().tf();
    Operand<TString> ended = tf.strings.staticRegexReplace(lists, "\\r\\n?", "\n");
    Operand<TString> lines = tf.strings.staticRegexReplace(ended, "(?m)^\\s+$", "");
    StringSplit parts = tf.strings.stringSplit(lines, tf.constant("\n"));
    Operand<TInt64> shape =
        tf.math.maximum(parts.shape(), tf.constant(new long[] {0, 1})); // one column at least
    return tf.sparse.sparseToDense(parts.indices(), shape, parts.values(), tf.constant(""));
  }

  /**
   * What a ranking says.
   *
   * @param answers {@code [B, N]}
   * @param kept {@code [B, K]}, which places of the ranking hold an answer
   */
  static RankedLines of(
      GraphContext ctx,
      Operand<TString> answers,
      AnswerRanking.Result ranked,
      Operand<TBool> kept) {
    Ops tf = ctx.tf();
    Operand<TFloat32> scores = tf.select(kept, ranked.scores(), tf.constant(LOWEST)); // [B, K]
    Operand<TInt32> order =
        tf.nn.topK(scores, Shapes.dim(ctx, scores, 1), TInt32.class).indices(); // [B, K]
    Ops text = ctx.onCpu().tf();
    Operand<TString> texts =
        text.gather(answers, ranked.kept(), text.constant(1), Gather.batchDims(1L)); // [B, K]
    Operand<TString> best =
        text.gather(
            text.select(kept, texts, text.array("")),
            order,
            text.constant(1),
            Gather.batchDims(1L)); // [B, K]
    Operand<TFloat32> logProbs =
        tf.gather(
            tf.select(kept, ranked.logProbs(), tf.constant(0f)),
            order,
            tf.constant(1),
            Gather.batchDims(1L)); // [B, K]
    Operand<TFloat32> ordered =
        tf.gather(scores, order, tf.constant(1), Gather.batchDims(1L)); // [B, K]
    Operand<TBool> none = text.math.equal(best, text.array("")); // [B, K]
    return new RankedLines(
        text.gather(best, text.constant(0), text.constant(1)),
        tf.gather(logProbs, tf.constant(0), tf.constant(1)),
        lines(
            text,
            none,
            text.strings.join(List.of(best, text.constant("\t"), number(text, logProbs)))),
        lines(text, none, number(text, ordered)));
  }

  /** Nine digits tell any float32 from its neighbours. */
  private static Operand<TString> number(Ops tf, Operand<TFloat32> values) {
    return tf.dtypes.asString(values, AsString.precision(9L), AsString.shortest(true));
  }

  private static Operand<TString> lines(Ops tf, Operand<TBool> none, Operand<TString> texts) {
    Operand<TString> each =
        tf.select(none, tf.array(""), tf.strings.join(List.of(tf.constant("\n"), texts))); // [B, K]
    Operand<TString> all = tf.strings.reduceJoin(each, tf.constant(1)); // [B]
    return tf.strings.staticRegexReplace(all, "\\A\\n", "");
  }
}
