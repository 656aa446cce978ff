package org.blip4j.savedmodel.signature;

import com.google.common.collect.ImmutableMap;
import org.blip4j.graph.generate.CaptionGenerator;
import org.blip4j.graph.vision.ImageStates;
import org.blip4j.ops.core.GraphContext;
import org.blip4j.ops.core.Shapes;
import org.blip4j.ops.decode.Decoded;
import org.blip4j.ops.decode.Prompt;
import org.tensorflow.Operand;
import org.tensorflow.op.Ops;
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
        ImmutableMap.of(ServingSignature.PIXELS, Signatures.Given.of(images.pixels())),
        outputs(ctx, decoded, prompt, images.status()));
  }

  Signatures.Bound prompted(GraphContext outer) {
    GraphContext ctx = outer.in("caption_prompted");
    int maximum = parts.settings().search().lengths().maximum();
    ServedTexts prompts =
        ServedTexts.create(
                ctx,
                parts.texts(),
                ServingSignature.PROMPT,
                maximum,
                (inner, texts) -> parts.texts().prompts(inner, texts, maximum))
            .asManyAs(ctx, ServingSignature.PROMPT, images.rows(), ServingSignature.IMAGE_BYTES);
    Prompt prompt = parts.texts().prompt(ctx, prompts.perRow(ctx));
    Decoded decoded = generator.search(ctx, images.perRow(ctx), prompt, parts.settings().search());
    return new Signatures.Bound(
        ServingSignature.CAPTION_PROMPTED,
        ImmutableMap.of(
            ServingSignature.IMAGE_BYTES, images.bytes(),
            ServingSignature.PROMPT, prompts.texts()),
        ImmutableMap.of(
            ServingSignature.PIXELS, Signatures.Given.of(images.pixels()),
            ServingSignature.TOKEN_IDS, prompts.ids()),
        outputs(
            ctx,
            decoded,
            prompt,
            ServingSignature.RowStatus.of(ctx, images.status(), prompts.status())));
  }

  Signatures.Bound sample(GraphContext outer) {
    GraphContext ctx = outer.in("caption_sample");
    Operand<TInt64> given = ServedInputs.numbers(ctx, ServingSignature.SEED, TInt64.class);
    Operand<TInt64> seeds =
        ServedInputs.perRow(
            ctx, given, ServingSignature.SEED, images.rows(), ServingSignature.IMAGE_BYTES);
    Prompt prompt = fixedPrompt(ctx);
    ImageStates states = images.perRow(ctx);
    Decoded decoded = generator.sample(ctx, states, prompt, parts.settings().sampling(), seeds);
    return new Signatures.Bound(
        ServingSignature.CAPTION_SAMPLE,
        ImmutableMap.of(ServingSignature.IMAGE_BYTES, images.bytes(), ServingSignature.SEED, given),
        ImmutableMap.of(
            ServingSignature.PIXELS,
            Signatures.Given.of(images.pixels()),
            ServingSignature.SEED,
            Signatures.Given.of(given)),
        outputs(ctx, decoded, prompt, images.status()));
  }

  /** Captions {@code [B]} drawn by chance, for what goes on with them. */
  Operand<TString> drawn(GraphContext ctx, Operand<TInt64> seeds) {
    Prompt prompt = fixedPrompt(ctx);
    Decoded decoded =
        generator.sample(ctx, images.perRow(ctx), prompt, parts.settings().sampling(), seeds);
    return parts.texts().captions(ctx, decoded.ids(), promptLength(ctx, prompt));
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
}
