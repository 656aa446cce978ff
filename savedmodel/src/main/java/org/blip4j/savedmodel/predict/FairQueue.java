package org.blip4j.savedmodel.predict;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BiConsumer;

/**
 * Waiting rows, of which each client has one taken in turn. Not safe for several threads.
 *
 * @param <I> a row of inputs
 * @param <O> a row of outputs
 */
final class FairQueue<I, O> {
  /** The rows of one call. */
  static final class Task<O> {
    private final Object client;
    private final CompletableFuture<List<O>> future = new CompletableFuture<>();
    private final List<O> outputs;
    private final AtomicInteger missing; // its last change shows all outputs
    private volatile boolean started; // read without the lock

    Task(Object client, int rows) {
      this.client = client;
      this.outputs = new ArrayList<>(Collections.nCopies(rows, null));
      this.missing = new AtomicInteger(rows);
    }

    CompletableFuture<List<O>> future() {
      return future;
    }

    /** Fails the task if it is not done yet. */
    void late(Duration limit) {
      refuse(
          started
              ? BatchRejectedException.Reason.LATE_WHILE_RUNNING
              : BatchRejectedException.Reason.LATE_IN_QUEUE,
          "not done within " + limit.toMillis() + " ms");
    }

    void refuse(BatchRejectedException.Reason reason, String message) {
      future.completeExceptionally(new BatchRejectedException(reason, message));
    }
  }

  /**
   * One row of a task.
   *
   * @param since when it came, in nanoseconds
   */
  record Row<I, O>(Task<O> task, int index, I input, long since) {
    /** Keeps an output; the last one ends the task. Safe for several threads. */
    void done(O output) {
      task.outputs.set(index, output);
      if (task.missing.decrementAndGet() == 0) {
        task.future.complete(task.outputs);
      }
    }
  }

  /** By client; the one whose turn is next is first. */
  private final Map<Object, ArrayDeque<Row<I, O>>> queues = new LinkedHashMap<>();

  private int size;

  /** Rows. */
  int size() {
    return size;
  }

  void add(Task<O> task, List<I> inputs, long now) {
    ArrayDeque<Row<I, O>> queue = queues.computeIfAbsent(task.client, client -> new ArrayDeque<>());
    for (int i = 0; i < inputs.size(); i++) {
      queue.add(new Row<>(task, i, inputs.get(i), now));
    }
    size += inputs.size();
  }

  /** When the row came that has waited longest; only if there is one. */
  long oldest() {
    return queues.values().stream().mapToLong(queue -> queue.element().since()).min().orElseThrow();
  }

  List<Row<I, O>> take(int most) {
    List<Row<I, O>> rows = new ArrayList<>(Math.min(most, size));
    while (size > 0 && rows.size() < most) {
      Object client = queues.keySet().iterator().next();
      ArrayDeque<Row<I, O>> queue = queues.remove(client);
      Row<I, O> row = queue.remove();
      size--;
      row.task().started = true;
      rows.add(row);
      if (!queue.isEmpty()) {
        queues.put(client, queue);
      }
    }
    return rows;
  }

  /** Takes back what waits of a task. */
  void remove(Task<O> task) {
    ArrayDeque<Row<I, O>> queue = queues.get(task.client);
    if (queue != null) {
      size -= queue.size();
      queue.removeIf(row -> row.task() == task);
      size += queue.size();
      if (queue.isEmpty()) {
        queues.remove(task.client);
      }
    }
  }

  static void fail(List<? extends Row<?, ?>> rows, Throwable why) {
    for (Row<?, ?> row : rows) {
      boolean unused = row.task().future.completeExceptionally(why);
    }
  }

  /** The output of a task of one row; cancelling it takes the row back. */
  static <O> CompletableFuture<O> only(CompletableFuture<List<O>> task) {
    CompletableFuture<O> one = new CompletableFuture<>();
    whenDone(
        task,
        (outputs, failure) -> {
          if (failure == null) {
            one.complete(outputs.get(0));
          } else {
            one.completeExceptionally(failure);
          }
        });
    whenDone(one, (output, failure) -> task.cancel(false)); // of no effect on a finished task
    return one;
  }

  static <T> void whenDone(CompletableFuture<T> future, BiConsumer<T, Throwable> action) {
    CompletableFuture<T> unused = future.whenComplete(action);
  }
}
