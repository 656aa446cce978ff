package org.blip4j.savedmodel.signature;

import com.google.common.collect.ImmutableMap;
import org.blip4j.graph.model.Blip;
import org.blip4j.graph.text.Tokens;
import org.blip4j.ops.core.GraphContext;
import org.blip4j.ops.kernel.Kernels;
import org.blip4j.ops.text.TokenLayout;
import org.tensorflow.Operand;
import org.tensorflow.op.Ops;
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
  private final ServedTexts texts; // beginning with [CLS]
  private final Operand<TFloat32> textFeatures; // [U, E]

  MatchSignatures(GraphContext ctx, ServingGraph.Parts parts, ServedImages images) {
    this.parts = parts;
    this.images = images;
    this.matching = parts.blip().matching();
    this.texts =
        ServedTexts.create(
            ctx,
            parts.texts(),
            ServingSignature.TEXT,
            layout(parts).maxTokens(),
            (inner, given) -> read(inner, parts, given));
    this.textFeatures = matching.dual().textFeatures(ctx, texts.tokens());
  }

  /** The texts, each with the image in its row. */
  ServedTexts pairs(GraphContext ctx) {
    return texts.asManyAs(ctx, ServingSignature.TEXT, images.rows(), ServingSignature.IMAGE_BYTES);
  }

  private Signatures.Bound bound(
      ServingSignature signature, ImmutableMap<String, Operand<?>> outputs) {
    return new Signatures.Bound(
        signature,
        ImmutableMap.of(
            ServingSignature.IMAGE_BYTES, images.bytes(), ServingSignature.TEXT, texts.texts()),
        ImmutableMap.of(
            ServingSignature.PIXELS,
            Signatures.Given.of(images.pixels()),
            ServingSignature.TOKEN_IDS,
            texts.ids()),
        outputs);
  }

  Signatures.Bound match(GraphContext outer) {
    GraphContext ctx = outer.in("match");
    Ops tf = ctx.tf();
    ServedTexts pairs = pairs(ctx);
    Operand<TString> status =
        ServingSignature.RowStatus.of(ctx, images.status(), pairs.status()); // [B]
    Operand<TBool> ok = ServingSignature.RowStatus.ok(ctx, status); // [B]
    Operand<TFloat32> logits = logits(ctx, texts.tokens().gather(ctx, pairs.rows())); // [B, 2]
    Operand<TFloat32> probability = probability(ctx, logits); // [B]
    Operand<TFloat32> imageFeatures =
        ctx.gather(matching.dual().imageFeatures(ctx, images.states()), images.rows(), 0); // [B, E]
    Operand<TFloat32> cosine =
        ctx.sum(tf.math.mul(imageFeatures, ctx.gather(textFeatures, pairs.rows(), 0)), 1); // [B]
    return bound(
        ServingSignature.MATCH,
        ImmutableMap.of(
            ServingSignature.ITM_PROBABILITY, ctx.select(ok, probability, 0),
            ServingSignature.ITM_LOGITS, ctx.select(ctx.expandDims(ok, 1), logits, 0),
            ServingSignature.ITC_COSINE, ctx.select(ok, cosine, 0),
            ServingSignature.STATUS, status));
  }

  /**
   * Where the image-grounded encoder sees a text (Grad-CAM, as in the paper's figures): the
   * cross-attention of a layer times what the matching logit gains by it, over heads and pieces.
   */
  Signatures.Bound attribution(GraphContext outer) {
    GraphContext ctx = outer.in("attribution");
    ServedTexts pairs = pairs(ctx);
    Operand<TString> status =
        ServingSignature.RowStatus.of(ctx, images.status(), pairs.status()); // [B]
    Operand<TFloat32> heat =
        matching.attribution(
            Kernels.PORTABLE.on(ctx), // only these have gradients
            grounded(ctx, texts.tokens().gather(ctx, pairs.rows())),
            images.perRow(ctx)); // [B, P - 1]
    long side =
        parts.blip().config().vision().imageSize() / parts.blip().config().vision().patchSize();
    Operand<TBool> ok = ctx.expandDims(ServingSignature.RowStatus.ok(ctx, status), 1); // [B, 1]
    return bound(
        ServingSignature.ATTRIBUTION,
        ImmutableMap.of(
            ServingSignature.HEAT,
            ctx.reshape(ctx.select(ok, heat, 0), -1, side, side),
            ServingSignature.STATUS,
            status));
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
        ImmutableMap.of(ServingSignature.PIXELS, Signatures.Given.of(images.pixels())),
        ImmutableMap.of(
            ServingSignature.EMBEDDING, ctx.select(readable, features, 0),
            ServingSignature.STATUS, images.status()));
  }

  Signatures.Bound textEmbedding(GraphContext outer) {
    GraphContext ctx = outer.in("text_embedding").onCpu();
    Operand<TBool> ok =
        ctx.expandDims(ServingSignature.RowStatus.ok(ctx, texts.status()), 1); // [B, 1]
    return new Signatures.Bound(
        ServingSignature.TEXT_EMBEDDING,
        ImmutableMap.of(ServingSignature.TEXT, texts.texts()),
        ImmutableMap.of(ServingSignature.TOKEN_IDS, texts.ids()),
        ImmutableMap.of(
            ServingSignature.EMBEDDING,
            ctx.select(ok, ctx.gather(textFeatures, texts.rows(), 0), 0),
            ServingSignature.STATUS,
            texts.status()));
  }

  /** Logits {@code [B, 2]} of texts, each with the image in its row. */
  Operand<TFloat32> logits(GraphContext ctx, Tokens tokens) {
    return matching.itmLogits(ctx, grounded(ctx, tokens), images.rows(), images.states());
  }

  /** Of "match", {@code [B]}. */
  static Operand<TFloat32> probability(GraphContext ctx, Operand<TFloat32> logits) {
    return ctx.at(ctx.tf().nn.softmax(logits), 1, 1);
  }

  /** Texts as the image-grounded encoder reads them. */
  private Tokens grounded(GraphContext ctx, Tokens tokens) {
    return switch (parts.settings().matchToken()) {
      case ENC -> tokens.withFirst(ctx, parts.model().vocabulary().encode());
      case CLS -> tokens;
    };
  }

  /** Texts that were made in the graph, read as given ones are. */
  Tokens read(GraphContext ctx, Operand<TString> made) {
    return read(ctx, parts, made).tokens();
  }

  private static ServingTexts.Read read(
      GraphContext ctx, ServingGraph.Parts parts, Operand<TString> texts) {
    ServingTexts.Cleaning cleaning =
        switch (parts.settings().matchToken()) {
          case ENC -> ServingTexts.Cleaning.CAPTION;
          case CLS -> ServingTexts.Cleaning.NONE;
        };
    return parts.texts().read(ctx, texts, "text", cleaning, layout(parts));
  }

  private static TokenLayout layout(ServingGraph.Parts parts) {
    return parts
        .texts()
        .layout(
            TokenLayout.First.CLASSIFY,
            parts.settings().expectedBatch() > 1
                ? TokenLayout.Padding.EIGHTS
                : TokenLayout.Padding.LONGEST);
  }
}
