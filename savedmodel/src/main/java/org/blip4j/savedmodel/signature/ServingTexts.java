package org.blip4j.savedmodel.signature;

import java.util.Optional;
import org.blip4j.data.text.WordPieceTokenizer;
import org.blip4j.graph.text.Tokens;
import org.blip4j.ops.core.GraphContext;
import org.blip4j.ops.core.Shapes;
import org.blip4j.ops.decode.Prompt;
import org.blip4j.ops.text.CaptionCleaning;
import org.blip4j.ops.text.TokenIds;
import org.blip4j.ops.text.TokenLayout;
import org.blip4j.ops.text.WordPieceOps;
import org.blip4j.savedmodel.open.ServingModel;
import org.tensorflow.Operand;
import org.tensorflow.op.Ops;
import org.tensorflow.types.TBool;
import org.tensorflow.types.TInt32;
import org.tensorflow.types.TInt64;
import org.tensorflow.types.TString;

/** Strings to tokens and back, as a model's configuration says. */
final class ServingTexts {
  private final ServingModel model;
  private final WordPieceOps pieces;

  private ServingTexts(ServingModel model) {
    this.model = model;
    this.pieces = new WordPieceOps(model.vocabulary().tokens());
  }

  static ServingTexts of(ServingModel model) {
    return new ServingTexts(model);
  }

  /** Texts cleaned as captions are. */
  Operand<TString> cleaned(GraphContext ctx, Operand<TString> texts) {
    return CaptionCleaning.caption(ctx, texts, model.config().textSettings().maxWords());
  }

  /** Texts cleaned as questions are. */
  Operand<TString> cleanedQuestions(GraphContext ctx, Operand<TString> texts) {
    return CaptionCleaning.question(ctx, texts, model.config().textSettings().maxWords());
  }

  /** Texts to be matched, judged or answered, cut to the model's length. */
  Tokens read(
      GraphContext ctx,
      Operand<TString> texts,
      TokenLayout.First first,
      TokenLayout.Padding padding) {
    int most = model.config().textSettings().matchTokens();
    TokenIds tokens = pieces.tokenize(ctx, texts, new TokenLayout(first, most, padding));
    return new Tokens(tokens.ids(), tokens.mask());
  }

  /** Answers to be ranked: as they stand, beginning with [DEC], as wide as the longest. */
  Tokens ranked(GraphContext ctx, Operand<TString> texts) {
    int most = model.config().architecture().text().maxPositions();
    TokenIds tokens =
        pieces.tokenize(
            ctx,
            texts,
            new TokenLayout(TokenLayout.First.DECODE, most, TokenLayout.Padding.LONGEST));
    return new Tokens(tokens.ids(), tokens.mask());
  }

  /** Beginnings of captions, one a row: [DEC] and pieces, {@code most} at most, no [SEP]. */
  Prompt prompts(GraphContext ctx, Operand<TString> texts, int most) {
    TokenIds tokens =
        pieces.tokenize(
            ctx,
            texts,
            new TokenLayout(TokenLayout.First.DECODE, most + 1, TokenLayout.Padding.LONGEST));
    Ops tf = ctx.tf();
    Operand<TInt64> withEnd = ctx.sum(tokens.mask(), 1); // [B]
    return new Prompt(tokens.ids(), Optional.of(ctx.sub(tf.dtypes.cast(withEnd, TInt32.class), 1)));
  }

  /** The same for a prompt that is known: [DEC] and pieces. */
  long[] promptIds(String prompt) {
    int[] ids = new WordPieceTokenizer(model.vocabulary()).encodePrompt(prompt);
    long[] result = new long[ids.length];
    for (int i = 0; i < ids.length; i++) {
      result[i] = ids[i];
    }
    return result;
  }

  /**
   * The texts of generated tokens without what they began with.
   *
   * @param ids {@code [B, L]}
   * @param promptLength tokens to leave out, a scalar or {@code [B]}
   */
  Operand<TString> captions(GraphContext ctx, Operand<TInt64> ids, Operand<TInt32> promptLength) {
    Ops tf = ctx.tf();
    Operand<TInt32> positions = ctx.range(Shapes.dim(ctx, ids, 1)); // [L]
    Operand<TInt32> first = ctx.reshape(promptLength, -1, 1);
    Operand<TBool> given = tf.math.less(positions, first); // [1 or B, L]
    Operand<TInt64> padding = tf.constant((long) model.vocabulary().pad());
    return pieces.detokenize(ctx, tf.select(given, padding, ids));
  }
}
