package org.blip4j.savedmodel.evaluate;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableMap;
import com.google.protobuf.ByteString;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.blip4j.data.sample.Columns;
import org.blip4j.data.sample.ExampleCodec;
import org.blip4j.data.sample.ImageInfo;
import org.blip4j.data.sample.Sample;
import org.blip4j.data.tfrecord.ShardSet;
import org.blip4j.data.tfrecord.TfRecordWriter;
import org.blip4j.graph.config.Task;
import org.blip4j.savedmodel.predict.Predictor;
import org.blip4j.savedmodel.predict.PredictorOptions;
import org.blip4j.savedmodel.testing.TinyModel;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Figures of models of random weights on records that agree with them, or not. */
final class TaskEvaluationTest {
  private static final List<byte[]> IMAGES =
      List.of(
          TinyModel.image(1, "png"),
          TinyModel.image(2, "png"),
          TinyModel.image(3, "png"),
          TinyModel.image(4, "png"));

  @TempDir private Path folder;
  private int written;

  private Predictor open(Task task) throws IOException {
    return Predictor.open(
        TinyModel.write(folder.resolve(task + "-model"), task),
        PredictorOptions.defaults().portable());
  }

  private ImmutableMap<String, Double> measured(Predictor model, List<? extends Sample> samples)
      throws IOException {
    return found(model, samples).figures();
  }

  private TaskEvaluation.Findings found(Predictor model, List<? extends Sample> samples)
      throws IOException {
    Path shard = folder.resolve("labelled%d.tfrecord".formatted(written++));
    try (TfRecordWriter writer = TfRecordWriter.create(shard, TfRecordWriter.Options.plain())) {
      for (Sample sample : samples) {
        writer.write(ExampleCodec.standard().encode(sample));
      }
      writer.commit();
    }
    return new TaskEvaluation(ShardSet.of(List.of(shard)), ExampleCodec.standard(), 2)
        .measure(model);
  }

  @Test
  void answersAreWorthTheShareOfPeopleWhoGaveThem() throws IOException {
    try (Predictor model = open(Task.VQA)) {
      String own = model.vqa(IMAGES.subList(0, 1), List.of("what")).get(0).text();
      assertEquals(1, accuracy(model, question(own, 1f)));
      assertEquals(0, accuracy(model, question(own + " not", 1f)));
      assertEquals(
          List.of("question: what", "answer: " + own, "record: no | something else"),
          found(model, List.of(question("no", 1f))).examples().get(0).texts());
      // 3 of 10: left out, one of the 3 leaves 2 in 3 of 10 subsets
      assertEquals(0.9, accuracy(model, question(own.toUpperCase(Locale.ROOT), 0.3f)), 1e-9);
      assertEquals(0.3, accuracy(model, question(own, 0.1f)), 1e-9);
    }
  }

  private double accuracy(Predictor model, Sample sample) throws IOException {
    return measured(model, List.of(sample)).get("accuracy");
  }

  private static Sample question(String answer, float weight) {
    return new Sample.Question(
        "q",
        ByteString.copyFrom(IMAGES.get(0)),
        "what",
        ImmutableList.of(
            new Sample.Answer(answer, weight), new Sample.Answer("something else", 1 - weight)),
        Columns.NONE);
  }

  @Test
  void statementsCountWhereTheirLabelIsTheModels() throws IOException {
    try (Predictor model = open(Task.NLVR)) {
      List<Sample> right = new ArrayList<>();
      List<Sample> half = new ArrayList<>();
      for (int i = 0; i < 4; i++) {
        byte[] left = IMAGES.get(i);
        byte[] other = IMAGES.get(3 - i);
        boolean truth =
            model
                .nlvr(List.of(left), List.of(other), List.of("a red"))
                .get(0)
                .label()
                .equals("True");
        right.add(pair(left, other, truth));
        half.add(pair(left, other, truth == (i % 2 == 0)));
      }
      assertEquals(1.0, measured(model, right).get("accuracy"));
      assertEquals(List.of(), found(model, right).examples());
      List<Sample.ImageText> wrong = found(model, half).examples();
      assertEquals(4, wrong.size(), "two pairs of pictures");
      assertEquals("statements/p, left", wrong.get(0).key());
      assertEquals("statements/p, right", wrong.get(1).key());
      assertEquals(0.5, measured(model, half).get("accuracy"));
    }
  }

  private static Sample pair(byte[] left, byte[] right, boolean label) {
    return new Sample.ImagePair(
        "p",
        ByteString.copyFrom(left),
        ByteString.copyFrom(right),
        "a red",
        label ? 1 : 0,
        Columns.NONE);
  }

  @Test
  void captionsAreMeasuredAgainstAllTextsOfTheirImage() throws IOException {
    try (Predictor model = open(Task.CAPTION)) {
      List<Sample> own = new ArrayList<>();
      for (byte[] image : IMAGES) {
        String caption = model.caption(List.of(image)).get(0).text();
        own.add(Sample.ImageText.of("k", image, List.of("unlike in all words", caption)));
      }
      ImmutableMap<String, Double> figures = measured(model, own);
      assertEquals(ImmutableList.of("cider", "bleu4"), figures.keySet().asList());
      assertTrue(figures.get("bleu4") > 0.99, figures.toString());
      List<Sample.ImageText> shown = found(model, own).examples();
      assertEquals(4, shown.size());
      assertEquals("captions/k", shown.get(1).key());
      String second = model.caption(List.of(IMAGES.get(1))).get(0).text();
      assertEquals(
          List.of("caption: " + second, "record: unlike in all words", "record: " + second),
          shown.get(1).texts());
      IOException none =
          assertThrows(
              IOException.class, () -> measured(model, List.of(question("a", 1f)).subList(0, 0)));
      assertTrue(none.getMessage().contains("no record is one of ImageText"), none.getMessage());
    }
  }

  @Test
  void retrievalFindsWhatItsScoresPutFirst() throws IOException {
    try (Predictor model = open(Task.RETRIEVAL)) {
      List<String> texts = List.of("a red", "blue", "a small green", "dog");
      List<Sample> samples = new ArrayList<>();
      for (int i = 0; i < 4; i++) {
        samples.add(Sample.ImageText.of("k" + i, IMAGES.get(i), List.of(texts.get(i))));
      }
      ImmutableMap<String, Double> figures = measured(model, samples);
      assertEquals("r_mean", figures.keySet().iterator().next());
      assertTrue(figures.get("r_mean") >= 0 && figures.get("r_mean") <= 100, figures.toString());
      List<Sample.ImageText> shown = found(model, samples).examples();
      assertTrue(shown.size() <= 8, shown.toString());
      for (Sample.ImageText pair : shown) {
        assertTrue(pair.key().startsWith("matching/k"), pair.key());
        int own = Integer.parseInt(pair.key().substring("matching/k".length()));
        boolean matches = pair.texts().get(0).equals("text: " + texts.get(own));
        String judged = pair.texts().get(1);
        double probability = Double.parseDouble(judged.substring(18, 23));
        assertEquals(matches, judged.endsWith(", but the text is the image's own"), judged);
        assertTrue(matches ? probability <= 0.5 : probability >= 0.5, judged);
        assertEquals(48, ImageInfo.inspect(pair.image()).width());
      }
      double alone = measured(model, samples.subList(0, 1)).get("r_mean"); // one image, one text
      assertEquals(100, alone);
    }
  }
}
