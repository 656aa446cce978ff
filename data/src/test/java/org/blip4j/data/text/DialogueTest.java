package org.blip4j.data.text;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

class DialogueTest {
  private static final Vocabulary WORDS =
      Vocabulary.of(
          List.of(
              "[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "?", ".", "is", "it", "red", "yes",
              "no", "big", "what", "a", "dog", "cat", "[DEC]", "[ENC]"));
  private static final WordPieceTokenizer TOKENIZER = new WordPieceTokenizer(WORDS);
  private static final String ROUNDS =
      """
      [{"question": "What is it??", "answer": "A dog."},
       {"question": "is it red", "answer": "no", "options": ["yes", "no"], "gt_index": 1},
       {"question": "is it big?", "options": ["yes", "no", "a cat"]}]
      """;

  private static String text(int round, String answer, int most) {
    int[] ids = Dialogue.parse(ROUNDS, "test").ids(TOKENIZER, round, answer, most);
    assertTrue(ids.length <= most);
    return Arrays.stream(ids).mapToObj(WORDS::token).collect(Collectors.joining(" "));
  }

  @Test
  void roundsAreJoinedInTheirOrder() {
    assertEquals(
        "[CLS] what is it ? a dog . is it red ? no . is it big ? yes [SEP]",
        text(2, "Yes", Dialogue.MAX_TOKENS));
    assertEquals("[CLS] what is it ? a cat [SEP]", text(0, "a cat", 99));
  }

  @Test
  void theOldestRoundsAreLeftOutFirstAndTheAnswerLast() {
    assertEquals("[CLS] is it red ? no . is it big ? yes [SEP]", text(2, "yes", 18));
    assertEquals("[CLS] is it big ? yes [SEP]", text(2, "yes", 12));
    assertEquals("[CLS] big ? yes [SEP]", text(2, "yes", 5));
    assertEquals("[CLS] a [SEP]", text(2, "a cat", 3));
  }

  @Test
  void mistakesAreNamed() {
    assertEquals(List.of("yes", "no"), Dialogue.parse(ROUNDS, "test").rounds().get(1).options());
    assertEquals(Optional.empty(), Dialogue.parse(ROUNDS, "test").rounds().get(2).answer());
    assertEquals(-1, Dialogue.parse(ROUNDS, "test").rounds().get(2).truth());
    assertMistake("has no round", "[]");
    assertMistake(
        "gt_index is 1, but there are 1 options",
        "[{\"question\": \"a\", \"options\": [\"b\"], \"gt_index\": 1}]");
    assertMistake("question", "[{\"answer\": \"b\"}]");
  }

  private static void assertMistake(String expected, String json) {
    String message =
        assertThrows(IllegalArgumentException.class, () -> Dialogue.parse(json, "record 3"))
            .getMessage();
    assertTrue(message.contains(expected), message);
    assertTrue(message.startsWith("record 3"), message);
  }
}
