package org.blip4j.savedmodel.signature;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.blip4j.graph.config.ConfigJson;
import org.blip4j.graph.config.ModelConfig;
import org.blip4j.graph.config.Task;
import org.blip4j.savedmodel.open.ModelSource;
import org.blip4j.savedmodel.predict.Answer;
import org.blip4j.savedmodel.predict.Predictor;
import org.blip4j.savedmodel.predict.PredictorOptions;
import org.blip4j.savedmodel.testing.OpenedTwice;
import org.blip4j.savedmodel.testing.TinyModel;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Questions to a model folder and to the model exported from it. */
class VqaSignaturesTest {
  @TempDir private static Path folder;
  private static OpenedTwice models;
  private static Predictor inMemory;
  private static Predictor exported;

  private static final byte[] A = TinyModel.image(1, "jpg");
  private static final byte[] B = TinyModel.image(17, "png");
  private static final byte[] TEXT = "not an image at all".getBytes(UTF_8);
  private static final String SHORT = "red dog?";
  private static final String LONG = "a picture of the small blue circle, and the large green cat?";
  private static final List<String> LIST =
      List.of("red", "red circles", "blue", "a cat and the dog", "large", "the", "red cat");

  @BeforeAll
  static void open() throws IOException {
    models = OpenedTwice.write(folder, Task.VQA);
    inMemory = models.inMemory();
    exported = models.exported();
  }

  @AfterAll
  static void close() {
    models.close();
  }

  @Test
  void anAnswerDoesNotDependOnTheQuestionsBesideIt() {
    List<Answer> together = exported.vqa(List.of(A, A, B), List.of(SHORT, LONG, SHORT));

    for (int i = 0; i < 3; i++) {
      Answer alone = inMemory.vqa(List.of(i == 2 ? B : A), List.of(i == 1 ? LONG : SHORT)).get(0);
      assertTrue(alone.ok(), alone.status());
      assertEquals(alone.text(), together.get(i).text());
      assertEquals(alone.logProb(), together.get(i).logProb(), 1e-5 * Math.abs(alone.logProb()));
    }
    assertNotEquals(together.get(0).logProb(), together.get(1).logProb());
    assertNotEquals(together.get(0).logProb(), together.get(2).logProb());
  }

  @Test
  void questionsAreCleanedAsInTraining() {
    Answer expected = inMemory.vqa(List.of(A), List.of("red dog?")).get(0);

    assertEquals(expected, inMemory.vqa(List.of(A), List.of("RED (dog)? ")).get(0));
  }

  @Test
  void allAnswersOfAListAreOrderedByTheirScores() {
    List<Answer.Choice.Ranking> rows =
        exported.vqaRank(List.of(A, B), List.of(SHORT, LONG), new Answer.Choice(LIST, 128));

    for (Answer.Choice.Ranking row : rows) {
      assertTrue(row.ok(), row.status());
      assertEquals(
          LIST.stream().sorted().toList(),
          row.answers().stream().map(Answer.Choice.Ranked::text).sorted().toList());
      for (int i = 0; i < LIST.size(); i++) {
        assertTrue(row.answers().get(i).logProb() < 0);
        assertTrue(i == 0 || row.answers().get(i).score() <= row.answers().get(i - 1).score());
      }
    }
  }

  @Test
  void answersAreOrderedWithTheModelsOwnLabelSmoothing(@TempDir Path other) throws IOException {
    ModelSource.Folder plain = TinyModel.write(other.resolve("model"), Task.VQA);
    ModelConfig config = plain.folder().readConfig();
    assertEquals(0.1, config.labelSmoothing());
    ConfigJson.write(plain.folder().configFile(), config.withLabelSmoothing(0));
    Answer.Choice choice = new Answer.Choice(LIST, 3);
    try (Predictor model = Predictor.open(plain, PredictorOptions.defaults())) {
      for (Answer.Choice.Ranked one : model.vqaRank(A, SHORT, choice).answers()) {
        assertEquals(one.logProb(), one.score(), 1e-4);
      }
    }
    for (Answer.Choice.Ranked one :
        inMemory.vqaRank(List.of(A), List.of(SHORT), choice).get(0).answers()) {
      assertNotEquals(one.logProb(), one.score(), 1e-3);
    }
  }

  @Test
  void aRankingDoesNotDependOnTheRowsBesideIt() {
    Answer.Choice choice = new Answer.Choice(LIST, 3);
    List<Answer.Choice.Ranking> together =
        exported.vqaRank(List.of(A, TEXT, B, A), List.of(SHORT, SHORT, SHORT, LONG), choice);

    assertEquals(3, together.get(0).answers().size());
    assertSame(inMemory.vqaRank(List.of(A), List.of(SHORT), choice).get(0), together.get(0));
    assertSame(inMemory.vqaRank(List.of(B), List.of(SHORT), choice).get(0), together.get(2));
    assertSame(inMemory.vqaRank(List.of(A), List.of(LONG), choice).get(0), together.get(3));
    assertFalse(together.get(1).ok());
    assertEquals(List.of(), together.get(1).answers());
  }

  @Test
  void anUnreadableImageFailsItsOwnRowOnly() {
    Answer alone = inMemory.vqa(List.of(B), List.of(SHORT)).get(0);

    List<Answer> answers = inMemory.vqa(List.of(TEXT, B), List.of(SHORT, SHORT));

    assertEquals("", answers.get(0).text());
    assertEquals(0, answers.get(0).logProb());
    assertTrue(answers.get(0).status().contains("not an image"), answers.get(0).status());
    assertEquals(alone.text(), answers.get(1).text());
  }

  @Test
  void aModelHasTheSignaturesOfItsTaskOnly() {
    for (ServingSignature signature : ServingSignature.values()) {
      assertEquals(signature.supportedBy(Task.VQA), exported.has(signature), signature.key());
    }
    var refused = assertThrows(IllegalArgumentException.class, () -> exported.caption(List.of(A)));
    assertTrue(refused.getMessage().contains("no signature caption"), refused.getMessage());
  }

  @Test
  void aChoiceWithoutAnswersIsRefused() {
    assertRefused("list of answers is empty", List.of(), 3);
    assertRefused("one of the answers is empty", List.of("yes", ""), 3);
    assertRefused("top-k 0 is less than 1", List.of("yes"), 0);
  }

  private static void assertRefused(String why, List<String> answers, int topK) {
    var refused =
        assertThrows(IllegalArgumentException.class, () -> new Answer.Choice(answers, topK));
    assertTrue(refused.getMessage().contains(why), refused.getMessage());
  }

  private static void assertSame(Answer.Choice.Ranking expected, Answer.Choice.Ranking actual) {
    assertEquals(expected.answers().size(), actual.answers().size());
    for (int i = 0; i < expected.answers().size(); i++) {
      Answer.Choice.Ranked wanted = expected.answers().get(i);
      Answer.Choice.Ranked found = actual.answers().get(i);
      assertEquals(wanted.text(), found.text());
      assertEquals(wanted.logProb(), found.logProb(), 1e-5 * Math.abs(wanted.logProb()));
      assertEquals(wanted.score(), found.score(), 1e-5 * Math.abs(wanted.score()));
    }
  }
}
