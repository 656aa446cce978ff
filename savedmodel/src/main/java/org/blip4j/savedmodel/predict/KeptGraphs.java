package org.blip4j.savedmodel.predict;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.function.Function;
import org.blip4j.savedmodel.signature.ServingSettings;

/**
 * Graphs of settings other than the model's own: each is built by a thread of their own when it is
 * first used, and those that were used last are kept.
 *
 * <p>Nobody waits for another one's call: a graph that is not kept is let go when the last call
 * that uses it has ended, and one that nobody waits for any more is not built.
 */
final class KeptGraphs implements AutoCloseable {
  /** Builds a graph. */
  @FunctionalInterface
  interface Builder {
    /** What runs a graph of some settings, and does something more when it is let go. */
    SignatureRunner build(ServingSettings settings, Runnable released);
  }

  /** A graph, built or not yet, with how many calls use it. */
  private static final class Graph {
    private final ServingSettings settings;
    private final CompletableFuture<SignatureRunner> built = new CompletableFuture<>();
    private int users;
    private boolean dropped;

    Graph(ServingSettings settings) {
      this.settings = settings;
    }
  }

  private final int most;
  private final ExecutorService threads;
  private final Builder builder;
  private final Map<ServingSettings, Graph> kept = new LinkedHashMap<>(16, 0.75f, true);
  private final Set<Graph> alive = ConcurrentHashMap.newKeySet();
  private boolean closed;

  /**
   * None yet.
   *
   * @param most that are kept
   * @param threads build them
   */
  KeptGraphs(int most, ExecutorService threads, Builder builder) {
    this.most = most;
    this.threads = threads;
    this.builder = builder;
  }

  /**
   * Makes a call with the graph of some settings.
   *
   * @throws java.util.concurrent.CancellationException if {@code watch} ends the call before the
   *     graph is built
   * @throws IllegalStateException after {@link #close}
   */
  <R> R call(ServingSettings settings, CallControl.Watch watch, Function<SignatureRunner, R> work) {
    Graph graph = borrow(settings);
    try {
      return work.apply(watch.await(limit -> graph.built.copy(), 0));
    } finally {
      giveBack(graph);
    }
  }

  /** How many are kept. */
  int size() {
    synchronized (kept) {
      return kept.size();
    }
  }

  private Graph borrow(ServingSettings settings) {
    synchronized (kept) {
      if (closed) {
        throw new IllegalStateException("this predictor was closed; open the model again");
      }
      Graph graph = kept.computeIfAbsent(settings, this::begun);
      graph.users++;
      if (kept.size() > most) {
        Graph eldest = kept.values().iterator().next();
        kept.remove(eldest.settings);
        eldest.dropped = true;
        letGoIfUnused(eldest);
      }
      return graph;
    }
  }

  private Graph begun(ServingSettings settings) {
    Graph graph = new Graph(settings);
    alive.add(graph);
    threads.execute(() -> build(graph));
    return graph;
  }

  private void build(Graph graph) {
    synchronized (kept) {
      if (graph.dropped && graph.users == 0) {
        fail(graph, new IllegalStateException("nobody waits for this graph any more"));
        return;
      }
    }
    try {
      graph.built.complete(builder.build(graph.settings, () -> alive.remove(graph)));
    } catch (Throwable e) {
      fail(graph, e);
    }
  }

  private void fail(Graph graph, Throwable why) {
    synchronized (kept) {
      kept.remove(graph.settings, graph);
    }
    alive.remove(graph);
    graph.built.completeExceptionally(why);
  }

  private void giveBack(Graph graph) {
    synchronized (kept) {
      graph.users--;
      letGoIfUnused(graph);
    }
  }

  private void letGoIfUnused(Graph graph) {
    if (graph.dropped && graph.users == 0) {
      CompletableFuture<Void> unused =
          graph.built.thenAcceptAsync(SignatureRunner::closeWhenIdle, threads);
    }
  }

  /** Waits for all calls and builds that run, and lets all graphs go. */
  @Override
  public void close() {
    synchronized (kept) {
      closed = true;
      kept.values().forEach(graph -> graph.dropped = true);
      kept.clear();
    }
    for (Graph graph : alive) {
      graph.built.thenAccept(SignatureRunner::close).exceptionally(failed -> null).join();
    }
    threads.shutdown();
  }
}
