package org.blip4j.savedmodel.predict;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.blip4j.graph.config.Task;
import org.blip4j.savedmodel.open.ModelSource;
import org.blip4j.savedmodel.signature.ServingSettings.MatchToken;
import org.blip4j.savedmodel.testing.TinyModel;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Texts are cleaned where BLIP was trained on cleaned ones, and stand where they are compared. */
class MatchTokenTest {
  @TempDir private Path folder;

  private static final List<String> TEXTS = List.of("a dog", "a dog!");
  private static final byte[] IMAGE = TinyModel.image(1, "png");

  private Predictor open(Task task, MatchToken token) throws IOException {
    ModelSource source = TinyModel.write(folder.resolve(task + "-" + token), task);
    PredictorOptions options = PredictorOptions.defaults();
    return Predictor.open(source, options.withSettings(own -> own.withMatchToken(token)));
  }

  @Test
  void aMatchedTextIsCleanedUnlessItBeginsWithCls() throws IOException {
    try (Predictor predictor = open(Task.RETRIEVAL, MatchToken.ENC)) {
      List<PairScore> scores = predictor.match(List.of(IMAGE, IMAGE), TEXTS);
      assertEquals(scores.get(0), scores.get(1));
    }
    try (Predictor predictor = open(Task.RETRIEVAL, MatchToken.CLS)) {
      List<PairScore> scores = predictor.match(List.of(IMAGE, IMAGE), TEXTS);
      assertNotEquals(scores.get(0).itcCosine(), scores.get(1).itcCosine());
      assertNotEquals(scores.get(0).itmProbability(), scores.get(1).itmProbability());
    }
  }

  @Test
  void aQuestionIsCleanedUnlessItBeginsWithCls() throws IOException {
    try (Predictor predictor = open(Task.VQA, MatchToken.ENC)) {
      List<Answer> answers = predictor.vqa(List.of(IMAGE, IMAGE), TEXTS);
      assertEquals(answers.get(0).logProb(), answers.get(1).logProb(), 1e-5);
    }
    try (Predictor predictor = open(Task.VQA, MatchToken.CLS)) {
      List<Answer> answers = predictor.vqa(List.of(IMAGE, IMAGE), TEXTS);
      assertNotEquals(answers.get(0).logProb(), answers.get(1).logProb(), 1e-5);
    }
  }
}
