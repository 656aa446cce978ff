package org.blip4j.savedmodel.predict;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.AbstractList;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.stream.IntStream;
import org.blip4j.savedmodel.predict.BatchRejectedException.Reason;
import org.junit.jupiter.api.Test;

/** Batching by a clock and threads that move only when told to. */
class DynamicBatchingTest {
  private static final Duration LONG = Duration.ofSeconds(10);

  private final FakeTiming timing = new FakeTiming();
  private final List<List<String>> batches = new ArrayList<>();
  private final List<CompletableFuture<String>> others = new ArrayList<>();

  private DynamicBatching<String, String> batching(int maxRows, int maxQueued, int runners) {
    DynamicBatching.Settings settings =
        new DynamicBatching.Settings(maxRows, Duration.ofMillis(5), maxQueued, runners);
    return new DynamicBatching<>(settings, this::run, timing);
  }

  private List<String> run(List<String> rows) {
    batches.add(rows);
    if (rows.contains("bad")) {
      throw new IllegalArgumentException("bad row");
    }
    return rows.stream().map(row -> row + "!").toList();
  }

  @Test
  void aLoneRowRunsAtOnce() {
    DynamicBatching<String, String> batching = batching(4, 10, 1);
    CompletableFuture<String> alone = batching.submit("a", "1");
    assertEquals(0, batching.queued());
    timing.runNext();
    assertEquals("1!", alone.join());
    assertEquals(List.of(List.of("1")), batches);
  }

  @Test
  void rowsThatComeWhileABatchRunsGoTogether() {
    DynamicBatching<String, String> batching = batching(3, 10, 1);
    List<CompletableFuture<String>> all = new ArrayList<>();
    for (int i = 0; i < 6; i++) {
      all.add(batching.submit("client " + i, "" + i));
    }
    timing.runNext();
    assertEquals(2, batching.queued(), "three clients may be about to come again");
    timing.advance(Duration.ofMillis(5));
    timing.runNext();
    assertEquals(List.of(List.of("0"), List.of("1", "2", "3"), List.of("4", "5")), batches);
    for (int i = 0; i < 6; i++) {
      assertEquals(i + "!", all.get(i).join());
    }
  }

  /** Else the first to come again would be alone in every second batch. */
  @Test
  void clientsThatComeAgainShareABatchAgain() {
    DynamicBatching<String, String> batching = batching(4, 10, 1);
    others.add(batching.submit("a", "0"));
    for (String client : List.of("a", "b", "c")) {
      others.add(batching.submit(client, client + "1"));
    }
    timing.runNext();
    timing.advance(Duration.ofMillis(1));
    others.add(batching.submit("a", "a2"));
    others.add(batching.submit("b", "b2"));
    assertEquals(2, batching.queued());
    others.add(batching.submit("c", "c2"));
    timing.runNext();
    assertEquals(List.of("a2", "b2", "c2"), batches.get(2));
    timing.advance(Duration.ofMillis(5));
    others.add(batching.submit("a", "late"));
    timing.runNext();
    assertEquals(List.of("late"), batches.get(3));
  }

  @Test
  void aSecondRunnerWaitsForAFullBatchOrTheTime() {
    DynamicBatching<String, String> batching = batching(2, 10, 2);
    CompletableFuture<String> first = batching.submit("a", "1");
    others.add(batching.submit("b", "2"));
    assertEquals(1, timing.waitingThreads(), "the second row waits for the third");
    others.add(batching.submit("c", "3"));
    assertEquals(2, timing.waitingThreads());
    timing.runNext();
    assertEquals("1!", first.join());
    others.add(batching.submit("d", "4"));
    timing.advance(Duration.ofMillis(4));
    assertEquals(1, batching.queued());
    timing.advance(Duration.ofMillis(1));
    assertEquals(0, batching.queued());
    timing.runNext();
    timing.runNext();
    assertEquals(List.of(List.of("1"), List.of("2", "3"), List.of("4")), batches);
  }

  @Test
  void clientsAlternate() {
    DynamicBatching<String, String> batching = batching(2, 20, 1);
    others.add(batching.submit("x", "start"));
    CompletableFuture<List<String>> many =
        batching.submit("a", List.of("a1", "a2", "a3", "a4"), LONG);
    others.add(batching.submit("b", "b1"));
    others.add(batching.submit("c", "c1"));
    timing.runNext();
    assertEquals(List.of("a1", "b1"), batches.get(1));
    assertEquals(List.of("c1", "a2"), batches.get(2));
    assertEquals(List.of("a1!", "a2!", "a3!", "a4!"), many.join());
  }

  @Test
  void aFullQueueRefusesWhatDoesNotFit() {
    DynamicBatching<String, String> batching = batching(1, 2, 1);
    others.add(batching.submit("a", "1"));
    others.add(batching.submit("b", "2"));
    CompletableFuture<List<String>> two = batching.submit("c", List.of("3", "4"), LONG);
    BatchRejectedException refused = refused(two);
    assertEquals(Reason.QUEUE_FULL, refused.reason());
    assertEquals(
        "1 rows wait and 2 more do not fit into the queue of 2; try again later",
        refused.getMessage());
    others.add(batching.submit("d", "5"));
    assertEquals(2, batching.queued());
  }

  @Test
  void aDeadlineTellsWhetherTheTaskHadBegun() {
    DynamicBatching<String, String> batching = batching(1, 5, 1);
    CompletableFuture<List<String>> running =
        batching.submit("a", List.of("1"), Duration.ofMillis(20));
    CompletableFuture<List<String>> waiting =
        batching.submit("b", List.of("2"), Duration.ofMillis(30));
    CompletableFuture<List<String>> inTime =
        batching.submit("c", List.of("3"), Duration.ofMillis(50));
    timing.advance(Duration.ofMillis(40));
    assertEquals(Reason.LATE_WHILE_RUNNING, refused(running).reason());
    assertEquals(Reason.LATE_IN_QUEUE, refused(waiting).reason());
    assertEquals(1, batching.queued(), "the late one is out of the queue");
    timing.runNext();
    timing.advance(Duration.ofMillis(40));
    assertEquals(List.of("3!"), inTime.join());
    assertEquals(List.of(List.of("3")), batches, "nobody waits for the other two");
  }

  @Test
  void aCancelledTaskIsDropped() {
    DynamicBatching<String, String> batching = batching(4, 5, 1);
    others.add(batching.submit("a", "1"));
    CompletableFuture<String> cancelled = batching.submit("b", "2");
    CompletableFuture<String> kept = batching.submit("b", "3");
    assertTrue(cancelled.cancel(false));
    assertEquals(1, batching.queued());
    timing.runNext();
    assertEquals("3!", kept.join());
    assertEquals(List.of(List.of("1"), List.of("3")), batches);
  }

  @Test
  void aBadRowFailsAlone() {
    DynamicBatching<String, String> batching = batching(4, 5, 1);
    others.add(batching.submit("x", "start"));
    CompletableFuture<String> before = batching.submit("a", "1");
    CompletableFuture<String> bad = batching.submit("b", "bad");
    CompletableFuture<String> after = batching.submit("c", "2");
    timing.runNext();
    assertEquals("1!", before.join());
    assertEquals("2!", after.join());
    Throwable cause = assertThrows(CompletionException.class, bad::join).getCause();
    assertEquals("bad row", cause.getMessage());
    assertEquals(5, batches.size(), "start, all three, each alone");
  }

  @Test
  void aBatchOfTheWrongLengthIsAFailure() {
    DynamicBatching<String, String> batching =
        new DynamicBatching<>(DynamicBatching.Settings.of(2), rows -> List.of(), timing);
    CompletableFuture<String> row = batching.submit("a", "1");
    timing.runNext();
    Throwable cause = assertThrows(CompletionException.class, row::join).getCause();
    assertEquals("the batch gave 0 outputs for 1 rows", cause.getMessage());
  }

  /** As when memory is full while outputs are handed out; the next row is run. */
  @Test
  void anErrorOutsideTheBatchEndsItsRowsAndNotTheQueue() {
    DynamicBatching<String, String> batching =
        new DynamicBatching<>(
            DynamicBatching.Settings.of(2),
            rows -> rows.contains("bad") ? new Unreadable(rows.size()) : rows,
            timing);
    CompletableFuture<String> bad = batching.submit("a", "bad");
    CompletableFuture<String> good = batching.submit("b", "good");
    timing.runNext();
    assertEquals("unreadable", failure(bad).getMessage());
    assertEquals("good", good.join());
    CompletableFuture<String> next = batching.submit("a", "next");
    timing.runNext();
    assertEquals("next", next.join());
    batching.close();
  }

  @Test
  void ifNoThreadCanBeHadTheRowsFailAndTheNextAreTried() {
    DynamicBatching<String, String> batching = batching(2, 10, 1);
    timing.refusal = new InternalError("unable to create native thread");
    CompletableFuture<String> refused = batching.submit("a", "1");
    assertEquals("unable to create native thread", failure(refused).getMessage());
    timing.refusal = null;
    CompletableFuture<String> next = batching.submit("a", "2");
    timing.runNext();
    assertEquals("2!", next.join());
    timing.refusal = new IllegalStateException("no timer");
    assertThrows(IllegalStateException.class, () -> batching.submit("a", List.of("3"), LONG));
    assertEquals(0, batching.queued());
    timing.refusal = null;
    batching.close();
  }

  private static Throwable failure(CompletableFuture<?> future) {
    assertTrue(future.isDone(), "its caller would wait for ever");
    return assertThrows(CompletionException.class, future::join).getCause();
  }

  /** Outputs that none can read. */
  private static final class Unreadable extends AbstractList<String> {
    private final int size;

    Unreadable(int size) {
      this.size = size;
    }

    @Override
    public String get(int index) {
      throw new InternalError("unreadable");
    }

    @Override
    public int size() {
      return size;
    }
  }

  @Test
  void noRowsAreAnsweredAtOnce() {
    assertEquals(List.of(), batching(1, 1, 1).submit("a", List.of(), LONG).join());
  }

  @Test
  void closingWaitsForWhatWasTakenAndRefusesTheRest() {
    List<CompletableFuture<List<Integer>>> taken;
    DynamicBatching<Integer, Integer> batching =
        DynamicBatching.start(DynamicBatching.Settings.of(4), rows -> rows);
    try (batching) {
      taken =
          IntStream.range(0, 40)
              .mapToObj(i -> batching.submit(i % 3, List.of(i, i + 1), LONG))
              .toList();
    }
    for (int i = 0; i < taken.size(); i++) {
      assertTrue(taken.get(i).isDone());
      assertEquals(List.of(i, i + 1), taken.get(i).join());
    }
    assertEquals(Reason.CLOSED, refused(batching.submit(1, List.of(1), LONG)).reason());
  }

  @Test
  void manyThreadsGetTheirOwnAnswers() {
    DynamicBatching.Settings settings =
        new DynamicBatching.Settings(8, Duration.ofMillis(1), 10_000, 3);
    List<Integer> sizes = Collections.synchronizedList(new ArrayList<>());
    try (DynamicBatching<Integer, String> batching =
        DynamicBatching.start(
            settings,
            rows -> {
              sizes.add(rows.size());
              return rows.stream().map(row -> "row " + row).toList();
            })) {
      boolean right =
          IntStream.range(0, 4000)
              .parallel()
              .allMatch(i -> batching.submit(i % 7, i).join().equals("row " + i));
      assertTrue(right);
    }
    assertEquals(4000, sizes.stream().mapToInt(size -> size).sum());
    assertTrue(Collections.max(sizes) <= 8);
  }

  @Test
  void settingsNameWhatIsWrong() {
    IllegalArgumentException e =
        assertThrows(IllegalArgumentException.class, () -> batching(0, 1, 1));
    assertEquals("maxRows is 0; it has to be at least 1", e.getMessage());
  }

  private static BatchRejectedException refused(CompletableFuture<?> future) {
    assertTrue(future.isCompletedExceptionally());
    assertFalse(future.isCancelled());
    return (BatchRejectedException)
        assertThrows(CompletionException.class, future::join).getCause();
  }

  /** Threads that run when told to, and a clock that is moved by hand. */
  private static final class FakeTiming implements BatchTiming {
    private record Alarm(long at, Runnable action) {}

    private final ArrayDeque<Runnable> threads = new ArrayDeque<>();
    private final List<Alarm> alarms = new ArrayList<>();
    private long now;
    private Throwable refusal;

    @Override
    public void execute(Runnable task) {
      refuse();
      threads.add(task);
    }

    private void refuse() {
      if (refusal instanceof Error error) {
        throw error;
      }
      if (refusal instanceof RuntimeException exception) {
        throw exception;
      }
    }

    int waitingThreads() {
      return threads.size();
    }

    void runNext() {
      threads.remove().run();
    }

    void advance(Duration time) {
      now += time.toNanos();
      List<Alarm> due = alarms.stream().filter(alarm -> alarm.at() <= now).toList();
      alarms.removeAll(due);
      due.forEach(alarm -> alarm.action().run());
    }

    @Override
    public long nanos() {
      return now;
    }

    @Override
    public Runnable after(long nanos, Runnable action) {
      refuse();
      Alarm alarm = new Alarm(now + nanos, action);
      alarms.add(alarm);
      return () -> alarms.remove(alarm);
    }

    @Override
    public void stop() {
      threads.clear();
    }
  }
}
