package org.blip4j.data.text;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.common.base.Joiner;
import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

final class WordPieceTokenizerTest {
  private static final Vocabulary VOCABULARY = Vocabulary.bertBaseUncased();
  private final WordPieceTokenizer tokenizer = new WordPieceTokenizer(VOCABULARY);

  @Test
  void idsEqualTheReference() throws IOException {
    List<List<String>> lines = GoldenLines.read("tokenizer.tsv");
    assertTrue(lines.size() > 200);
    for (List<String> line : lines) {
      assertArrayEquals(GoldenLines.ids(line.get(1)), tokenizer.encode(line.get(0)), line.get(0));
    }
  }

  @Test
  void piecesEqualTheReferenceInManyScripts() throws IOException {
    List<List<String>> lines = GoldenLines.read("pieces.tsv");
    assertTrue(lines.size() > 200);
    for (List<String> line : lines) {
      List<String> pieces =
          Arrays.stream(tokenizer.pieces(line.get(0))).mapToObj(VOCABULARY::token).toList();
      assertEquals(line.get(1), Joiner.on(' ').join(pieces), line.get(0));
    }
  }

  @Test
  void truncationKeepsTheSeparator() {
    assertArrayEquals(new int[] {101, 1037, 3861, 102}, tokenizer.encode("a picture of a dog", 4));
    assertArrayEquals(new int[] {101, 102}, tokenizer.encode("a picture", 2));
    IllegalArgumentException e =
        assertThrows(IllegalArgumentException.class, () -> tokenizer.encode("a", 1));
    assertTrue(e.getMessage().contains("is 1"), e.getMessage());
  }

  @Test
  void specialTokensAreCutOutCaseSensitivelyAnywhere() {
    assertArrayEquals(
        new int[] {1037, 102, 1038, 30522, 30523, 1031, 19802, 1033},
        tokenizer.pieces("a[SEP]b [DEC][ENC] [sep]"));
    assertArrayEquals(new int[] {1031, 101}, tokenizer.pieces("[[CLS]"));
  }

  @Test
  void promptStartsWithDecAndHasNoSeparator() {
    assertArrayEquals(new int[] {30522, 1037, 3861, 1997}, tokenizer.encodePrompt("a picture of "));
    assertArrayEquals(new int[] {30522}, tokenizer.encodePrompt(""));
  }

  @Test
  void batchesArePaddedToOneWidth() {
    List<String> texts = List.of("a dog", "", "two small dogs in the park");
    TokenBatch longest = tokenizer.encode(texts, TokenBatch.Padding.longest(), 35);
    assertEquals(3, longest.rows());
    assertEquals(8, longest.columns());
    assertArrayEquals(new long[] {101, 1037, 3899, 102, 0, 0, 0, 0}, longest.row(0));
    assertArrayEquals(
        new long[] {1, 1, 1, 1, 0, 0, 0, 0}, Arrays.copyOf(longest.mask(), longest.columns()));
    assertEquals(35, tokenizer.encode(texts, TokenBatch.Padding.maxLength(), 35).columns());
    assertEquals(10, tokenizer.encode(texts, TokenBatch.Padding.multipleOf(5), 35).columns());
    assertEquals(6, tokenizer.encode(texts, TokenBatch.Padding.multipleOf(5), 6).columns());
    assertEquals(
        8,
        tokenizer
            .encode(texts, TokenBatch.Padding.longest(), WordPieceTokenizer.NO_LIMIT)
            .columns());
    assertThrows(
        IllegalArgumentException.class,
        () -> tokenizer.encode(texts, TokenBatch.Padding.maxLength(), WordPieceTokenizer.NO_LIMIT));
  }

  @Test
  void firstTokenIsReplacedInEveryRow() {
    TokenBatch batch = tokenizer.encode(List.of("a dog", ""), TokenBatch.Padding.longest(), 35);
    TokenBatch encoder = batch.withFirstToken(VOCABULARY.encode());
    assertArrayEquals(new long[] {30523, 1037, 3899, 102}, encoder.row(0));
    assertArrayEquals(new long[] {30523, 102, 0, 0}, encoder.row(1));
    assertArrayEquals(batch.mask(), encoder.mask());
    assertEquals(101, batch.row(0)[0]);
  }

  @Test
  void overlongWordsAndLoneSurrogatesDoNotStopIt() {
    assertArrayEquals(new int[] {100}, tokenizer.pieces("a".repeat(101)));
    assertTrue(tokenizer.pieces("a".repeat(100)).length > 1);
    assertArrayEquals(new int[] {1037}, tokenizer.pieces("\ud800 a \udc00"));
  }
}
