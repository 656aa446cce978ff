package org.blip4j.savedmodel.signature;

import com.google.common.collect.ImmutableMap;
import org.blip4j.graph.generate.CaptionGenerator;
import org.blip4j.graph.vision.ImageStates;
import org.blip4j.ops.core.GraphContext;
import org.blip4j.ops.core.Shapes;
import org.blip4j.ops.decode.Decoded;
import org.blip4j.ops.decode.Prompt;
import org.tensorflow.Operand;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.op.Ops;
import org.tensorflow.op.core.Placeholder;
import org.tensorflow.types.TBool;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TInt32;
import org.tensorflow.types.TInt64;
import org.tensorflow.types.TString;

/** Adds the signatures that write captions. */
final class CaptionSignatures {
  private final ServingGraph.Parts parts;
  private final ServedImages images;
  private final CaptionGenerator generator;

  CaptionSignatures(ServingGraph.Parts parts, ServedImages images) {
    this.parts = parts;
    this.images = images;
    this.generator = CaptionGenerator.of(parts.blip(), parts.settings().expectedBatch());
  }

  Signatures.Bound search(GraphContext outer) {
    GraphContext ctx = outer.in("caption");
    Prompt prompt = fixedPrompt(ctx);
    Decoded decoded = generator.search(ctx, images.perRow(ctx), prompt, parts.settings().search());
    return new Signatures.Bound(
        ServingSignature.CAPTION,
        ImmutableMap.of(ServingSignature.IMAGE_BYTES, images.bytes()),
        outputs(ctx, decoded, prompt, images.status()));
  }

  Signatures.Bound prompted(GraphContext outer) {
    GraphContext ctx = outer.in("caption_prompted");
    Operand<TString> beginnings = placeholder(ctx, ServingSignature.PROMPT, TString.class);
    ServingTexts.Prompts prompts =
        parts.texts().prompts(ctx, beginnings, parts.settings().search().lengths().maximum());
    Decoded decoded =
        generator.search(ctx, images.perRow(ctx), prompts.prompt(), parts.settings().search());
    return new Signatures.Bound(
        ServingSignature.CAPTION_PROMPTED,
        ImmutableMap.of(
            ServingSignature.IMAGE_BYTES, images.bytes(), ServingSignature.PROMPT, beginnings),
        outputs(
            ctx,
            decoded,
            prompts.prompt(),
            ServingSignature.RowStatus.of(ctx, images.status(), prompts.status())));
  }

  Signatures.Bound sample(GraphContext outer) {
    GraphContext ctx = outer.in("caption_sample");
    Operand<TInt64> seeds = placeholder(ctx, ServingSignature.SEED, TInt64.class);
    Prompt prompt = fixedPrompt(ctx);
    ImageStates states = images.perRow(ctx);
    Decoded decoded = generator.sample(ctx, states, prompt, parts.settings().sampling(), seeds);
    return new Signatures.Bound(
        ServingSignature.CAPTION_SAMPLE,
        ImmutableMap.of(ServingSignature.IMAGE_BYTES, images.bytes(), ServingSignature.SEED, seeds),
        outputs(ctx, decoded, prompt, images.status()));
  }

  private Prompt fixedPrompt(GraphContext ctx) {
    long[] ids = parts.texts().promptIds(parts.settings().prompt());
    return Prompt.same(ctx, Shapes.dim(ctx, images.rows(), 0), ids);
  }

  /** The number of tokens before the text: {@code [B]}, or a scalar if all have as many. */
  private static Operand<TInt32> promptLength(GraphContext ctx, Prompt prompt) {
    return prompt.lengths().orElseGet(() -> Shapes.dim(ctx, prompt.ids(), 1));
  }

  private ImmutableMap<String, Operand<?>> outputs(
      GraphContext ctx, Decoded decoded, Prompt prompt, Operand<TString> status) {
    Ops tf = ctx.tf();
    Operand<TBool> ok = ServingSignature.RowStatus.ok(ctx, status); // [B]
    Operand<TString> text =
        parts.texts().captions(ctx, decoded.ids(), promptLength(ctx, prompt)); // [B]
    Operand<TInt64> padding = tf.constant((long) parts.model().vocabulary().pad());
    Operand<TInt64> ids = tf.select(ctx.expandDims(ok, 1), decoded.ids(), padding); // [B, L]
    return ImmutableMap.of(
        ServingSignature.CAPTION_TEXT,
        ctx.onCpu().tf().select(ok, text, tf.array("")),
        ServingSignature.LOG_PROB,
        ctx.select(ok, finite(ctx, decoded.logProbs()), 0),
        ServingSignature.TOKEN_IDS,
        ids,
        ServingSignature.STATUS,
        status);
  }

  /** Infinity is no JSON: what cannot be written has a very low score instead. */
  private static Operand<TFloat32> finite(GraphContext ctx, Operand<TFloat32> scores) {
    return ctx.clip(scores, -1e9f, 1e9f);
  }

  private static <T extends org.tensorflow.types.family.TType> Operand<T> placeholder(
      GraphContext ctx, String name, Class<T> type) {
    return ctx.tf().withName(name).placeholder(type, Placeholder.shape(Shape.of(-1)));
  }
}
