package org.blip4j.tools.verify;

import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.blip4j.data.text.Vocabulary;
import org.blip4j.ops.core.GraphContext;
import org.blip4j.ops.core.Mode;
import org.blip4j.ops.text.CaptionCleaning;
import org.blip4j.ops.text.TokenLayout;
import org.blip4j.ops.text.WordPieceOps;
import org.tensorflow.Graph;
import org.tensorflow.Operand;
import org.tensorflow.Result;
import org.tensorflow.Session;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.op.core.Placeholder;
import org.tensorflow.types.TInt64;
import org.tensorflow.types.TString;

/** Reads texts with the operations that exported models have. */
final class GraphTexts implements AutoCloseable {
  private static final int AT_ONCE = 256;
  private static final int WIDTH = 35;
  private static final int FEWER_WORDS = 30;
  private static final int WORDS = 50;

  private final Graph graph = new Graph();
  private final Session session = new Session(graph);
  private final Operand<TString> texts;
  private final Operand<TInt64> whole;
  private final WordPieceOps.TokenIds cut;
  private final List<Operand<TString>> cleaned;

  /**
   * What became of a text.
   *
   * @param ids all of them
   * @param cutIds {@value GraphTexts#WIDTH}, with padding
   * @param mask of these
   * @param cleaned as a caption of 30 and of 50 words and as a question
   */
  @SuppressWarnings("ArrayRecordComponent") // equality is not used
  record Read(long[] ids, long[] cutIds, long[] mask, List<String> cleaned) {
    /** The value of a field of a golden line; null if the graph does not compute it. */
    Object field(String name) {
      return switch (name) {
        case "ids" -> ids;
        case "ids35" -> cutIds;
        case "mask35" -> mask;
        case "pre_caption30" -> cleaned.get(0);
        case "pre_caption50" -> cleaned.get(1);
        case "pre_question" -> cleaned.get(2);
        default -> null;
      };
    }
  }

  GraphTexts(Vocabulary vocabulary) {
    GraphContext ctx = GraphContext.create(graph, Mode.INFER);
    WordPieceOps tokenizer = new WordPieceOps(vocabulary.tokens());
    this.texts = ctx.tf().placeholder(TString.class, Placeholder.shape(Shape.of(-1)));
    this.whole =
        tokenizer
            .tokenize(
                ctx,
                texts,
                new TokenLayout(
                    TokenLayout.First.CLASSIFY, TokenLayout.NO_LIMIT, TokenLayout.Padding.LONGEST))
            .ids();
    this.cut =
        tokenizer.tokenize(
            ctx,
            texts,
            new TokenLayout(TokenLayout.First.CLASSIFY, WIDTH, TokenLayout.Padding.MAX));
    this.cleaned =
        List.of(
            CaptionCleaning.caption(ctx, texts, FEWER_WORDS).texts(),
            CaptionCleaning.caption(ctx, texts, WORDS).texts(),
            CaptionCleaning.question(ctx, texts, WORDS).texts());
  }

  /** What becomes of each text. */
  Map<String, Read> read(List<String> all) {
    Map<String, Read> read = new HashMap<>();
    for (int begin = 0; begin < all.size(); begin += AT_ONCE) {
      List<String> some = all.subList(begin, Math.min(all.size(), begin + AT_ONCE));
      Session.Runner runner = session.runner().fetch(whole).fetch(cut.ids()).fetch(cut.mask());
      cleaned.forEach(runner::fetch);
      try (TString given = TString.vectorOf(some.toArray(new String[0]));
          Result result = runner.feed(texts, given).run()) {
        for (int row = 0; row < some.size(); row++) {
          int one = row;
          long[] ids = row(result, 0, row);
          int end = ids.length;
          while (ids[end - 1] == 0) { // every text ends with [SEP]
            end--;
          }
          read.put(
              some.get(row),
              new Read(
                  Arrays.copyOf(ids, end),
                  row(result, 1, row),
                  row(result, 2, row),
                  List.of(
                      ((TString) result.get(3)).getObject(one),
                      ((TString) result.get(4)).getObject(one),
                      ((TString) result.get(5)).getObject(one))));
        }
      }
    }
    return read;
  }

  private static long[] row(Result result, int output, int row) {
    TInt64 table = (TInt64) result.get(output);
    int width = Math.toIntExact(table.shape().get(1));
    long[] values = new long[width];
    for (int column = 0; column < width; column++) {
      values[column] = table.getLong(row, column);
    }
    return values;
  }

  @Override
  public void close() {
    try (graph) {
      session.close();
    }
  }
}
