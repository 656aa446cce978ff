package org.blip4j.savedmodel.signature;

import com.google.common.collect.ImmutableList;
import java.util.List;
import java.util.Optional;
import org.blip4j.graph.generate.AnswerGenerator;
import org.blip4j.graph.generate.CaptionGenerator;
import org.blip4j.graph.model.Blip;
import org.blip4j.graph.model.DialogueJudge;
import org.blip4j.graph.model.DualEncoder;
import org.blip4j.graph.text.Attended;
import org.blip4j.graph.text.Tokens;
import org.blip4j.graph.vision.ImageStates;
import org.blip4j.ops.core.GraphContext;
import org.blip4j.ops.core.Shapes;
import org.blip4j.ops.decode.Decoded;
import org.blip4j.ops.decode.Prompt;
import org.blip4j.ops.image.ImageDecoding;
import org.blip4j.ops.text.TokenLayout;
import org.tensorflow.Operand;
import org.tensorflow.Result;
import org.tensorflow.Session;
import org.tensorflow.Tensor;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.op.Ops;
import org.tensorflow.op.core.Placeholder;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TInt32;
import org.tensorflow.types.TInt64;
import org.tensorflow.types.TString;
import org.tensorflow.types.family.TType;

/**
 * The steps from an image to its captions and match scores as calls of their own, so that an image
 * is decoded and encoded once however much is asked about it, and so that two models can share
 * pixels or states.
 *
 * <p>In {@code match}, every text is as wide as the longest that the model reads: what a row gives
 * does not depend on the texts beside it, to the last bit. These calls are no signatures and are
 * not exported.
 *
 * @param decode {@code image_bytes [B]} to pixels {@code [B, S, S, 3]} (0 where there is no image)
 *     and status {@code [B]}
 * @param encode pixels {@code [B, S, S, 3]} to states {@code [B, P, W]}
 * @param search any number of states an image {@code [B, P, W]} to captions {@code [B]} with their
 *     log-probabilities {@code [B]} and tokens {@code [B, L]}, by search; empty if the model writes
 *     none
 * @param sample the same and seeds {@code [B]}, drawn by chance
 * @param match states {@code [B, P, W]}, rows {@code [N]} and texts {@code [N]} to match
 *     probabilities {@code [N]} and cosines {@code [N]}; empty if the model matches none, as the
 *     next three
 * @param matchLogits the same inputs, with any number of states, to the logits {@code [N, 2]} of
 *     "no match" and "match"; texts are as wide as the longest of the call
 * @param projectImages states to features {@code [B, E]} before they are made of length 1
 * @param judge states {@code [B, P, W]}, ids and mask {@code [B, C]} of their captions, rows {@code
 *     [N]}, ids and mask {@code [N, T]} of dialogues that end with an answer, to the logits {@code
 *     [N, 2]} of "another" and "the true answer"; empty if the model has no matching head
 * @param embedTexts texts {@code [N]} to features {@code [N, E]} of length 1, as wide as the
 *     longest
 * @param answer any number of states an image {@code [B, P, W]}, rows {@code [N]} and questions
 *     {@code [N]} to answers {@code [N]}, their log-probabilities {@code [N]} and statuses {@code
 *     [N]}; empty if the model answers none
 */
public record StagedCalls(
    Call decode,
    Call encode,
    Optional<Call> search,
    Optional<Call> sample,
    Optional<Call> match,
    Optional<Call> matchLogits,
    Optional<Call> judge,
    Optional<Call> projectImages,
    Optional<Call> embedTexts,
    Optional<Call> answer) {
  /**
   * A part of a graph that is run by itself.
   *
   * @param inputs placeholders
   * @param outputs what is fetched
   */
  public record Call(ImmutableList<Operand<?>> inputs, ImmutableList<Operand<?>> outputs) {
    /** Runs it; the values are those of the inputs, in order, and stay open. */
    public Result run(Session session, Tensor... values) {
      Session.Runner runner = session.runner();
      for (int i = 0; i < inputs.size(); i++) {
        runner.feed(inputs.get(i), values[i]);
      }
      outputs.forEach(runner::fetch);
      return runner.run();
    }
  }

  static StagedCalls create(GraphContext outer, ServingGraph.Parts parts) {
    GraphContext ctx = outer.in("stages");
    Blip blip = parts.blip();
    int side = blip.config().vision().imageSize();
    Operand<TString> bytes = input(ctx, "image_bytes", TString.class, Shape.of(-1));
    ImageDecoding.Result decoded = new ImageDecoding(side).apply(ctx, bytes);
    Operand<TFloat32> pixels = input(ctx, "pixels", TFloat32.class, Shape.of(-1, side, side, 3));
    ImageStates encoded = blip.vision().apply(ctx.in("images"), pixels);
    Call decode = call(List.of(bytes), decoded.pixels(), decoded.status());
    Call encode = call(List.of(pixels), encoded.hidden());

    Shape shape =
        Shape.of(-1, blip.config().vision().tokens(), blip.config().vision().width()); // [B, P, W]
    ImageStates states = new ImageStates(input(ctx, "states", TFloat32.class, shape));
    boolean captions = blip.task().captions();
    boolean matches = blip.task().matches();
    boolean converses =
        blip.task().converses() && blip.config().vision().width() == blip.config().text().width();
    return new StagedCalls(
        decode,
        encode,
        captions ? Optional.of(search(ctx, parts)) : Optional.empty(),
        captions ? Optional.of(sample(ctx, parts)) : Optional.empty(),
        matches ? Optional.of(match(ctx, parts, states)) : Optional.empty(),
        matches ? Optional.of(matchLogits(ctx, parts)) : Optional.empty(),
        converses ? Optional.of(judge(ctx, parts)) : Optional.empty(),
        matches ? Optional.of(projectImages(ctx, parts, states)) : Optional.empty(),
        matches ? Optional.of(embedTexts(ctx, parts)) : Optional.empty(),
        blip.task().answers() ? Optional.of(answer(ctx, parts)) : Optional.empty());
  }

  /** Any number of states an image, {@code [B, P, W]}. */
  private static ImageStates anyStates(GraphContext ctx, ServingGraph.Parts parts) {
    Shape shape = Shape.of(-1, -1, parts.blip().config().vision().width());
    return new ImageStates(input(ctx, "states", TFloat32.class, shape));
  }

  private static Call search(GraphContext outer, ServingGraph.Parts parts) {
    GraphContext ctx = outer.in("search");
    ImageStates states = anyStates(ctx, parts);
    Prompt prompt = prompt(ctx, parts, states);
    Decoded decoded = generator(parts).search(ctx, states, prompt, parts.settings().search());
    return call(
        List.of(states.hidden()),
        text(ctx, parts, decoded, prompt),
        finite(ctx, decoded),
        decoded.ids());
  }

  private static Call sample(GraphContext outer, ServingGraph.Parts parts) {
    GraphContext ctx = outer.in("sample");
    ImageStates states = anyStates(ctx, parts);
    Operand<TInt64> seeds = input(ctx, "seeds", TInt64.class, Shape.of(-1));
    Prompt prompt = prompt(ctx, parts, states);
    Decoded decoded =
        generator(parts).sample(ctx, states, prompt, parts.settings().sampling(), seeds);
    return call(
        List.of(states.hidden(), seeds),
        text(ctx, parts, decoded, prompt),
        finite(ctx, decoded),
        decoded.ids());
  }

  private static Call match(GraphContext outer, ServingGraph.Parts parts, ImageStates states) {
    GraphContext ctx = outer.in("match");
    Ops tf = ctx.tf();
    Operand<TInt32> rows = input(ctx, "rows", TInt32.class, Shape.of(-1));
    Operand<TString> texts = input(ctx, "texts", TString.class, Shape.of(-1));
    Tokens tokens = tokens(ctx, parts, texts, TokenLayout.Padding.MAX);
    Blip.Matching matching = parts.blip().matching();
    Operand<TFloat32> logits =
        matching.itmLogits(ctx, grounded(ctx, parts, tokens), rows, states); // [N, 2]
    Operand<TFloat32> images =
        ctx.gather(matching.dual().imageFeatures(ctx, states), rows, 0); // [N, E]
    Operand<TFloat32> features = matching.dual().textFeatures(ctx, tokens); // [N, E]
    return call(
        List.of(states.hidden(), rows, texts),
        ctx.at(tf.nn.softmax(logits), 1, 1),
        ctx.sum(tf.math.mul(images, features), 1));
  }

  private static Call matchLogits(GraphContext outer, ServingGraph.Parts parts) {
    GraphContext ctx = outer.in("match_logits");
    ImageStates states = anyStates(ctx, parts);
    Operand<TInt32> rows = input(ctx, "rows", TInt32.class, Shape.of(-1));
    Operand<TString> texts = input(ctx, "texts", TString.class, Shape.of(-1));
    Tokens tokens = tokens(ctx, parts, texts, TokenLayout.Padding.LONGEST);
    Operand<TFloat32> logits =
        parts
            .blip()
            .matching()
            .itmLogits(ctx, grounded(ctx, parts, tokens), rows, states); // [N, 2]
    return call(List.of(states.hidden(), rows, texts), logits);
  }

  private static Call judge(GraphContext outer, ServingGraph.Parts parts) {
    GraphContext ctx = outer.in("judge");
    Shape shape = Shape.of(-1, -1, parts.blip().config().vision().width()); // [B, P, W]
    Operand<TFloat32> states = input(ctx, "states", TFloat32.class, shape);
    Tokens captions = tokens(ctx, "caption_");
    Operand<TInt32> rows = input(ctx, "rows", TInt32.class, Shape.of(-1));
    Tokens dialogues = tokens(ctx, "");
    DialogueJudge judge = parts.blip().dialogues();
    Attended contexts = judge.context(ctx, new ImageStates(states), captions);
    return call(
        List.of(states, captions.ids(), captions.mask(), rows, dialogues.ids(), dialogues.mask()),
        judge.judge(ctx, dialogues, rows, contexts));
  }

  private static Tokens tokens(GraphContext ctx, String prefix) {
    Shape any = Shape.of(-1, -1);
    return new Tokens(
        input(ctx, prefix + "ids", TInt64.class, any),
        input(ctx, prefix + "mask", TInt64.class, any));
  }

  private static Call projectImages(
      GraphContext outer, ServingGraph.Parts parts, ImageStates states) {
    DualEncoder dual = parts.blip().matching().dual();
    return call(List.of(states.hidden()), dual.projectedImages(outer.in("project_images"), states));
  }

  private static Call embedTexts(GraphContext outer, ServingGraph.Parts parts) {
    GraphContext ctx = outer.in("embed_texts");
    Operand<TString> texts = input(ctx, "texts", TString.class, Shape.of(-1));
    Tokens tokens = tokens(ctx, parts, texts, TokenLayout.Padding.LONGEST);
    return call(List.of(texts), parts.blip().matching().dual().textFeatures(ctx, tokens));
  }

  private static Call answer(GraphContext outer, ServingGraph.Parts parts) {
    GraphContext ctx = outer.in("answer");
    ImageStates states = anyStates(ctx, parts);
    Operand<TInt32> rows = input(ctx, "rows", TInt32.class, Shape.of(-1));
    Operand<TString> questions = input(ctx, "questions", TString.class, Shape.of(-1));
    ServingTexts.Read read = VqaSignatures.read(ctx, parts, questions);
    Decoded decoded =
        AnswerGenerator.of(parts.blip(), parts.settings().expectedBatch())
            .search(
                ctx,
                VqaSignatures.states(ctx, parts, read.tokens(), states, rows),
                parts.settings().search());
    return call(
        List.of(states.hidden(), rows, questions),
        parts.texts().captions(ctx, decoded.ids(), ctx.tf().constant(1)),
        finite(ctx, decoded),
        read.status());
  }

  /** Texts that begin with [CLS], prepared as the model's signatures prepare them. */
  private static Tokens tokens(
      GraphContext ctx,
      ServingGraph.Parts parts,
      Operand<TString> texts,
      TokenLayout.Padding padding) {
    ServingTexts.Cleaning cleaning =
        cleans(parts) ? ServingTexts.Cleaning.CAPTION : ServingTexts.Cleaning.NONE;
    TokenLayout layout = parts.texts().layout(TokenLayout.First.CLASSIFY, padding);
    return parts.texts().read(ctx, texts, "text", cleaning, layout).tokens();
  }

  /**
   * The same texts as the image-grounded encoder reads them, which begin with [ENC] as published.
   */
  private static Tokens grounded(GraphContext ctx, ServingGraph.Parts parts, Tokens tokens) {
    return cleans(parts) ? tokens.withFirst(ctx, parts.model().vocabulary().encode()) : tokens;
  }

  private static boolean cleans(ServingGraph.Parts parts) {
    return parts.settings().matchToken() == ServingSettings.MatchToken.ENC;
  }

  private static CaptionGenerator generator(ServingGraph.Parts parts) {
    return CaptionGenerator.of(parts.blip(), parts.settings().expectedBatch());
  }

  private static Prompt prompt(GraphContext ctx, ServingGraph.Parts parts, ImageStates states) {
    long[] ids = parts.texts().promptIds(parts.settings().prompt());
    return Prompt.same(ctx, Shapes.dim(ctx, states.hidden(), 0), ids);
  }

  /** Infinity is no JSON: what cannot be written has a very low score instead. */
  private static Operand<TFloat32> finite(GraphContext ctx, Decoded decoded) {
    return ctx.clip(decoded.logProbs(), -1e9f, 1e9f);
  }

  /** The captions without their prompt, {@code [B]}. */
  private static Operand<TString> text(
      GraphContext ctx, ServingGraph.Parts parts, Decoded decoded, Prompt prompt) {
    return parts.texts().captions(ctx, decoded.ids(), Shapes.dim(ctx, prompt.ids(), 1));
  }

  private static <T extends TType> Operand<T> input(
      GraphContext ctx, String name, Class<T> type, Shape shape) {
    return ctx.tf().withName(name).placeholder(type, Placeholder.shape(shape));
  }

  private static Call call(List<Operand<?>> inputs, Operand<?>... outputs) {
    return new Call(ImmutableList.copyOf(inputs), ImmutableList.copyOf(outputs));
  }
}
