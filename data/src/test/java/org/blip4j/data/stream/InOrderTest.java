package org.blip4j.data.stream;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Work done at once keeps its order, its errors and what it needs. */
@Timeout(20)
final class InOrderTest {

  @Test
  void resultsKeepTheOrderWhicheverIsReadyFirst() throws Exception {
    CountDownLatch laterOne = new CountDownLatch(1);
    List<Callable<Integer>> pieces = new ArrayList<>();
    pieces.add(() -> 0);
    pieces.add(
        () -> {
          laterOne.await();
          return 1;
        });
    pieces.add(
        () -> {
          laterOne.countDown(); // runs while the one before it waits
          return 2;
        });
    try (InOrder<Integer> all = new InOrder<>(2, from(pieces))) {
      assertEquals(List.of(0, 1, 2), rest(all));
    }
  }

  @Test
  void onlyTheFirstRunsAlone() throws Exception {
    AtomicInteger running = new AtomicInteger();
    CyclicBarrier both = new CyclicBarrier(2);
    List<Callable<Boolean>> pieces = new ArrayList<>();
    pieces.add(
        () -> {
          Thread.sleep(50);
          return running.get() == 0;
        });
    for (int i = 0; i < 4; i++) {
      pieces.add(
          () -> {
            running.incrementAndGet();
            both.await();
            return true;
          });
    }
    try (InOrder<Boolean> all = new InOrder<>(2, from(pieces))) {
      assertFalse(rest(all).contains(false));
    }
  }

  @Test
  void aResultDoesNotWaitForInputThatIsStillToCome() throws Exception {
    CountDownLatch answered = new CountDownLatch(1);
    AtomicInteger asked = new AtomicInteger();
    InOrder.Source<Integer> conversation =
        () -> {
          int number = asked.getAndIncrement();
          if (number == 1) {
            try {
              assertTrue(answered.await(10, TimeUnit.SECONDS));
            } catch (InterruptedException e) {
              throw new IOException(e);
            }
          }
          return number < 2 ? Optional.of(() -> number) : Optional.empty();
        };
    try (InOrder<Integer> all = new InOrder<>(2, conversation)) {
      assertEquals(0, all.next().orElseThrow());
      answered.countDown();
      assertEquals(List.of(1), rest(all));
    }
  }

  @Test
  void errorsComeInTheirPlace() throws Exception {
    List<Callable<Integer>> pieces = new ArrayList<>();
    pieces.add(() -> 0);
    pieces.add(
        () -> {
          throw new IllegalArgumentException("second");
        });
    try (InOrder<Integer> all = new InOrder<>(2, from(pieces))) {
      assertEquals(0, all.next().orElseThrow());
      assertEquals("second", assertThrows(IllegalArgumentException.class, all::next).getMessage());
    }
    try (InOrder<Integer> all =
        new InOrder<>(
            2,
            () -> {
              throw new IOException("unreadable");
            })) {
      assertEquals("unreadable", assertThrows(IOException.class, all::next).getMessage());
    }
    Callable<Integer> tooLarge =
        () -> {
          throw new OutOfMemoryError("a batch");
        };
    try (InOrder<Integer> all = new InOrder<>(2, from(List.of(tooLarge)))) {
      assertEquals("a batch", assertThrows(OutOfMemoryError.class, all::next).getMessage());
    }
    try (InOrder<Integer> all =
        new InOrder<>(
            2,
            () -> {
              throw new StackOverflowError("reading");
            })) {
      assertEquals("reading", assertThrows(StackOverflowError.class, all::next).getMessage());
    }
  }

  @Test
  void closingWaitsForWhatIsComputed() throws Exception {
    CountDownLatch begun = new CountDownLatch(1);
    AtomicInteger finished = new AtomicInteger();
    List<Callable<Integer>> pieces = new ArrayList<>();
    pieces.add(
        () -> {
          begun.countDown();
          Thread.sleep(100);
          return finished.incrementAndGet();
        });
    InOrder<Integer> all = new InOrder<>(2, from(pieces));
    begun.await();
    all.close();
    assertEquals(1, finished.get());
  }

  @Test
  void resultsThatNobodyTookAreClosed() throws Exception {
    List<AtomicInteger> closed = new ArrayList<>();
    List<Callable<AutoCloseable>> pieces = new ArrayList<>();
    CountDownLatch second = new CountDownLatch(2);
    for (int i = 0; i < 3; i++) {
      AtomicInteger count = new AtomicInteger();
      closed.add(count);
      pieces.add(
          () -> {
            second.countDown();
            return count::incrementAndGet;
          });
    }
    try (InOrder<AutoCloseable> all = new InOrder<>(1, from(pieces))) {
      AutoCloseable unused = all.next().orElseThrow();
      second.await();
    }
    assertEquals(0, closed.get(0).get());
    assertEquals(1, closed.get(1).get());
  }

  private static <R> InOrder.Source<R> from(List<Callable<R>> pieces) {
    AtomicInteger next = new AtomicInteger();
    return () -> {
      int number = next.getAndIncrement();
      return number < pieces.size() ? Optional.of(pieces.get(number)) : Optional.empty();
    };
  }

  private static <R> List<R> rest(InOrder<R> all) throws IOException {
    List<R> results = new ArrayList<>();
    for (Optional<R> next = all.next(); next.isPresent(); next = all.next()) {
      results.add(next.get());
    }
    return results;
  }
}
