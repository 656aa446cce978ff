package org.blip4j.savedmodel.evaluate;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.common.collect.ImmutableList;
import com.google.protobuf.ByteString;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.UnaryOperator;
import org.blip4j.data.sample.Columns;
import org.blip4j.data.sample.ExampleCodec;
import org.blip4j.data.sample.Sample;
import org.blip4j.data.tfrecord.ShardSet;
import org.blip4j.data.tfrecord.TfRecordWriter;
import org.blip4j.graph.config.Task;
import org.blip4j.savedmodel.predict.PredictorOptions;
import org.blip4j.savedmodel.predict.StagedModel;
import org.blip4j.savedmodel.testing.TinyModel;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.tensorflow.Result;
import org.tensorflow.types.TFloat32;

/** Retrieval of videos and questions about them, with tiny models. */
class VideoProtocolTest {
  private static final int FRAMES = 3;

  @TempDir private Path folder;

  private StagedModel open(Task task) throws IOException {
    return StagedModel.open(
        TinyModel.write(folder.resolve("model"), task),
        PredictorOptions.defaults(),
        UnaryOperator.identity());
  }

  private static Sample.Video video(int number, int frames, List<String> texts, Columns columns) {
    ImmutableList.Builder<ByteString> pictures = ImmutableList.builder();
    for (int i = 0; i < frames; i++) {
      pictures.add(ByteString.copyFrom(TinyModel.image(10 * number + i, "png")));
    }
    return new Sample.Video("v" + number, pictures.build(), ImmutableList.copyOf(texts), columns);
  }

  private LabelledRecords records(String name, List<Sample.Video> videos) throws IOException {
    Path shard = folder.resolve(name + ".tfrecord");
    try (TfRecordWriter writer = TfRecordWriter.create(shard, TfRecordWriter.Options.plain())) {
      for (Sample.Video video : videos) {
        writer.write(ExampleCodec.standard().encode(video));
      }
      writer.commit();
    }
    return new LabelledRecords(ShardSet.of(List.of(shard)), ExampleCodec.standard());
  }

  @Test
  void framesAreAveragedForFeaturesAndConcatenatedForMatches() throws IOException {
    List<Sample.Video> videos = new ArrayList<>();
    for (int i = 0; i < 6; i++) {
      videos.add(video(i, FRAMES, List.of("a red dog " + "and ".repeat(i)), Columns.NONE));
    }
    try (StagedModel model = open(Task.RETRIEVAL)) {
      Gallery gallery = new VideoProtocol(model, records("videos", videos)).gallery(video -> {});
      RetrievalProtocol.Found found =
          new RetrievalProtocol(
                  model, gallery, 2, Optional.empty(), (stage, done, total, before) -> {})
              .measure();
      for (int i = 0; i < videos.size(); i++) {
        List<byte[]> files = videos.get(i).frames().stream().map(ByteString::toByteArray).toList();
        try (Result decoded = model.decode(files);
            Result states = model.encode(decoded.get(0));
            TFloat32 whole = VideoProtocol.concatenated(states.get(0), FRAMES)) {
          int text = found.toText().candidates()[i][0];
          float logit =
              model.itmLogits(whole, new int[1], List.of(gallery.texts().get(text)))[0][1];
          assertEquals(logit + found.toText().cosines()[i][0], found.toText().scores()[i][0], 1e-4);
          assertArrayEquals(
              unitOfMean(model.projectImages(states.get(0))), found.imageFeatures()[i], 1e-5f);
        }
      }
      Map<String, Double> figures = VideoProtocol.figures(found.toText(), found.toImage());
      assertEquals(10, figures.size());
      assertTrue(figures.get("vid_mdR") >= 1 && figures.get("vid_mdR") <= 6, figures.toString());
    }
  }

  private static float[] unitOfMean(float[][] rows) {
    double[] sum = new double[rows[0].length];
    for (float[] row : rows) {
      for (int e = 0; e < row.length; e++) {
        sum[e] += row[e];
      }
    }
    double square = 0;
    for (double value : sum) {
      square += value * value;
    }
    float[] unit = new float[sum.length];
    for (int e = 0; e < unit.length; e++) {
      unit[e] = (float) (sum[e] / Math.sqrt(square));
    }
    return unit;
  }

  @Test
  void videosOfOneSetHaveEqualNumbersOfFrames() throws IOException {
    LabelledRecords mixed =
        records(
            "mixed",
            List.of(
                video(1, 2, List.of("a"), Columns.NONE), video(2, 3, List.of("b"), Columns.NONE)));
    try (StagedModel model = open(Task.RETRIEVAL)) {
      VideoProtocol protocol = new VideoProtocol(model, mixed);
      String why =
          assertThrows(IOException.class, () -> protocol.gallery(video -> {})).getMessage();
      assertTrue(why.startsWith("video \"v2\" has 3 frames and those before it have 2"), why);
    }
  }

  @Test
  void answersAreRightLetterByLetterButForCapitals() throws IOException {
    try (StagedModel model = open(Task.VQA)) {
      List<String> said = new ArrayList<>();
      LabelledRecords unknown =
          records("unknown", List.of(asked(1, "red?", "?"), asked(1, "a cat?", "?")));
      double none =
          new VideoProtocol(model, unknown).answers(answered -> said.add(answered.answer().text()));
      List<String> questions = new ArrayList<>();
      LabelledRecords known =
          records(
              "known",
              List.of(
                  asked(1, "red?", "no", " " + said.get(0).toUpperCase(Locale.ROOT)),
                  asked(1, "a cat?", said.get(1) + " not"),
                  asked(2, "a dog?", "?"),
                  asked(1, "a cat?", said.get(1))));
      double half =
          new VideoProtocol(model, known).answers(answered -> questions.add(answered.question()));

      assertEquals(0, none);
      assertEquals(50, half);
      assertEquals(List.of("red?", "a cat?", "a dog?", "a cat?"), questions);
      LabelledRecords texts =
          records("texts", List.of(video(1, FRAMES, List.of("a dog"), Columns.NONE)));
      assertThrows(
          IOException.class, () -> new VideoProtocol(model, texts).answers(answered -> {}));
    }
  }

  private static Sample.Video asked(int number, String question, String... answers) {
    Columns columns =
        Columns.NONE.withText("question", question).withTexts("answers", List.of(answers));
    return video(number, FRAMES, List.of(), columns);
  }
}
