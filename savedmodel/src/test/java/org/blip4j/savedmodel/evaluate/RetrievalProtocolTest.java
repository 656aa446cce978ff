package org.blip4j.savedmodel.evaluate;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.common.collect.ImmutableList;
import com.google.common.primitives.ImmutableIntArray;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.function.UnaryOperator;
import org.blip4j.data.sample.ExampleCodec;
import org.blip4j.data.sample.Sample;
import org.blip4j.data.tfrecord.ShardSet;
import org.blip4j.data.tfrecord.TfRecordWriter;
import org.blip4j.graph.config.Task;
import org.blip4j.savedmodel.open.ModelSource;
import org.blip4j.savedmodel.predict.PairScore;
import org.blip4j.savedmodel.predict.Predictor;
import org.blip4j.savedmodel.predict.PredictorOptions;
import org.blip4j.savedmodel.predict.StagedModel;
import org.blip4j.savedmodel.testing.TinyModel;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The protocol of retrieval with a tiny model, whole, interrupted and gone on with. */
class RetrievalProtocolTest {
  private static final int IMAGES = 11;
  private static final RetrievalProtocol.Watch NOBODY = (stage, done, total, before) -> {};

  @TempDir private static Path folder;
  private static ModelSource source;
  private static LabelledRecords records;
  private static final List<byte[]> images = new ArrayList<>();

  @BeforeAll
  static void write() throws IOException {
    source = TinyModel.write(folder.resolve("model"), Task.RETRIEVAL);
    Path shard = folder.resolve("pictures.tfrecord");
    try (TfRecordWriter writer = TfRecordWriter.create(shard, TfRecordWriter.Options.plain())) {
      for (int i = 0; i < IMAGES; i++) {
        images.add(TinyModel.image(i, "png"));
        List<String> texts =
            i == 4 ? List.of() : List.of("a red dog " + "and ".repeat(i % 4) + i, "the cat " + i);
        writer.write(
            ExampleCodec.standard().encode(Sample.ImageText.of("k" + i, images.get(i), texts)));
      }
      writer.commit();
    }
    records = new LabelledRecords(ShardSet.of(List.of(shard)), ExampleCodec.standard());
  }

  private static StagedModel open() throws IOException {
    return StagedModel.open(source, PredictorOptions.defaults(), UnaryOperator.identity());
  }

  private static RetrievalProtocol.Found measure(
      StagedModel model, int candidates, Optional<Path> work, RetrievalProtocol.Watch watch)
      throws IOException {
    Gallery gallery = records.gallery(model, samples -> {});
    return new RetrievalProtocol(model, gallery, candidates, work, watch).measure();
  }

  @Test
  void scoresAreThoseOfTheWholeModel() throws IOException {
    try (StagedModel model = open();
        Predictor whole = Predictor.open(source, PredictorOptions.defaults())) {
      RetrievalProtocol.Found found = measure(model, 3, Optional.empty(), NOBODY);
      assertEquals(IMAGES, found.toText().queries());
      assertEquals(2 * IMAGES - 2, found.toImage().queries());
      assertFalse(found.toText().asked().contains(4), "an image without texts is no query");
      List<String> texts = records.gallery(model, samples -> {}).texts();
      for (int image = 0; image < IMAGES; image++) {
        for (int i = 0; i < 3; i++) {
          int text = found.toText().candidates()[image][i];
          PairScore pair = whole.match(List.of(images.get(image)), List.of(texts.get(text))).get(0);
          assertEquals(
              pair.itmLogits().match() + pair.itcCosine(), found.toText().scores()[image][i], 1e-4);
        }
      }
      assertTrue(found.recalls().get("r_mean") <= 100);
      assertEquals(9, found.recalls().size());
    }
  }

  @Test
  void aSecondStartGoesOnWhereTheFirstWasStopped() throws IOException {
    Path work = Files.createDirectory(folder.resolve("work"));
    try (StagedModel model = open()) {
      RetrievalProtocol.Found whole = measure(model, 4, Optional.empty(), NOBODY);
      for (int stop : new int[] {8, 30}) { // in the features, in the second block of matches
        assertThrows(
            InterruptedIOException.class,
            () ->
                measure(
                    model,
                    4,
                    Optional.of(work),
                    (stage, done, total, before) -> {
                      if (done >= stop && stage != RetrievalProtocol.Stage.TEXTS && done > before) {
                        throw new InterruptedIOException();
                      }
                    }));
      }
      Path logits = work.resolve("logits.bin");
      byte[] kept = Files.readAllBytes(logits);
      Files.write(logits, Arrays.copyOf(kept, kept.length - 3)); // the last row is half-written
      List<Long> before = new ArrayList<>();
      RetrievalProtocol.Found resumed =
          measure(
              model,
              4,
              Optional.of(work),
              (stage, done, total, earlier) -> before.add(done == earlier ? earlier : -1));
      assertTrue(before.contains((long) IMAGES), "all features were there");
      assertTrue(before.stream().filter(done -> done > 0).count() >= 2, "and some matches");
      assertEquals(whole.recalls(), resumed.recalls());
      for (int image = 0; image < IMAGES; image++) {
        assertArrayEquals(whole.toText().scores()[image], resumed.toText().scores()[image], 1e-5f);
      }
      RetrievalProtocol.Found third =
          measure(
              model,
              4,
              Optional.of(work),
              (stage, done, total, earlier) ->
                  assertTrue(stage == RetrievalProtocol.Stage.TEXTS || done == total));
      assertEquals(whole.recalls(), third.recalls());
    }
  }

  @Test
  void tiesAndUnreachedItemsAreBehind() {
    ImmutableList<ImmutableIntArray> right =
        ImmutableList.of(
            ImmutableIntArray.of(2), ImmutableIntArray.of(0, 5), ImmutableIntArray.of());
    RankedSide side =
        new RankedSide(
            new int[][] {{1, 2, 3}, {1, 2, 3}, {1, 2, 3}},
            new float[3][3],
            new float[][] {{5, 5, 4}, {1, 2, 3}, {1, 2, 3}},
            right,
            9);
    assertEquals(1, side.rank(0), "a tie");
    assertEquals(7, side.rank(1), "behind all that are wrong");
    assertTrue(side.reached(0));
    assertFalse(side.reached(1));
    assertEquals(0, side.margin(0));
    assertEquals(List.of(0, 1), side.asked());
    assertEquals(0.5, side.recall().share(5));
    assertEquals(new RankedSide.Scored(3, 0, 3), side.best(1, 2).get(0));
    assertArrayEquals(new float[] {-100, 1, 2, 3, -100, -100, -100, -100, -100}, side.row(1, -100));
  }
}
