package org.blip4j.savedmodel.signature;

import com.google.common.collect.ImmutableMap;
import org.blip4j.graph.model.Blip;
import org.blip4j.graph.text.Tokens;
import org.blip4j.ops.core.GraphContext;
import org.blip4j.ops.text.TokenLayout;
import org.tensorflow.Operand;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.op.Ops;
import org.tensorflow.op.core.Placeholder;
import org.tensorflow.types.TBool;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TString;

/**
 * Adds the signatures that compare images with texts.
 *
 * <p>ITM reads the text with the image; ITC compares two features and is cheap for many (blip-spec
 * 7.8).
 */
final class MatchSignatures {
  private final ServingGraph.Parts parts;
  private final ServedImages images;
  private final Blip.Matching matching;
  private final Operand<TString> texts;
  private final ServedImages.Distinct distinct;
  private final Tokens tokens; // [U, T], beginning with [CLS]
  private final Operand<TString> textStatus; // [B]
  private final Operand<TFloat32> imageFeatures; // [B, E]
  private final Operand<TFloat32> textFeatures; // [B, E]

  MatchSignatures(GraphContext ctx, ServingGraph.Parts parts, ServedImages images) {
    this.parts = parts;
    this.images = images;
    this.matching = parts.blip().matching();
    Ops tf = ctx.tf();
    this.texts =
        tf.withName(ServingSignature.TEXT)
            .placeholder(TString.class, Placeholder.shape(Shape.of(-1)));
    GraphContext inner = ctx.in("texts");
    this.distinct = ServedImages.Distinct.of(inner, texts);
    boolean stream = parts.settings().expectedBatch() > 1;
    ServingTexts.Cleaning cleaning =
        switch (parts.settings().matchToken()) {
          case ENC -> ServingTexts.Cleaning.CAPTION;
          case CLS -> ServingTexts.Cleaning.NONE;
        };
    TokenLayout.Padding padding = stream ? TokenLayout.Padding.EIGHTS : TokenLayout.Padding.LONGEST;
    ServingTexts.Read read =
        parts
            .texts()
            .read(
                inner,
                distinct.values(),
                "text",
                cleaning,
                parts.texts().layout(TokenLayout.First.CLASSIFY, padding));
    this.tokens = read.tokens();
    this.textStatus = distinct.perRow(inner, read.status());
    this.imageFeatures =
        ctx.gather(matching.dual().imageFeatures(ctx, images.states()), images.rows(), 0);
    this.textFeatures = ctx.gather(matching.dual().textFeatures(ctx, tokens), distinct.rows(), 0);
  }

  Signatures.Bound match(GraphContext outer) {
    GraphContext ctx = outer.in("match");
    Ops tf = ctx.tf();
    Operand<TString> status =
        ServingSignature.RowStatus.of(ctx, images.status(), textStatus); // [B]
    Operand<TBool> ok = ServingSignature.RowStatus.ok(ctx, status); // [B]
    Operand<TFloat32> logits = itmLogits(ctx); // [B, 2]
    Operand<TFloat32> probability = ctx.at(tf.nn.softmax(logits), 1, 1); // [B]
    Operand<TFloat32> cosine = ctx.sum(tf.math.mul(imageFeatures, textFeatures), 1); // [B]
    Operand<TFloat32> none = tf.constant(0f);
    return new Signatures.Bound(
        ServingSignature.MATCH,
        ImmutableMap.of(ServingSignature.IMAGE_BYTES, images.bytes(), ServingSignature.TEXT, texts),
        ImmutableMap.of(
            ServingSignature.ITM_PROBABILITY, tf.select(ok, probability, none),
            ServingSignature.ITM_LOGITS, tf.select(ctx.expandDims(ok, 1), logits, none),
            ServingSignature.ITC_COSINE, tf.select(ok, cosine, none),
            ServingSignature.STATUS, status));
  }

  Signatures.Bound imageEmbedding(GraphContext outer) {
    GraphContext ctx = outer.in("image_embedding");
    Operand<TBool> readable = ctx.expandDims(images.readable(ctx), 1); // [B, 1]
    Operand<TFloat32> features =
        ctx.gather(
            matching.dual().imageFeatures(ctx, images.classStates().get()), images.rows(), 0);
    return new Signatures.Bound(
        ServingSignature.IMAGE_EMBEDDING,
        ImmutableMap.of(ServingSignature.IMAGE_BYTES, images.bytes()),
        ImmutableMap.of(
            ServingSignature.EMBEDDING, ctx.select(readable, features, 0),
            ServingSignature.STATUS, images.status()));
  }

  Signatures.Bound textEmbedding(GraphContext outer) {
    GraphContext ctx = outer.in("text_embedding").onCpu();
    Operand<TBool> ok = ctx.expandDims(ServingSignature.RowStatus.ok(ctx, textStatus), 1); // [B, 1]
    return new Signatures.Bound(
        ServingSignature.TEXT_EMBEDDING,
        ImmutableMap.of(ServingSignature.TEXT, texts),
        ImmutableMap.of(
            ServingSignature.EMBEDDING,
            ctx.select(ok, textFeatures, 0),
            ServingSignature.STATUS,
            textStatus));
  }

  private Operand<TFloat32> itmLogits(GraphContext ctx) {
    Tokens first =
        switch (parts.settings().matchToken()) {
          case ENC -> tokens.withFirst(ctx, parts.model().vocabulary().encode());
          case CLS -> tokens;
        };
    return matching.itmLogits(
        ctx, first.gather(ctx, distinct.rows()), images.rows(), images.states());
  }
}
