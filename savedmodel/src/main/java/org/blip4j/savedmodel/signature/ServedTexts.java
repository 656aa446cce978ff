package org.blip4j.savedmodel.signature;

import java.util.function.BiFunction;
import org.blip4j.graph.text.Tokens;
import org.blip4j.ops.core.GraphContext;
import org.blip4j.ops.core.Shapes;
import org.tensorflow.Operand;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.op.Ops;
import org.tensorflow.types.TBool;
import org.tensorflow.types.TInt32;
import org.tensorflow.types.TInt64;
import org.tensorflow.types.TString;

/**
 * The texts of a call, each tokenised and encoded once however many rows it is in.
 *
 * @param texts the input of UTF-8 texts, {@code [B]}
 * @param ids the input that may be given instead, {@code [B, T]}: [CLS], pieces, [SEP], and [PAD]
 *     up to a width that is fixed, so that calls can be merged
 * @param tokens of the U distinct texts, {@code [U, T]}
 * @param rows {@code [B]} which distinct text a row has
 * @param status {@code [B]}
 */
record ServedTexts(
    Operand<TString> texts,
    Signatures.Given ids,
    Tokens tokens,
    Operand<TInt32> rows,
    Operand<TString> status) {

  /**
   * An input of texts.
   *
   * @param name of the input
   * @param width T where ids are given
   * @param reads tokens and statuses of distinct texts
   */
  static ServedTexts create(
      GraphContext outer,
      ServingTexts reader,
      String name,
      int width,
      BiFunction<GraphContext, Operand<TString>, ServingTexts.Read> reads) {
    GraphContext ctx = outer.in("texts");
    Operand<TString> texts = ServedInputs.bytes(outer, name);
    ServedInputs.Distinct distinct =
        ServedInputs.Distinct.of(ctx, ServedInputs.vector(ctx, texts, name));
    ServingTexts.Read read = reads.apply(ctx, distinct.values());
    Operand<TInt64> ids =
        ServedInputs.instead(
            outer, ServingSignature.TOKEN_IDS, read.tokens().ids(), Shape.of(-1, -1));
    ServingTexts.Read given = reader.given(ctx, checked(ctx, ids, distinct, width));
    Operand<TInt32> rows = distinct.rowsWith(ctx, ids);
    Operand<TString> all =
        ServingSignature.RowStatus.of(
            ctx, distinct.statusWith(ctx, read.status(), ids), given.status()); // [U]
    return new ServedTexts(
        texts,
        new Signatures.Given(ids, Shape.of(-1, width)),
        given.tokens(),
        rows,
        ctx.onCpu().tf().gather(all, rows, ctx.tf().constant(0)));
  }

  /** Ids made of texts are as wide as the longest one, those that are given as wide as fixed. */
  private static Operand<TInt64> checked(
      GraphContext ctx, Operand<TInt64> ids, ServedInputs.Distinct distinct, int width) {
    GraphContext inner = ctx.onCpu();
    Ops tf = inner.tf();
    Operand<TBool> made =
        inner.greater(Shapes.dim(inner, distinct.values(), 0), 0); // otherwise given, or no rows
    Operand<TBool> none = inner.equal(tf.size(ids), 0);
    return ServedInputs.rowsOf(
        ctx, ids, ServingSignature.TOKEN_IDS, tf.math.logicalOr(made, none), width);
  }

  /**
   * The same, where a call fails that has another number of them than of something else.
   *
   * @param name of this input
   * @param others {@code [B]}, anything
   * @param of what those are
   */
  ServedTexts asManyAs(GraphContext ctx, String name, Operand<?> others, String of) {
    return new ServedTexts(
        texts,
        ids,
        tokens,
        ServedInputs.perRow(ctx, rows, name, others, of),
        ServedInputs.perRow(ctx, status, name, others, of));
  }

  /** The tokens of each row, {@code [B, T]}. */
  Tokens perRow(GraphContext ctx) {
    return tokens.gather(ctx, rows);
  }
}
