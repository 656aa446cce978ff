package org.blip4j.data.stream;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

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
