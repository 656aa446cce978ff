package org.blip4j.ops.text;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import com.google.common.base.Splitter;
import com.google.common.collect.ImmutableList;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.blip4j.ops.text.TokenLayout.First;
import org.blip4j.ops.text.TokenLayout.Padding;
import org.junit.jupiter.api.Test;
import org.tensorflow.Operand;
import org.tensorflow.Operation;
import org.tensorflow.Result;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.ndarray.StdArrays;
import org.tensorflow.op.core.Placeholder;
import org.tensorflow.types.TInt32;
import org.tensorflow.types.TInt64;
import org.tensorflow.types.TString;

final class WordPieceOpsTest extends TextTest {
  private static final TokenLayout WHOLE =
      new TokenLayout(First.CLASSIFY, TokenLayout.NO_LIMIT, Padding.LONGEST);

  private final List<String> pieces = TextCases.pieces();
  private final WordPieceOps tokenizer = new WordPieceOps(pieces);

  @Test
  void splitsAsThePublishedTokenizer() {
    List<List<String>> cases = TextCases.rows("tokenizer.tsv");
    List<String> inputs = cases.stream().map(row -> row.get(0)).toList();
    Rows rows = rows(tokenizer.tokenize(ctx, texts, WHOLE), bytes(inputs));
    for (int i = 0; i < cases.size(); i++) {
      assertEquals(cases.get(i).get(1), String.join(" ", spelled(rows, i)), cases.get(i).get(0));
    }
  }

  @Test
  void aRowDoesNotDependOnTheOthers() {
    List<byte[]> inputs =
        bytes(
            TextCases.rows("tokenizer.tsv").subList(30, 60).stream()
                .map(row -> row.get(0))
                .toList());
    WordPieceOps.TokenIds tokens =
        tokenizer.tokenize(ctx, texts, new TokenLayout(First.ENCODE, 20, Padding.MAX));
    Rows together = rows(tokens, inputs);
    for (int i = 0; i < inputs.size(); i++) {
      Rows alone = rows(tokens, inputs.subList(i, i + 1));
      assertEquals(together.ids().get(i), alone.ids().get(0));
      assertEquals(together.mask().get(i), alone.mask().get(0));
    }
  }

  @Test
  void cutsPadsAndPutsTheFirstToken() {
    List<byte[]> inputs = bytes(List.of("a man on a man on a", "a", ""));
    Rows five =
        rows(tokenizer.tokenize(ctx, texts, new TokenLayout(First.DECODE, 5, Padding.MAX)), inputs);
    assertEquals(ids("[DEC] a man on [SEP]"), five.ids().get(0));
    assertEquals(ids("[DEC] a [SEP] [PAD] [PAD]"), five.ids().get(1));
    assertEquals(ids("[DEC] [SEP] [PAD] [PAD] [PAD]"), five.ids().get(2));
    assertEquals(
        List.of(List.of(1L, 1L, 1L, 1L, 1L), List.of(1L, 1L, 1L, 0L, 0L)),
        five.mask().subList(0, 2));
    Rows longest =
        rows(
            tokenizer.tokenize(ctx, texts, new TokenLayout(First.ENCODE, 35, Padding.LONGEST)),
            inputs.subList(1, 3));
    assertEquals(List.of(ids("[ENC] a [SEP]"), ids("[ENC] [SEP] [PAD]")), longest.ids());
  }

  @Test
  void aBatchMayBeAsWideAsAMultipleOfEight() {
    List<byte[]> inputs = bytes(List.of("a", "a man on a man on a"));
    WordPieceOps.TokenIds tokens =
        tokenizer.tokenize(ctx, texts, new TokenLayout(First.CLASSIFY, 12, Padding.EIGHTS));
    assertEquals(ids("[CLS] a [SEP] [PAD] [PAD] [PAD] [PAD] [PAD]"), width(tokens, inputs, 1));
    assertEquals(
        ids("[CLS] a [SEP] [PAD] [PAD] [PAD] [PAD] [PAD] [PAD] [PAD] [PAD] [PAD]"),
        width(tokens, inputs, 2));
  }

  /** The first row of the first few. */
  private List<Long> width(WordPieceOps.TokenIds tokens, List<byte[]> inputs, int rows) {
    return rows(tokens, inputs.subList(0, rows)).ids().get(0);
  }

  @Test
  void takesAnyBytes() {
    String hundred = "a".repeat(100);
    List<String> withAs = new ArrayList<>(pieces);
    withAs.add("##aa");
    WordPieceOps withRuns = new WordPieceOps(withAs);
    WordPieceOps.TokenIds tokens = withRuns.tokenize(ctx, texts, WHOLE);
    List<byte[]> inputs =
        new ArrayList<>(
            bytes(
                List.of(
                    "\0 \t\r\n",
                    hundred + "a a",
                    hundred.substring(1),
                    "x[SEP]a",
                    "\udb80\udc00 a")));
    inputs.add(new byte[] {(byte) 0xff, 'a', (byte) 0xe2, (byte) 0x82});
    Rows rows = rows(tokens, inputs);
    List<List<String>> spelled = new ArrayList<>();
    for (int i = 0; i < inputs.size(); i++) {
      spelled.add(rows.ids().get(i).stream().map(id -> withAs.get(id.intValue())).toList());
    }
    assertEquals(List.of("[CLS]", "[SEP]", "[PAD]"), spelled.get(0).subList(0, 3));
    assertEquals(List.of("[CLS]", "[UNK]", "a", "[SEP]"), spelled.get(1).subList(0, 4));
    assertEquals(
        ImmutableList.builder().add("[CLS]", "a").addAll(Collections.nCopies(49, "##aa")).build(),
        spelled.get(2).subList(0, 51));
    assertEquals("[SEP]", spelled.get(3).get(2));
    assertEquals(List.of("[CLS]", "a", "[SEP]"), spelled.get(4).subList(0, 3));
    assertEquals(List.of("[CLS]", "a", "[SEP]"), spelled.get(5).subList(0, 3));
  }

  @Test
  void tokenizesNoTextAtAll() {
    Operand<TInt32> zero = ctx.tf().constant(new int[] {0});
    Operand<TString> none = ctx.tf().slice(ctx.tf().array("a"), zero, zero);
    assertEquals(0, runInts(tokenizer.tokenize(ctx, none, WHOLE).ids()).length);
  }

  @Test
  void joinsAsThePublishedTokenizer() {
    Operand<TInt64> ids = ctx.tf().placeholder(TInt64.class, Placeholder.shape(Shape.of(-1, -1)));
    Operand<TString> text = tokenizer.detokenize(ctx, ids);
    for (List<String> row : TextCases.rows("detokenize.tsv")) {
      List<Long> fed = ids(row.get(0));
      long[][] numbers = {fed.stream().mapToLong(Long::longValue).toArray()};
      try (TInt64 value = TInt64.tensorOf(StdArrays.ndCopyOf(numbers));
          Result result = session().runner().feed(ids.asOutput(), value).fetch(text).run()) {
        assertEquals(List.of(row.get(1)), strings((TString) result.get(0)), row.get(0));
      }
    }
  }

  @Test
  void needsNoTablesAndNoVariables() {
    tokenizer.detokenize(ctx, tokenizer.tokenize(ctx, texts, WHOLE).ids());
    List<String> stateful = new ArrayList<>();
    ctx.graph()
        .operations()
        .forEachRemaining(
            (Operation op) -> {
              if (op.type().contains("Table") || op.type().contains("Var")) {
                stateful.add(op.name());
              }
            });
    assertEquals(List.of(), stateful);
  }

  @Test
  void refusesWhatIsMissing() {
    List<String> without = pieces.stream().filter(p -> !p.equals("[ENC]")).toList();
    assertEquals(
        "a vocabulary of %d tokens lacks [ENC]; give all tokens in id order"
            .formatted(pieces.size() - 1),
        assertThrows(IllegalArgumentException.class, () -> new WordPieceOps(without)).getMessage());
    assertEquals(
        "maximum number of tokens is 1; it must be 2 or more",
        assertThrows(
                IllegalArgumentException.class,
                () -> new TokenLayout(First.CLASSIFY, 1, Padding.MAX))
            .getMessage());
    assertEquals(
        "padding to the maximum needs a maximum number of tokens",
        assertThrows(
                IllegalArgumentException.class,
                () -> new TokenLayout(First.CLASSIFY, TokenLayout.NO_LIMIT, Padding.MAX))
            .getMessage());
  }

  private List<Long> ids(String spelled) {
    return Splitter.on(' ').omitEmptyStrings().splitToList(spelled).stream()
        .map(piece -> (long) pieces.indexOf(piece))
        .toList();
  }

  /** The pieces of a row between its first token and its last [SEP]. */
  private List<String> spelled(Rows rows, int row) {
    int used = Collections.frequency(rows.mask().get(row), 1L);
    return rows.ids().get(row).subList(1, used - 1).stream()
        .map(id -> pieces.get(id.intValue()))
        .toList();
  }
}
