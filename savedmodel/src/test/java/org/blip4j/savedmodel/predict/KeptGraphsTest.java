package org.blip4j.savedmodel.predict;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.blip4j.graph.config.BlipConfig;
import org.blip4j.graph.config.ModelConfig;
import org.blip4j.graph.config.Task;
import org.blip4j.graph.config.TextSettings;
import org.blip4j.savedmodel.signature.ServingSettings;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Who waits for whom, with graphs that are built and let go at the word of a test. */
@Timeout(60)
class KeptGraphsTest {
  private static final ModelConfig CONFIG =
      ModelConfig.of(
          Task.CAPTION,
          BlipConfig.tiny(),
          TextSettings.published(Task.CAPTION),
          new ModelConfig.Provenance("test", "test", "unknown", 0));
  private static final ServingSettings OWN = ServingSettings.of(CONFIG.textSettings());
  private static final ServingSettings A = OWN.withPrompt("a");
  private static final ServingSettings B = OWN.withPrompt("b");
  private static final ServingSettings C = OWN.withPrompt("c");

  private final ExecutorService threads = Executors.newCachedThreadPool();
  private final Semaphore builds = new Semaphore(0);
  private final ConcurrentLinkedQueue<String> events = new ConcurrentLinkedQueue<>();
  private final KeptGraphs graphs =
      new KeptGraphs(1, Executors.newSingleThreadExecutor(), this::build);

  @AfterEach
  void end() {
    builds.release(100);
    graphs.close();
    threads.shutdown();
  }

  private SignatureRunner build(ServingSettings settings, Runnable released) {
    events.add("begun " + settings.prompt());
    builds.acquireUninterruptibly();
    if (events.contains("fail")) {
      throw new IllegalStateException("no room");
    }
    return new SignatureRunner(
        null,
        Map.of(),
        new CallParts(1 << 30, CONFIG),
        threads,
        () -> {
          events.add("released " + settings.prompt());
          released.run();
        });
  }

  private static CallControl.Watch watch(Duration limit) {
    return new CallControl(Optional.of(limit), Optional.empty()).begin("caption", 3);
  }

  private String call(ServingSettings settings) {
    return graphs.call(settings, CallControl.NONE.begin("caption", 1), runner -> "done");
  }

  private CompletableFuture<String> later(ServingSettings settings) {
    return CompletableFuture.supplyAsync(() -> call(settings), threads);
  }

  @Test
  void aLateOrInterruptedCallDoesNotWaitForTheBuild() {
    CallControl.Watch brief = watch(Duration.ofMillis(5));
    String late =
        assertThrows(CancellationException.class, () -> graphs.call(A, brief, it -> 1))
            .getMessage();
    assertEquals("caption was not done within 5 ms, with 0 of 3 rows computed", late);
    Thread.currentThread().interrupt();
    assertThrows(CancellationException.class, () -> call(A));
    assertTrue(Thread.interrupted());
    builds.release();
    assertEquals("done", call(A));
    assertEquals(List.of("begun a"), List.copyOf(events));
  }

  @Test
  void aGraphThatNobodyWaitsForIsNotBuilt() {
    for (ServingSettings each : List.of(A, B, C)) {
      assertThrows(
          CancellationException.class,
          () -> graphs.call(each, watch(Duration.ofMillis(5)), it -> 1));
      await("begun a");
    }
    builds.release(2);
    assertEquals("done", call(C));
    graphs.close();
    assertEquals(List.of("begun a", "begun c", "released a", "released c"), sorted());
  }

  @Test
  void aFailedBuildIsTriedAgain() {
    events.add("fail");
    builds.release(2);
    assertEquals("no room", assertThrows(IllegalStateException.class, () -> call(A)).getMessage());
    assertEquals(0, graphs.size());
    events.clear();
    assertEquals("done", call(A));
  }

  @Test
  void nobodyWaitsForThePartOfAnother() throws Exception {
    builds.release(3);
    CountDownLatch running = new CountDownLatch(1);
    CountDownLatch end = new CountDownLatch(1);
    CompletableFuture<SignatureRunner> used = new CompletableFuture<>();
    assertEquals(true, graphs.call(A, watch(Duration.ofMinutes(1)), used::complete));
    CompletableFuture<Boolean> part = // left behind by a call that was interrupted
        CompletableFuture.supplyAsync(
            () ->
                used.join()
                    .whileOpen(
                        () -> {
                          running.countDown();
                          return awaited(end);
                        }),
            threads);
    assertTrue(running.await(30, TimeUnit.SECONDS));
    assertEquals("done", call(B)); // A is dropped
    assertEquals("done", call(C));
    CompletableFuture<Void> closing = CompletableFuture.runAsync(graphs::close, threads);
    assertThrows(
        IllegalStateException.class,
        () -> {
          while (true) {
            String unused = call(C);
          }
        });
    assertFalse(closing.isDone(), "closing waits for what was dropped");
    assertFalse(events.contains("released a"));
    end.countDown();
    assertTrue(part.get(30, TimeUnit.SECONDS));
    closing.get(30, TimeUnit.SECONDS);
    assertEquals(
        List.of("begun a", "begun b", "begun c", "released a", "released b", "released c"),
        sorted());
  }

  @Test
  void closingEndsTheWaitForABuild() throws Exception {
    CompletableFuture<String> waiting = later(A);
    await("begun a");
    CompletableFuture<Void> closing = CompletableFuture.runAsync(graphs::close, threads);
    builds.release();
    closing.get(30, TimeUnit.SECONDS);
    assertEquals("done", waiting.get(30, TimeUnit.SECONDS));
    assertEquals(List.of("begun a", "released a"), sorted());
    assertThrows(IllegalStateException.class, () -> call(A));
  }

  private void await(String event) {
    while (!events.contains(event)) {
      Thread.onSpinWait();
    }
  }

  private static boolean awaited(CountDownLatch latch) {
    try {
      return latch.await(30, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  private List<String> sorted() {
    return events.stream().sorted().toList();
  }
}
