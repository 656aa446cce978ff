package org.blip4j.training.run;

import com.google.common.base.Throwables;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.blip4j.graph.task.TaskBatch;
import org.blip4j.ops.core.GraphContext;
import org.blip4j.ops.core.Variable;
import org.blip4j.training.config.Cluster;
import org.tensorflow.Graph;
import org.tensorflow.Operand;
import org.tensorflow.Operation;
import org.tensorflow.Result;
import org.tensorflow.ServerSession;
import org.tensorflow.Session;
import org.tensorflow.exceptions.TensorFlowException;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.ndarray.buffer.DataBuffers;
import org.tensorflow.op.Ops;
import org.tensorflow.proto.ConfigProto;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TInt32;
import org.tensorflow.types.TInt64;

/**
 * This process among those of its {@link Cluster}: its server, and what all of them tell each other
 * beside the steps. A process on its own has an ordinary session and hears itself alone.
 *
 * <p>After a failed exchange TensorFlow refuses every further one until all processes have been
 * started again: so whatever fails here ends the run, and nothing is written any more.
 *
 * <p>To be used by one thread: all processes must exchange in one order.
 */
final class Peers {
  /** How long the others may take to start. */
  private static final Duration PATIENCE = Duration.ofMinutes(10);

  /** How often the first process is heard of while it works and the others wait. */
  private static final Duration PULSE = Duration.ofSeconds(5);

  private final Cluster cluster;
  private final Operand<TFloat32> said;
  private final Operand<TFloat32> heard;
  private final Operand<TInt64> own;
  private final Operand<TInt64> all;
  private Session session;

  /**
   * What processes tell each other before a step.
   *
   * @param stopping of how many the user asks to stop
   * @param replaced images of the step's batch that could not be decoded
   * @param busy how many do what the others wait for
   */
  record Word(int stopping, int replaced, int busy) {
    private static final int SIZE = 3;
    private static final Word NOTHING = new Word(0, 0, 0);
    private static final Word BUSY = new Word(0, 0, 1);
  }

  /** What one process does while the others wait. */
  @FunctionalInterface
  interface Work {
    void run() throws IOException;
  }

  /**
   * Adds operations.
   *
   * @param outer a context at the root of the graph
   * @param compared variables that have to be equal
   */
  Peers(GraphContext outer, Replicas replicas, List<Variable<?>> compared) {
    this.cluster = replicas.cluster();
    if (cluster.alone()) {
      this.said = null;
      this.heard = null;
      this.own = null;
      this.all = null;
      return;
    }
    GraphContext ctx = outer.in("peers");
    this.said = TaskBatch.input(ctx, "said", TFloat32.class, Shape.of(Word.SIZE));
    this.heard = replicas.sum(ctx, said);
    this.own = TaskBatch.input(ctx, "own", TInt64.class, Shape.of(1, 2));
    this.all = replicas.gather(ctx, ctx.concat(1, own, checksum(ctx, compared))); // [N, 3]
  }

  /**
   * A number {@code [1, 1]} of the bits of all values. They are added as they lie: numbers of
   * another type would take as much memory again.
   */
  private static Operand<TInt64> checksum(GraphContext ctx, List<Variable<?>> variables) {
    Ops tf = ctx.tf();
    List<Operand<TInt64>> sums = new ArrayList<>();
    for (Variable<?> variable : variables) {
      Operand<TInt32> bits = ctx.flat(tf.bitcast(variable.value(), TInt32.class));
      Operand<TInt64> sum = tf.dtypes.cast(ctx.sum(bits, 0), TInt64.class);
      sums.add(tf.math.mul(sum, tf.constant(2L * sums.size() + 1)));
    }
    return ctx.reshape(tf.math.addN(sums), 1, 1);
  }

  /** Everything that is ever run, for audits. */
  List<Operation> targets() {
    return cluster.alone() ? List.of() : List.of(heard.op(), all.op());
  }

  /**
   * A session; among others, on a server of this process, which TensorFlow cannot end before the
   * process itself ends.
   */
  Session open(Graph graph, ConfigProto config) {
    if (cluster.alone()) {
      session = new Session(graph, config);
      return session;
    }
    try {
      session = ServerSession.open(graph, cluster.addresses(), cluster.task(), config);
      return session;
    } catch (TensorFlowException e) {
      throw new IllegalArgumentException(
          "%s cannot listen on its port (%s); is another program using it?"
              .formatted(cluster.name(cluster.task()), line(e)),
          e);
    }
  }

  /**
   * Waits until all others listen.
   *
   * @throws IOException naming one that does not
   */
  void await(Consumer<String> notes) throws IOException {
    new PeerPorts(cluster).await(PATIENCE, notes);
  }

  /**
   * Makes sure that all compute the same run from the same values.
   *
   * @param run a number of the run's configuration and data
   * @param step steps taken
   * @throws IOException naming one that differs from the first
   */
  void greet(long run, long step) throws IOException {
    if (cluster.alone()) {
      return;
    }
    long[] found = new long[3 * cluster.size()];
    exchange(
        () -> {
          try (TInt64 fed = TInt64.tensorOf(Shape.of(1, 2), DataBuffers.of(run, step));
              Result result = session.runner().feed(own, fed).fetch(all).run()) {
            ((TInt64) result.get(0)).asRawTensor().data().asLongs().read(found);
            return found;
          }
        });
    for (int rank = 1; rank < cluster.size(); rank++) {
      String what =
          found[3 * rank] != found[0]
              ? "another configuration, other data or another init or precision"
              : found[3 * rank + 1] != found[1]
                  ? "another checkpoint (step %d, not %d)".formatted(found[3 * rank + 1], found[1])
                  : found[3 * rank + 2] != found[2] ? "other values of its weights" : "";
      if (!what.isEmpty()) {
        throw new IllegalArgumentException(
            "%s has %s than %s; start all with the same command, files and kind of machine"
                .formatted(cluster.name(cluster.order().get(rank)), what, cluster.name(0)));
      }
    }
  }

  /** Tells the others and hears the sum of all words. */
  Word tell(Word word) throws IOException {
    if (cluster.alone()) {
      return word;
    }
    return exchange(
        () -> {
          float[] sums = {word.stopping(), word.replaced(), word.busy()};
          try (TFloat32 fed = TFloat32.vectorOf(sums);
              Result result = session.runner().feed(said, fed).fetch(heard).run()) {
            ((TFloat32) result.get(0)).asRawTensor().data().asFloats().read(sums);
            return new Word((int) sums[0], (int) sums[1], (int) sums[2]);
          }
        });
  }

  /**
   * Has the first process work and the others wait until it is done, however long that takes: it is
   * heard of meanwhile, so that its loss is noticed, and that of another.
   */
  void byTheFirst(Work work) throws IOException {
    if (cluster.alone()) {
      work.run();
      return;
    }
    if (!cluster.chief()) {
      int busy;
      do {
        busy = tell(Word.NOTHING).busy(); // which comes when the first process sends it
      } while (busy > 0);
      return;
    }
    FutureTask<Void> task =
        new FutureTask<>(
            () -> {
              work.run();
              return null;
            });
    Thread thread = new Thread(task, "blip-first");
    thread.setDaemon(true);
    thread.start();
    while (!isDone(task)) {
      tell(Word.BUSY);
    }
    tell(Word.NOTHING);
  }

  /** Waits a while; whether the work is done, and well. */
  private static boolean isDone(FutureTask<Void> task) throws IOException {
    try {
      task.get(PULSE.toMillis(), TimeUnit.MILLISECONDS);
      return true;
    } catch (TimeoutException e) {
      return false;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted", e);
    } catch (ExecutionException e) {
      Throwables.throwIfInstanceOf(e.getCause(), IOException.class);
      Throwables.throwIfUnchecked(e.getCause());
      throw new IllegalStateException(e.getCause());
    }
  }

  /** Waits for the others at the end: what a process sent must have been read before it leaves. */
  void part() {
    try {
      tell(Word.NOTHING);
    } catch (IOException e) {
      return; // all have finished what came before, or this one would not be here
    }
  }

  /**
   * Runs what exchanges values with the others.
   *
   * @throws Trainer.PeerLostException if that fails, naming who was lost
   */
  <T> T exchange(Supplier<T> run) throws IOException {
    try {
      return run.get();
    } catch (RuntimeException e) { // TensorFlow's have no common class
      if (cluster.alone()) {
        throw e;
      }
      throw new Trainer.PeerLostException(
          "%s (%s); nothing was written since; start all tasks again, they go on from the last checkpoint"
              .formatted(new PeerPorts(cluster).lost(e), line(e)),
          e);
    }
  }

  private static String line(RuntimeException e) {
    return String.valueOf(e.getMessage()).lines().findFirst().orElse("");
  }
}
