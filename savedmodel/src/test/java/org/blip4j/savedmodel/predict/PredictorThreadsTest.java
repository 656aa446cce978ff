package org.blip4j.savedmodel.predict;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.blip4j.graph.config.Task;
import org.blip4j.savedmodel.open.ModelSource;
import org.blip4j.savedmodel.open.ServingModel;
import org.blip4j.savedmodel.signature.ServingGraph;
import org.blip4j.savedmodel.signature.ServingSettings;
import org.blip4j.savedmodel.testing.TinyModel;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** One predictor, several threads. */
class PredictorThreadsTest {
  @TempDir private static Path folder;
  private static ModelSource.Folder source;

  private static final ExecutorService THREADS = Executors.newCachedThreadPool();
  private static final byte[] A = TinyModel.image(1, "jpg");
  private static final byte[] B = TinyModel.image(2, "png");

  @BeforeAll
  static void write() throws IOException {
    source = TinyModel.write(folder.resolve("model"), Task.PRETRAIN);
  }

  @AfterAll
  static void end() {
    THREADS.shutdownNow();
  }

  /** What each call gives; every one is the first call of its signature somewhere. */
  private static List<Callable<Object>> calls(Predictor model) {
    return List.of(
        () -> model.caption(List.of(A, B)),
        () -> model.captionPrompted(List.of(A, B), List.of("the", "a red")),
        () -> model.captionSample(List.of(A, B), 7, 8),
        () -> model.match(List.of(A, B), List.of("a dog", "a red circle")),
        () -> model.embedImages(List.of(A, B)),
        () -> model.embedTexts(List.of("a dog", "a red circle")));
  }

  private static List<Object> atOnce(List<Callable<Object>> calls) throws Exception {
    CyclicBarrier barrier = new CyclicBarrier(calls.size());
    List<Future<Object>> futures = new ArrayList<>();
    for (Callable<Object> call : calls) {
      futures.add(
          THREADS.submit(
              () -> {
                barrier.await(1, TimeUnit.MINUTES);
                return call.call();
              }));
    }
    List<Object> results = new ArrayList<>();
    for (Future<Object> future : futures) {
      results.add(future.get(5, TimeUnit.MINUTES));
    }
    return results;
  }

  private static void buildAtOnce(int times) throws Exception {
    var config = source.folder().readConfig();
    var model = new ServingModel(config, TinyModel.vocabulary());
    for (int i = 0; i < times; i++) {
      try (ServingGraph graph =
          ServingGraph.build(model, ServingSettings.of(config.textSettings()))) {
        List<Callable<Object>> lookUps = new ArrayList<>();
        for (String key : graph.signaturesOnDemand().keySet()) {
          lookUps.add(() -> graph.signaturesOnDemand().get(key));
        }
        atOnce(lookUps);
      }
    }
  }

  @Test
  void signaturesAreAddedToTheGraphOneAfterAnother() throws Exception {
    buildAtOnce(12);
  }

  @Test
  @Tag("slow")
  void alsoIn200Opens() throws Exception {
    buildAtOnce(200);
  }

  @Test
  void firstCallsFromSeveralThreadsGiveWhatCallsAloneGive() throws Exception {
    List<Object> alone = new ArrayList<>();
    try (Predictor model = Predictor.open(source, PredictorOptions.defaults())) {
      for (Callable<Object> call : calls(model)) {
        alone.add(call.call());
      }
    }
    try (Predictor model = Predictor.open(source, PredictorOptions.defaults())) {
      assertEquals(alone, atOnce(calls(model)));
      assertEquals(alone, atOnce(calls(model)));
    }
  }

  @Test
  void closingWaitsForRunningCallsAndRefusesLaterOnes() throws Exception {
    Predictor model = Predictor.open(source, PredictorOptions.defaults());
    List<Caption> alone = model.caption(List.of(A));
    CyclicBarrier barrier = new CyclicBarrier(4);
    List<Future<Integer>> callers = new ArrayList<>();
    for (int i = 0; i < 3; i++) {
      callers.add(
          THREADS.submit(
              () -> {
                barrier.await(1, TimeUnit.MINUTES);
                for (int done = 0; ; done++) {
                  try {
                    assertEquals(alone, model.caption(List.of(A)));
                  } catch (IllegalStateException e) {
                    assertTrue(e.getMessage().startsWith("this predictor was closed"));
                    return done;
                  }
                }
              }));
    }
    barrier.await(1, TimeUnit.MINUTES);
    TimeUnit.MILLISECONDS.sleep(50);
    model.close();
    for (Future<Integer> caller : callers) {
      assertDoesNotThrow(() -> caller.get(1, TimeUnit.MINUTES));
    }
    model.close();
    assertThrows(IllegalStateException.class, () -> model.match(List.of(A), List.of("a dog")));
  }
}
