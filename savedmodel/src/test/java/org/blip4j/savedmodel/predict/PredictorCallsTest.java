package org.blip4j.savedmodel.predict;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.awt.image.BufferedImage;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.ObjectInputStream;
import java.io.ObjectOutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Properties;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;
import javax.imageio.ImageIO;
import org.blip4j.graph.config.Task;
import org.blip4j.ops.decode.DecodingSettings;
import org.blip4j.savedmodel.open.ModelSource;
import org.blip4j.savedmodel.signature.ServingSettings;
import org.blip4j.savedmodel.signature.ServingSignature;
import org.blip4j.savedmodel.testing.TinyModel;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a program does with a predictor: options of a call, parts, limits, many threads. */
class PredictorCallsTest {
  @TempDir private static Path folder;
  private static ModelSource.Folder source;
  private static Predictor model;

  private static final List<byte[]> IMAGES = new ArrayList<>();

  @BeforeAll
  static void open() throws IOException {
    for (int i = 0; i < 12; i++) {
      IMAGES.add(TinyModel.image(i, i % 2 == 0 ? "png" : "jpg"));
    }
    source = TinyModel.write(folder.resolve("model"), Task.PRETRAIN);
    Properties before = (Properties) System.getProperties().clone();
    model = Predictor.open(folder.resolve("model"));
    model.warmUp();
    Properties after = (Properties) System.getProperties().clone();
    after.keySet().retainAll(before.keySet()); // Java itself adds its time zone
    assertEquals(before, after);
    assertEquals(null, System.getProperty("org.bytedeco.javacpp.maxPhysicalBytes"));
  }

  @AfterAll
  static void close() {
    model.close();
  }

  @Test
  void anImageIsWhateverTheProgramHas() throws IOException {
    byte[] png = IMAGES.get(0);
    Path file = Files.write(folder.resolve("a.png"), png);
    BufferedImage picture = ImageIO.read(new ByteArrayInputStream(png));
    Caption expected = model.caption(png);
    assertEquals(expected, model.caption(ImageBytes.of(file)));
    assertEquals(expected, model.caption(ImageBytes.of(new ByteArrayInputStream(png))));
    assertEquals(expected, model.caption(ImageBytes.of(picture)));
    Path none = folder.resolve("none.png");
    IOException missing = assertThrows(IOException.class, () -> ImageBytes.of(none));
    assertTrue(missing.getMessage().startsWith(none.toString()), missing.getMessage());
  }

  /** As if it had been opened with them, and with the weights of the first one. */
  @Test
  void aCallHasSettingsOfItsOwn() throws IOException {
    DecodingSettings.Lengths lengths = new DecodingSettings.Lengths(8, 9);
    ServingSettings own = model.settings();
    ServingSettings other = own.withBeams(1).withLengths(lengths).withPrompt("the red");
    int kept = model.kept();
    List<Caption> before = model.caption(IMAGES);
    List<Caption> actual = model.with(any -> other).caption(IMAGES);
    List<Caption> drawn = model.with(any -> other).captionSamples(IMAGES.get(0), 5, 3);
    assertEquals(before, model.caption(IMAGES));
    PredictorOptions options = PredictorOptions.defaults().withSettings(any -> other);
    try (Predictor expected = Predictor.open(source, options)) {
      assertEquals(expected.caption(IMAGES), actual);
      assertEquals(expected.captionSamples(IMAGES.get(0), 5, 3), drawn);
    }
    assertNotEquals(before, actual);
    assertEquals(kept + 2, model.kept());
    assertEquals(
        model.embedImages(IMAGES), model.with(any -> other).embedImages(IMAGES)); // heeds none
    assertEquals(kept + 2, model.kept());
  }

  @Test
  @Tag("slow")
  void ofManySettingsTheLeastUsedGoes() throws IOException {
    try (Predictor one = Predictor.open(source)) {
      List<byte[]> image = IMAGES.subList(0, 1);
      Caption first = one.with(own -> own.withPrompt("word20")).caption(image).get(0);
      for (int i = 21; i < 21 + OpenedModel.MOST_SETTINGS; i++) {
        String prompt = "word" + i;
        assertTrue(one.with(own -> own.withPrompt(prompt)).caption(image).get(0).ok());
      }
      assertEquals(OpenedModel.MOST_SETTINGS, one.kept());
      assertEquals(first, one.with(own -> own.withPrompt("word20")).caption(image).get(0));
    }
  }

  @Test
  void aLargeCallIsComputedInParts() throws IOException {
    List<byte[]> images = new ArrayList<>();
    List<String> texts = new ArrayList<>();
    for (int i = 0; i < 60; i++) {
      images.add(IMAGES.get(i % IMAGES.size()).clone());
      texts.add("a red circle " + i % 7);
    }
    PredictorOptions small = PredictorOptions.defaults().withMemoryBudget(200_000);
    try (Predictor parts = Predictor.open(source, small)) {
      List<Caption> expected = model.caption(images);
      List<Caption> actual = parts.caption(images);
      for (int i = 0; i < images.size(); i++) {
        assertEquals(expected.get(i).ids(), actual.get(i).ids());
        assertEquals(expected.get(i).logProb(), actual.get(i).logProb(), 1e-4);
      }
      List<PairScore> scores = parts.match(images, texts);
      List<List<PairScore>> all = parts.matchAll(IMAGES, texts.subList(0, 7));
      for (int i = 0; i < images.size(); i++) {
        PairScore alone = all.get(i % IMAGES.size()).get(i % 7);
        assertEquals(alone.itmProbability(), scores.get(i).itmProbability(), 1e-5);
      }
    }
    CallInputs inputs = new CallInputs().files(ServingSignature.IMAGE_BYTES, "images", images);
    List<int[]> parts =
        new CallParts(200_000, model.model().config()).of(ServingSignature.MATCH, inputs);
    assertTrue(parts.size() > 3, "one part");
    int[][] numbers = inputs.images();
    List<Integer> firsts = new ArrayList<>();
    int rows = 0;
    for (int[] part : parts) {
      rows += part.length;
      for (int row : part) {
        if (firsts.isEmpty() || firsts.get(firsts.size() - 1) != numbers[row][0]) {
          firsts.add(numbers[row][0]);
        }
      }
    }
    assertEquals(images.size(), rows);
    assertEquals(IMAGES.size(), firsts.size(), "equal images are apart");
  }

  @Test
  void labelsAreRanked() {
    List<PairScore.Label> ranked =
        model.matchRanked(IMAGES.get(0), List.of("a dog", "a red circle", "blue squares"));
    for (int i = 1; i < ranked.size(); i++) {
      assertTrue(
          ranked.get(i - 1).score().itmProbability() >= ranked.get(i).score().itmProbability());
    }
    PairScore alone = model.match(IMAGES.get(0), ranked.get(0).text());
    assertEquals(alone.itmProbability(), ranked.get(0).score().itmProbability(), 1e-5);
  }

  @Test
  void anInterruptOrADeadlineEndsACall() throws Exception {
    PredictorOptions small = PredictorOptions.defaults().withMemoryBudget(1);
    List<byte[]> many = Collections.nCopies(3000, IMAGES.get(0));
    try (Predictor one = Predictor.open(source, small)) {
      one.warmUp();
      Thread.currentThread().interrupt();
      String why = assertThrows(CancellationException.class, () -> one.caption(many)).getMessage();
      assertTrue(Thread.interrupted());
      assertEquals("caption was interrupted, with 0 of 3000 rows computed", why);
      Duration limit = Duration.ofMillis(20);
      String late =
          assertThrows(CancellationException.class, () -> one.within(limit).caption(many))
              .getMessage();
      assertTrue(late.startsWith("caption was not done within 20 ms, with "), late);
      CountDownLatch begun = new CountDownLatch(1);
      CompletableFuture<Throwable> ended = new CompletableFuture<>();
      CompletableFuture<List<Caption>> future =
          one.async(
              it -> {
                begun.countDown();
                try {
                  return it.caption(many);
                } catch (CancellationException e) {
                  ended.complete(e);
                  throw e;
                }
              });
      assertTrue(begun.await(1, TimeUnit.MINUTES));
      assertTrue(future.cancel(true));
      String cancelled = ended.get(1, TimeUnit.MINUTES).getMessage();
      assertTrue(cancelled.startsWith("caption was cancelled, with "), cancelled);
      assertEquals(one.caption(IMAGES.get(0)), one.async(it -> it.caption(IMAGES.get(0))).get());
    }
  }

  @Test
  void callsFromManyThreadsAreComputedTogether() throws Exception {
    List<Caption> alone = new ArrayList<>();
    IMAGES.forEach(image -> alone.add(model.caption(image)));
    DynamicBatching.Settings bounds = DynamicBatching.Settings.of(8);
    try (Predictor together = model.batching(bounds)) {
      List<CompletableFuture<Caption>> futures = new ArrayList<>();
      for (byte[] image : IMAGES) {
        futures.add(together.async(it -> it.caption(image)));
      }
      CompletableFuture<EmbeddingVector> text = together.async(it -> it.embedText("a dog"));
      for (int i = 0; i < alone.size(); i++) {
        assertEquals(alone.get(i).ids(), futures.get(i).get().ids());
        assertEquals(alone.get(i).logProb(), futures.get(i).get().logProb(), 1e-4);
      }
      assertTrue(text.get().ok());
      assertTrue(together.caption(new byte[3]).status().length() > 0);
    }
    assertTrue(model.embedText("still open").ok());
  }

  /** Calls with settings of their own wait for each other, those with the same settings alone. */
  @Test
  void callsWithTheSameSettingsAreComputedTogether() throws Exception {
    UnaryOperator<ServingSettings> the = own -> own.withPrompt("the");
    List<Caption> alone = model.with(the).caption(IMAGES);
    try (Predictor together = model.batching(DynamicBatching.Settings.of(8))) {
      BatchedCalls batched = together.batched().orElseThrow();
      List<CompletableFuture<Caption>> futures = new ArrayList<>();
      for (byte[] image : IMAGES) {
        futures.add(together.with(the).async(it -> it.caption(image)));
      }
      Caption own = together.caption(IMAGES.get(0));
      for (int i = 0; i < alone.size(); i++) {
        assertEquals(alone.get(i).ids(), futures.get(i).get().ids());
        assertEquals(alone.get(i).logProb(), futures.get(i).get().logProb(), 1e-4);
      }
      assertEquals(model.caption(IMAGES.get(0)).ids(), own.ids());
      assertEquals(2, batched.kept());
      assertTrue(together.with(the).embedText("a dog").ok()); // heeds none of it
      assertTrue(together.embedText("a dog").ok());
      assertEquals(3, batched.kept());
      int graphs = model.kept();
      for (int beams = 1; beams <= 30; beams++) {
        int other = beams;
        assertThrows( // this model has no answers
            IllegalArgumentException.class,
            () -> together.with(any -> any.withBeams(other)).vqa(IMAGES.get(0), "what"));
      }
      assertEquals(graphs, model.kept());
      int most = ServingSignature.values().length + OpenedModel.MOST_SETTINGS;
      assertEquals(most, batched.kept());
      assertEquals(alone.get(1).ids(), together.with(the).caption(IMAGES.get(1)).ids());
    }
  }

  @Test
  void aListMayBeLongerThanTheQueueOfABatching() {
    DynamicBatching.Settings small = new DynamicBatching.Settings(2, Duration.ZERO, 2, 1);
    List<String> texts = List.of("a", "b", "c", "d", "e");
    Predictor together = model.batching(small);
    List<EmbeddingVector> all = together.embedTexts(texts);
    assertEquals(5, all.size());
    assertEquals(1, all.get(4).cosine(model.embedText("e")), 1e-5);
    together.close();
    String closed =
        assertThrows(IllegalStateException.class, () -> together.embedText("a")).getMessage();
    assertTrue(closed.contains("was closed"), closed);
  }

  @Test
  void aMissingImageIsNamedByItsPlace() {
    List<byte[]> images = Arrays.asList(IMAGES.get(0), null);
    String named =
        assertThrows(
                NullPointerException.class, () -> model.matchAll(images, List.of("a", "b", "c")))
            .getMessage();
    assertTrue(named.startsWith("images[1] is null"), named);
    String labels =
        assertThrows(NullPointerException.class, () -> model.matchRanked(IMAGES.get(0), null))
            .getMessage();
    assertTrue(labels.startsWith("labels is null"), labels);
    List<String> two = Arrays.asList("a", null);
    String label =
        assertThrows(NullPointerException.class, () -> model.matchRanked(IMAGES.get(0), two))
            .getMessage();
    assertTrue(label.startsWith("labels[1] is null"), label);
  }

  @Test
  void whatAModelCannotIsAnErrorOfTheFuture() {
    CompletableFuture<Answer> future = model.async(it -> it.vqa(IMAGES.get(0), "what"));
    Throwable cause = assertThrows(ExecutionException.class, future::get).getCause();
    assertTrue(cause.getMessage().contains("no signature vqa"), cause.getMessage());
  }

  @Test
  void tasksOfAJvmShareAModelUntilNobodyUsesIt() throws IOException {
    Path path = folder.resolve("model");
    List<Runnable> later = new ArrayList<>();
    SharedPredictor first = SharedPredictor.open(path);
    SharedPredictor second = SharedPredictor.open(path);
    assertSame(first.model(), second.model());
    first.close(later::add);
    first.close(later::add);
    assertEquals(0, later.size());
    second.close(later::add);
    SharedPredictor third = SharedPredictor.open(path);
    later.forEach(Runnable::run);
    assertSame(first.model(), third.model());
    assertTrue(third.model().embedText("a dog").ok());
    third.close(later::add);
    later.get(1).run();
    assertThrows(IllegalStateException.class, () -> first.model().embedText("a dog"));
  }

  @Test
  void resultsTravel() throws Exception {
    List<Supplier<Object>> results =
        List.of(
            () -> model.caption(IMAGES.get(0)),
            () -> model.embedImage(IMAGES.get(0)),
            () -> model.match(IMAGES.get(0), "a dog"));
    for (Supplier<Object> result : results) {
      ByteArrayOutputStream bytes = new ByteArrayOutputStream();
      try (ObjectOutputStream out = new ObjectOutputStream(bytes)) {
        out.writeObject(result.get());
      }
      try (ObjectInputStream in =
          new ObjectInputStream(new ByteArrayInputStream(bytes.toByteArray()))) {
        assertEquals(result.get(), in.readObject());
      }
    }
  }
}
