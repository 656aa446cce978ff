package org.blip4j.savedmodel.signature;

import java.util.List;
import java.util.Optional;
import org.blip4j.data.text.WordPieceTokenizer;
import org.blip4j.graph.text.Tokens;
import org.blip4j.ops.core.GraphContext;
import org.blip4j.ops.core.Shapes;
import org.blip4j.ops.decode.Prompt;
import org.blip4j.ops.text.CaptionCleaning;
import org.blip4j.ops.text.TokenLayout;
import org.blip4j.ops.text.WordPieceOps;
import org.blip4j.savedmodel.open.ServingModel;
import org.tensorflow.Operand;
import org.tensorflow.op.Ops;
import org.tensorflow.types.TBool;
import org.tensorflow.types.TInt32;
import org.tensorflow.types.TInt64;
import org.tensorflow.types.TString;

/**
 * Strings to tokens and back, as a model's configuration says.
 *
 * <p>A text that is longer than the model reads is cut, and its status says so; one that is no
 * UTF-8 fails.
 */
final class ServingTexts {
  private final ServingModel model;
  private final WordPieceOps pieces;

  ServingTexts(ServingModel model) {
    this.model = model;
    this.pieces = new WordPieceOps(model.vocabulary().tokens());
  }

  /**
   * Texts that were read.
   *
   * @param tokens of the texts
   * @param status {@code [B]}, see {@link ServingSignature.RowStatus}
   */
  record Read(Tokens tokens, Operand<TString> status) {}

  /** Whether and how texts are cleaned before they are read (blip-spec 4.3). */
  enum Cleaning {
    NONE,
    CAPTION,
    QUESTION
  }

  /**
   * Texts to be matched, asked or told, cut to the words and tokens that the model reads.
   *
   * @param what what they are called in a status, such as {@code the text}
   */
  Read read(
      GraphContext ctx,
      Operand<TString> texts,
      String what,
      Cleaning cleaning,
      TokenLayout layout) {
    int maxWords = model.config().textSettings().maxWords();
    Operand<TString> words = notUtf8(ctx, texts, what);
    CaptionCleaning.Cleaned cleaned =
        switch (cleaning) {
          case NONE -> new CaptionCleaning.Cleaned(texts, Optional.empty());
          case CAPTION -> CaptionCleaning.caption(ctx, texts, maxWords);
          case QUESTION -> CaptionCleaning.question(ctx, texts, maxWords);
        };
    if (cleaned.cut().isPresent()) {
      Operand<TString> message =
          ctx.onCpu()
              .tf()
              .constant(
                  "%sthe %s has more than %d words, only these were read"
                      .formatted(ServingSignature.RowStatus.CUT, what, maxWords));
      words =
          ServingSignature.RowStatus.of(
              ctx, words, ServingSignature.RowStatus.where(ctx, cleaned.cut().get(), message));
    }
    WordPieceOps.TokenIds tokens = pieces.tokenize(ctx, cleaned.texts(), layout);
    return new Read(
        new Tokens(tokens.ids(), tokens.mask()),
        ServingSignature.RowStatus.of(ctx, words, tooLong(ctx, tokens, what, layout.maxTokens())));
  }

  /**
   * Texts that are not cut.
   *
   * @param tokens {@code [N, T]}, [CLS] and [SEP] included
   * @param lengths {@code [N]}
   */
  record Whole(Tokens tokens, Operand<TInt32> lengths) {}

  /** Texts as they stand. */
  Whole whole(GraphContext ctx, Operand<TString> texts) {
    WordPieceOps.TokenIds tokens =
        pieces.tokenize(
            ctx,
            texts,
            new TokenLayout(
                TokenLayout.First.CLASSIFY, TokenLayout.NO_LIMIT, TokenLayout.Padding.LONGEST));
    return new Whole(new Tokens(tokens.ids(), tokens.mask()), tokens.lengths());
  }

  /**
   * A part of a text that is put together of two.
   *
   * @param ids {@code [M, T]}, [CLS] before it
   * @param shift {@code [M, 1]}, what is added to a place of the text for its place there
   * @param end {@code [M, 1]}, the last place of the first part, the place behind the second
   */
  record Piece(Operand<TInt64> ids, Operand<TInt32> shift, Operand<TInt32> end) {
    private Operand<TInt64> at(GraphContext ctx, Operand<TInt32> places) {
      Ops tf = ctx.tf();
      Operand<TInt32> last = ctx.sub(Shapes.dim(ctx, ids, 1), 1);
      return ctx.gatherInRows(
          ids, tf.math.minimum(ctx.maximum(tf.math.add(places, shift), 0), last)); // [M, T]
    }
  }

  /** [CLS], two parts, [SEP] and padding over places {@code [T]}. */
  Operand<TInt64> assembled(
      GraphContext ctx, Operand<TInt32> places, Piece first, Piece second) { // [M, T]
    Ops tf = ctx.tf();
    Operand<TInt64> text =
        tf.select(
            tf.math.lessEqual(places, first.end()), first.at(ctx, places), second.at(ctx, places));
    Operand<TInt64> ended =
        ctx.select(
            tf.math.equal(places, second.end()), (long) model.vocabulary().separator(), text);
    Operand<TInt64> padded =
        ctx.select(tf.math.greater(places, second.end()), (long) model.vocabulary().pad(), ended);
    return ctx.select(ctx.equal(places, 0), (long) model.vocabulary().classify(), padded);
  }

  /** How texts to be matched, asked or told are laid out. */
  TokenLayout layout(TokenLayout.First first, TokenLayout.Padding padding) {
    return new TokenLayout(first, model.config().textSettings().matchTokens(), padding);
  }

  /** Answers to be ranked: as they stand, beginning with [DEC], as wide as the longest. */
  Read ranked(GraphContext ctx, Operand<TString> texts) {
    int most = model.config().architecture().text().maxPositions();
    TokenLayout layout =
        new TokenLayout(TokenLayout.First.DECODE, most, TokenLayout.Padding.LONGEST);
    return read(ctx, texts, "answer", Cleaning.NONE, layout);
  }

  /**
   * Beginnings of captions, laid out as texts are, [SEP] at their end included.
   *
   * @param maximum length of a caption with its prompt
   */
  Read prompts(GraphContext ctx, Operand<TString> texts, int maximum) {
    WordPieceOps.TokenIds tokens =
        pieces.tokenize(
            ctx,
            texts,
            new TokenLayout(TokenLayout.First.DECODE, maximum, TokenLayout.Padding.LONGEST));
    Operand<TBool> noRoom = ctx.greater(tokens.lengths(), maximum); // [B]
    Operand<TString> message =
        joined(
            ctx,
            "the prompt has ",
            ctx.sub(tokens.lengths(), 1),
            " tokens with the start token, but the maximum length is %d; shorten it"
                .formatted(maximum));
    return new Read(
        new Tokens(tokens.ids(), tokens.mask()),
        ServingSignature.RowStatus.of(
            ctx,
            notUtf8(ctx, texts, "prompt"),
            ServingSignature.RowStatus.where(ctx, noRoom, message)));
  }

  /** What generation goes on from: the same without [SEP], beginning with [DEC]. */
  Prompt prompt(GraphContext ctx, Tokens tokens) {
    Operand<TInt64> withEnd = ctx.sum(tokens.mask(), 1); // [B]
    Operand<TInt32> lengths = ctx.sub(ctx.tf().dtypes.cast(withEnd, TInt32.class), 1); // [B]
    return new Prompt(
        tokens.withFirst(ctx, model.vocabulary().decode()).ids(),
        Optional.of(ctx.maximum(lengths, 1)));
  }

  /**
   * What is wrong with the tokens of a row that a client has made, {@code [B]}, and the tokens with
   * nothing in their places that the model does not know.
   *
   * @param ids {@code [B, T]}
   */
  Read given(GraphContext ctx, Operand<TInt64> ids) {
    GraphContext inner = ctx.onCpu();
    Ops tf = inner.tf();
    long pad = model.vocabulary().pad();
    int size = model.vocabulary().size();
    Operand<TBool> known =
        tf.math.logicalAnd(inner.greaterEqual(ids, 0L), inner.less(ids, (long) size)); // [B, T]
    Operand<TInt64> safe = inner.select(known, ids, pad); // [B, T]
    Operand<TInt32> places = inner.range(Shapes.dim(inner, ids, 1)); // [T]
    Operand<TInt32> used =
        tf.math.mul(tf.dtypes.cast(inner.notEqual(safe, pad), TInt32.class), places); // [B, T]
    Operand<TInt32> last = inner.max(used, 1); // [B]
    Operand<TBool> ends =
        inner.equal(inner.gatherInRows(safe, last), (long) model.vocabulary().separator()); // [B]
    Operand<TString> unknown =
        ServingSignature.RowStatus.where(
            ctx,
            tf.math.logicalNot(inner.all(known, 1)),
            tf.constant("token_ids has ids that are not from 0 to " + (size - 1)));
    Operand<TString> open =
        ServingSignature.RowStatus.where(
            ctx,
            tf.math.logicalNot(ends),
            tf.constant(
                "token_ids does not end with [SEP]; give [CLS], the pieces, [SEP], and [PAD] up to"
                    + " the width"));
    Operand<TInt64> mask =
        tf.dtypes.cast(tf.math.lessEqual(places, inner.expandDims(last, 1)), TInt64.class);
    return new Read(new Tokens(safe, mask), ServingSignature.RowStatus.of(ctx, unknown, open));
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

  /** What is wrong with texts that are no UTF-8. */
  static Operand<TString> notUtf8(GraphContext ctx, Operand<TString> texts, String what) { // [B]
    GraphContext inner = ctx.onCpu();
    Ops tf = inner.tf();
    Operand<TString> valid = tf.strings.unicodeTranscode(texts, "UTF-8", "UTF-8");
    return ServingSignature.RowStatus.where(
        ctx,
        tf.math.notEqual(valid, texts),
        tf.constant("the " + what + " is not UTF-8; send its characters in that encoding"));
  }

  private static Operand<TString> tooLong(
      GraphContext ctx, WordPieceOps.TokenIds tokens, String what, int most) { // [B]
    GraphContext inner = ctx.onCpu();
    return ServingSignature.RowStatus.where(
        ctx,
        inner.greater(tokens.lengths(), most),
        joined(
            ctx,
            ServingSignature.RowStatus.CUT + "the " + what + " has ",
            tokens.lengths(),
            " tokens with first and last, only %d were read".formatted(most)));
  }

  private static Operand<TString> joined(
      GraphContext ctx, String before, Operand<TInt32> number, String after) {
    GraphContext inner = ctx.onCpu();
    Ops tf = inner.tf();
    return tf.strings.join(
        List.of(tf.constant(before), tf.dtypes.asString(number), tf.constant(after)));
  }
}
