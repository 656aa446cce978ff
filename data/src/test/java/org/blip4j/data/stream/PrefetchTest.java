package org.blip4j.data.stream;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.common.util.concurrent.Uninterruptibles;
import java.io.IOException;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(20)
class PrefetchTest {

  /** Counts up to a number of which it fails. */
  private static final class Counter implements Prefetch.Source<Integer> {
    private final AtomicInteger made = new AtomicInteger();
    private final CountDownLatch fourth = new CountDownLatch(4);
    private final int failing;
    private volatile Thread closedBy;

    Counter(int failing) {
      this.failing = failing;
    }

    @Override
    public Integer next() {
      int number = made.incrementAndGet();
      if (number == failing) {
        throw new IllegalStateException("no " + number);
      }
      fourth.countDown();
      return number;
    }

    @Override
    public void close() {
      closedBy = Thread.currentThread();
    }
  }

  /** Hands out things that are to be closed. */
  private static final class Things implements Prefetch.Source<Things.Thing> {
    private final ConcurrentLinkedQueue<Thing> made = new ConcurrentLinkedQueue<>();
    private final CountDownLatch third = new CountDownLatch(3);
    private final CountDownLatch goOn;

    Things(CountDownLatch goOn) {
      this.goOn = goOn;
    }

    /** Knows how often it was closed. */
    private static final class Thing implements AutoCloseable {
      private final AtomicInteger closed = new AtomicInteger();

      @Override
      public void close() {
        closed.incrementAndGet();
      }
    }

    @Override
    public Thing next() {
      Thing thing = new Thing();
      made.add(thing);
      third.countDown();
      if (made.size() == 3) {
        Uninterruptibles.awaitUninterruptibly(goOn);
      }
      return thing;
    }

    @Override
    public void close() {}

    List<Integer> closings() {
      return made.stream().map(thing -> thing.closed.get()).toList();
    }
  }

  @Test
  void itemsAreMadeAheadInOrderAndNoMoreThanAsked() throws Exception {
    Counter source = new Counter(-1);
    try (Prefetch<Integer> items = new Prefetch<>("counting", source, 2)) {
      assertEquals(1, items.next());
      source.fourth.await();
      assertEquals(4, source.made.get(), "one taken, two ready, one in hand");
      assertEquals(2, items.next());
      assertEquals(3, items.next());
    }
    assertEquals("counting", source.closedBy.getName());
    assertFalse(source.closedBy.isAlive());
  }

  @Test
  void aFailureComesInItsTurnAndStays() throws IOException {
    Counter source = new Counter(2);
    Prefetch<Integer> items = new Prefetch<>("counting", source, 2);
    try (items) {
      assertEquals(1, items.next());
      IOException failure = assertThrows(IOException.class, items::next);
      assertTrue(failure.getMessage().endsWith("IllegalStateException: no 2"), failure.toString());
      assertSame(failure, assertThrows(IOException.class, items::next));
      assertEquals("counting", source.closedBy.getName());
    }
    assertThrows(IllegalStateException.class, items::next);
  }

  @ParameterizedTest
  @ValueSource(classes = {StackOverflowError.class, OutOfMemoryError.class, AssertionError.class})
  void anErrorIsThrownAsItIsAndNobodyWaitsForEver(Class<? extends Error> type) throws Exception {
    Error error = type.getDeclaredConstructor().newInstance();
    try (Prefetch<Integer> items = failing(error)) {
      assertSame(error, assertThrows(type, items::next));
      assertSame(error, assertThrows(type, items::next));
    }
  }

  private static Prefetch<Integer> failing(Error error) {
    Prefetch.Source<Integer> source =
        new Prefetch.Source<>() {
          @Override
          public Integer next() {
            throw error;
          }

          @Override
          public void close() {}
        };
    return new Prefetch<>("failing", source, 1);
  }

  @Test
  void anInterruptedProducerLosesNothing() throws Exception {
    Counter source = new Counter(-1);
    try (Prefetch<Integer> items = new Prefetch<>("interrupted", source, 2)) {
      assertEquals(1, items.next());
      source.fourth.await();
      Thread.getAllStackTraces().keySet().stream()
          .filter(thread -> thread.getName().equals("interrupted"))
          .forEach(Thread::interrupt);
      for (int i = 2; i < 20; i++) {
        assertEquals(i, items.next());
      }
    }
  }

  @Test
  void anInterruptedConsumerIsToldAndCanGoOn() throws IOException {
    Counter source = new Counter(-1);
    try (Prefetch<Integer> items = new Prefetch<>("counting", source, 2)) {
      Thread.currentThread().interrupt();
      assertThrows(IOException.class, items::next);
      assertTrue(Thread.interrupted());
      assertEquals(1, items.next());
    }
  }

  @Test
  void whatWasMadeAndNotTakenIsClosedOnce() throws Exception {
    Things source = new Things(new CountDownLatch(0));
    Prefetch<Things.Thing> items = new Prefetch<>("things", source, 2);
    Things.Thing taken = items.next();
    source.third.await();
    items.close();
    assertEquals(0, taken.closed.get(), "it is the taker's");
    taken.close();
    assertEquals(List.of(1), source.closings().stream().distinct().toList());
  }

  @Test
  void whatIsMadeWhileClosingIsClosedToo() throws Exception {
    CountDownLatch goOn = new CountDownLatch(1);
    Things source = new Things(goOn);
    Prefetch<Things.Thing> items = new Prefetch<>("things", source, 5);
    source.third.await(); // the producer is busy and does not heed interrupts
    CompletableFuture<Void> closing = CompletableFuture.runAsync(items::close);
    Thread.sleep(50);
    goOn.countDown();
    closing.join();
    assertEquals(List.of(1, 1, 1), source.closings());
  }

  @Test
  void closingWakesAConsumerThatWaits() throws Exception {
    CountDownLatch never = new CountDownLatch(1);
    Prefetch.Source<Integer> source =
        new Prefetch.Source<>() {
          @Override
          public Integer next() throws IOException {
            try {
              never.await();
            } catch (InterruptedException e) {
              throw new IOException(e);
            }
            return 1;
          }

          @Override
          public void close() {}
        };
    Prefetch<Integer> items = new Prefetch<>("slow", source, 1);
    var pool = Executors.newSingleThreadExecutor();
    CompletableFuture<Integer> waiting =
        CompletableFuture.supplyAsync(
            () -> {
              try {
                return items.next();
              } catch (IOException e) {
                throw new CompletionException(e);
              }
            },
            pool);
    Thread.sleep(50);
    items.close();
    CompletionException e = assertThrows(CompletionException.class, waiting::join);
    assertTrue(e.getCause() instanceof IllegalStateException, e.toString());
    pool.shutdown();
  }

  @Test
  void closingWaitsForTheThreadEvenIfInterrupted() {
    Counter source = new Counter(-1);
    Prefetch<Integer> items = new Prefetch<>("counting", source, 1);

    Thread.currentThread().interrupt();
    items.close();

    assertTrue(Thread.interrupted());
    assertFalse(source.closedBy.isAlive());
  }
}
