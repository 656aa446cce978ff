package org.blip4j.savedmodel.signature;

import com.google.common.collect.ImmutableMap;
import java.util.List;
import org.blip4j.graph.model.Blip;
import org.blip4j.graph.text.Attended;
import org.blip4j.graph.text.Tokens;
import org.blip4j.ops.core.GraphContext;
import org.blip4j.ops.text.TokenLayout;
import org.tensorflow.Operand;
import org.tensorflow.op.Ops;
import org.tensorflow.types.TBool;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TInt64;
import org.tensorflow.types.TString;

/**
 * Adds the signature that tells whether statements about two images hold (NLVR2, blip-spec 7.5).
 *
 * <p>Images are projected for cross-attention once however many rows they are in: many statements
 * about one pair cost one encoding of each image.
 */
final class NlvrSignature {
  private final ServingGraph.Parts parts;
  private final ServedImages left;
  private final ServedImages right;

  NlvrSignature(GraphContext ctx, ServingGraph.Parts parts, ServedImages.Pair images) {
    this.parts = parts;
    this.left = images.left();
    this.right =
        images
            .right()
            .asManyAs(ctx, ServingSignature.RIGHT_BYTES, left, ServingSignature.LEFT_BYTES);
  }

  Signatures.Bound bind(GraphContext outer) {
    GraphContext ctx = outer.in("nlvr");
    Ops tf = ctx.tf();
    ServingTexts reader = parts.texts();
    TokenLayout layout = reader.layout(TokenLayout.First.CLASSIFY, TokenLayout.Padding.LONGEST);
    ServedTexts statements =
        ServedTexts.create(
                ctx,
                reader,
                ServingSignature.STATEMENT,
                layout.maxTokens(),
                (inner, texts) ->
                    reader.read(inner, texts, "statement", ServingTexts.Cleaning.CAPTION, layout))
            .asManyAs(ctx, ServingSignature.STATEMENT, left.rows(), ServingSignature.LEFT_BYTES);
    Operand<TString> status =
        ServingSignature.RowStatus.of(ctx, images(ctx), statements.status()); // [B]
    Operand<TBool> ok = ServingSignature.RowStatus.ok(ctx, status); // [B]
    Operand<TFloat32> shares = tf.nn.softmax(logits(ctx, statements.perRow(ctx))); // [B, 2]
    Operand<TInt64> likelier = ctx.argMax(shares, 1); // [B]
    Ops text = ctx.onCpu().tf();
    Operand<TString> label =
        text.select(
            text.math.equal(likelier, text.constant(1L)), text.array("True"), text.array("False"));
    return new Signatures.Bound(
        ServingSignature.NLVR,
        ImmutableMap.of(
            ServingSignature.LEFT_BYTES, left.bytes(),
            ServingSignature.RIGHT_BYTES, right.bytes(),
            ServingSignature.STATEMENT, statements.texts()),
        ImmutableMap.of(
            ServingSignature.LEFT_PIXELS, Signatures.Given.of(left.pixels()),
            ServingSignature.RIGHT_PIXELS, Signatures.Given.of(right.pixels()),
            ServingSignature.TOKEN_IDS, statements.ids()),
        ImmutableMap.of(
            ServingSignature.LABEL, text.select(ok, label, text.array("")),
            ServingSignature.PROBABILITY, ctx.select(ok, ctx.max(shares, 1), 0),
            ServingSignature.STATUS, status));
  }

  private Operand<TFloat32> logits(GraphContext ctx, Tokens tokens) {
    Blip.Judging judging = parts.blip().judging();
    Blip.Judging.Pair images = judging.project(ctx, left.states(), right.states());
    Attended first = images.first().gather(ctx, left.rows());
    Attended second = images.second().gather(ctx, right.rows());
    return judging.judge(ctx, tokens, new Blip.Judging.Pair(first, second));
  }

  /** What is wrong with either image, the left one first. */
  private Operand<TString> images(GraphContext ctx) {
    GraphContext inner = ctx.onCpu();
    Ops tf = inner.tf();
    Operand<TString> none = tf.array("");
    Operand<TString> lefts =
        tf.select(
            left.readable(ctx),
            none,
            tf.strings.join(List.of(tf.constant("left image: "), left.status())));
    Operand<TString> rights =
        tf.select(
            right.readable(ctx),
            none,
            tf.strings.join(List.of(tf.constant("right image: "), right.status())));
    Operand<TBool> either = tf.math.logicalOr(left.readable(ctx), right.readable(ctx));
    Operand<TString> between = tf.select(either, none, tf.array("; "));
    return tf.strings.join(List.of(lefts, between, rights));
  }
}
