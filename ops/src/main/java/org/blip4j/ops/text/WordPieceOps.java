package org.blip4j.ops.text;

import com.google.common.base.Supplier;
import com.google.common.base.Suppliers;
import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableSet;
import java.util.List;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.regex.Pattern;
import org.blip4j.ops.core.GraphContext;
import org.blip4j.ops.core.Shapes;
import org.tensorflow.Operand;
import org.tensorflow.op.Ops;
import org.tensorflow.op.strings.UnicodeDecode;
import org.tensorflow.types.TInt32;
import org.tensorflow.types.TInt64;
import org.tensorflow.types.TString;

/**
 * BERT's uncased WordPiece tokenizer inside the graph, from strings to ids and back (blip-spec 4.1,
 * 4.6).
 *
 * <p>Equal to the published tokenizer but for canonical reordering of rare spacing marks (see
 * {@link CharacterCleaning}). Bytes that are no UTF-8 are dropped.
 *
 * <p>How: texts are decoded to one list of characters with spaces between words; the longest piece
 * that begins at each character is found for all characters at once; the pieces on the way from
 * each word's beginning are kept. The number of steps depends on the longest piece, not on the
 * texts.
 */
public final class WordPieceOps {
  private static final ImmutableList<String> SPECIALS =
      ImmutableList.of("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "[DEC]", "[ENC]");

  private final List<String> pieces;
  private final Supplier<Reading> reading = Suppliers.memoize(this::newReading);
  private final Detokenization detokenization;

  /** What only texts to be read need: its tables take a while to make. */
  private record Reading(CharacterCleaning cleaning, Segmentation segmentation) {}

  /**
   * Makes the tokenizer.
   *
   * @param pieces all tokens in id order, special tokens included
   * @throws IllegalArgumentException if a special token is missing
   */
  public WordPieceOps(List<String> pieces) {
    this.pieces = List.copyOf(pieces);
    List<String> missing = SPECIALS.stream().filter(s -> !this.pieces.contains(s)).toList();
    if (!missing.isEmpty()) {
      throw new IllegalArgumentException(
          "a vocabulary of %d tokens lacks %s; give all tokens in id order"
              .formatted(pieces.size(), String.join(", ", missing)));
    }
    this.detokenization = new Detokenization(this.pieces, ImmutableSet.copyOf(SPECIALS));
  }

  private Reading newReading() {
    SortedMap<String, Integer> words = new TreeMap<>();
    SortedMap<String, Integer> continuations = new TreeMap<>();
    for (int id = 0; id < pieces.size(); id++) {
      String piece = pieces.get(id);
      if (piece.length() > 2 && piece.startsWith("##")) {
        continuations.put(piece.substring(2), id);
      } else if (SPECIALS.contains(piece)) {
        words.put(marker(piece), id);
      } else if (!piece.isEmpty()) {
        words.put(piece, id);
      }
    }
    return new Reading(
        new CharacterCleaning(),
        new Segmentation(new PieceTrie(words, continuations), id("[UNK]")));
  }

  /**
   * Ids of texts.
   *
   * @param texts {@code [B]}
   */
  public TokenIds tokenize(GraphContext context, Operand<TString> texts, TokenLayout layout) {
    GraphContext ctx = context.in("tokenize").onCpu();
    Ops tf = ctx.tf();
    Shapes.require(texts, "texts", -1);
    UnicodeDecode<TInt64> decoded =
        tf.strings.unicodeDecode(marked(ctx, texts), "UTF-8", TInt64.class);
    Operand<TInt32> codePoints = decoded.charValues(); // [N]
    Operand<TInt32> characters = reading.get().cleaning().apply(ctx, codePoints); // [N, 3]
    Operand<TInt32> kept =
        tf.dtypes.cast(tf.where(ctx.notEqual(characters, 0)), TInt32.class); // [L, 2]
    Operand<TInt32> source = ctx.at(kept, 0, 1); // [L]
    Operand<TInt32> rows = ctx.gather(rowOf(ctx, decoded), source, 0); // [L]
    Segmentation.Tokens tokens =
        reading
            .get()
            .segmentation()
            .apply(ctx, new Segmentation.Characters(tf.gatherNd(characters, kept), rows));
    return new TokenLayout.RowLayout(layout, id(layout.first().token()), id("[SEP]"), id("[PAD]"))
        .apply(ctx, tokens, Shapes.dim(ctx, texts, 0));
  }

  /**
   * Text of ids: special tokens dropped, pieces joined, spaces before punctuation removed.
   *
   * @param ids {@code [B, T]}; an id outside the vocabulary fails the run
   * @return {@code [B]}
   */
  public Operand<TString> detokenize(GraphContext context, Operand<TInt64> ids) {
    Shapes.require(ids, "token ids", -1, -1);
    return detokenization.apply(context.in("detokenize").onCpu(), ids);
  }

  /** Texts in which special tokens are single characters, with a space at the end of each. */
  private static Operand<TString> marked(GraphContext ctx, Operand<TString> texts) {
    Ops tf = ctx.tf();
    Operand<TString> result = tf.strings.unicodeTranscode(texts, "UTF-8", "UTF-8");
    String markers =
        "[\\x{%x}-\\x{%x}]"
            .formatted(
                CharacterCleaning.FIRST_MARKER,
                CharacterCleaning.FIRST_MARKER + CharacterCleaning.MARKERS - 1);
    result = tf.strings.staticRegexReplace(result, markers, "\ufffd");
    for (String special : SPECIALS) {
      result = tf.strings.staticRegexReplace(result, Pattern.quote(special), marker(special));
    }
    return tf.strings.join(List.of(result, tf.constant(" ")));
  }

  private static String marker(String special) {
    return Character.toString(CharacterCleaning.FIRST_MARKER + SPECIALS.indexOf(special));
  }

  /** The row of each code point, {@code [N]}. */
  private static Operand<TInt32> rowOf(GraphContext ctx, UnicodeDecode<TInt64> decoded) {
    Ops tf = ctx.tf();
    Operand<TInt32> zero = tf.constant(0);
    Operand<TInt64> numbers =
        ctx.range(tf.dtypes.cast(tf.size(decoded.charValues()), TInt64.class));
    Operand<TInt32> after =
        tf.upperBound(
            tf.expandDims(decoded.rowSplits(), zero), tf.expandDims(numbers, zero)); // [1, N]
    return ctx.sub(ctx.flat(after), 1);
  }

  private long id(String token) {
    return pieces.indexOf(token);
  }

  /**
   * Token ids of a batch of texts.
   *
   * @param ids {@code [B, T]}, padded on the right
   * @param mask {@code [B, T]} 1 for a token, 0 for padding
   * @param lengths {@code [B]} tokens of the whole text, those that were cut off counted
   */
  public record TokenIds(Operand<TInt64> ids, Operand<TInt64> mask, Operand<TInt32> lengths) {

    /** Checks the shapes. */
    public TokenIds {
      Shapes.require(ids, "token ids", -1, -1);
      Shapes.require(mask, "token mask", -1, -1);
      Shapes.require(lengths, "token lengths", -1);
    }
  }

  /** Text of token ids (blip-spec 4.6). */
  static final class Detokenization {
    private static final String[][] SPACING = {
      {" \\.", "."},
      {" \\?", "?"},
      {" !", "!"},
      {" ,", ","},
      {" ' ", "'"},
      {" n't", "n't"},
      {" 'm", "'m"},
      {" 's", "'s"},
      {" 've", "'ve"},
      {" 're", "'re"}
    };

    private final String[] spelled;

    Detokenization(List<String> pieces, Set<String> specials) {
      this.spelled =
          pieces.stream()
              .map(piece -> specials.contains(piece) ? "" : " " + piece)
              .toArray(String[]::new);
    }

    Operand<TString> apply(GraphContext ctx, Operand<TInt64> ids) {
      Ops tf = ctx.tf();
      Operand<TInt32> lastAxis = tf.constant(-1);
      Operand<TString> words = ctx.gather(tf.array(spelled), ids, 0); // [B, T]
      Operand<TString> text = tf.strings.reduceJoin(words, lastAxis); // [B]
      text = tf.strings.staticRegexReplace(text, "\\A ", "");
      text = tf.strings.strip(tf.strings.staticRegexReplace(text, " ##", ""));
      for (String[] rule : SPACING) {
        text = tf.strings.staticRegexReplace(text, rule[0], rule[1]);
      }
      return text;
    }
  }
}
