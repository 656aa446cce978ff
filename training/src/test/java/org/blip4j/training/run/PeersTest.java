package org.blip4j.training.run;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.common.collect.ImmutableList;
import java.io.IOException;
import java.net.ServerSocket;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.blip4j.ops.core.GraphContext;
import org.blip4j.ops.core.Mode;
import org.blip4j.ops.core.Variable;
import org.blip4j.training.config.Cluster;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.tensorflow.Graph;
import org.tensorflow.Operand;
import org.tensorflow.Operation;
import org.tensorflow.Result;
import org.tensorflow.Session;
import org.tensorflow.Tensor;
import org.tensorflow.exceptions.TensorFlowException;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.proto.ConfigProto;
import org.tensorflow.proto.DataType;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TInt64;

/** Tasks of a cluster in one process: a server, a graph and a thread each. */
final class PeersTest {
  private static final ConfigProto PLAIN =
      ConfigProto.newBuilder()
          .putDeviceCount("GPU", 0)
          .setIntraOpParallelismThreads(1)
          .setInterOpParallelismThreads(2)
          .build();

  /** What each task does. */
  interface Part<T> {
    T of(Cluster cluster) throws Exception;
  }

  /** Runs all tasks of a cluster on free ports, and returns what each found. */
  static <T> List<T> together(int tasks, Part<T> part) throws IOException, InterruptedException {
    ImmutableList<String> addresses = free(tasks);
    ExecutorService threads = Executors.newFixedThreadPool(tasks);
    try {
      List<Callable<T>> all = new ArrayList<>();
      for (int task = 0; task < tasks; task++) {
        Cluster cluster = new Cluster(addresses, task);
        all.add(() -> part.of(cluster));
      }
      List<T> found = new ArrayList<>();
      for (Future<T> one : threads.invokeAll(all, 120, TimeUnit.SECONDS)) {
        found.add(one.get());
      }
      return found;
    } catch (ExecutionException e) {
      throw new AssertionError("a task failed: " + e.getCause(), e);
    } finally {
      threads.shutdownNow();
    }
  }

  /** Addresses that nobody listens on. */
  static ImmutableList<String> free(int number) throws IOException {
    List<ServerSocket> sockets = new ArrayList<>();
    ImmutableList.Builder<String> addresses = ImmutableList.builder();
    for (int i = 0; i < number; i++) {
      sockets.add(new ServerSocket(0));
      addresses.add("127.0.0.1:" + sockets.get(i).getLocalPort());
    }
    for (ServerSocket socket : sockets) {
      socket.close();
    }
    return addresses.build();
  }

  /** What a task found: rows of all, and sums, as it has them. */
  private static final class Found {
    private final Cluster cluster;
    private final long[] rows;
    private final float[] sums;
    private final float[] means;

    Found(Cluster cluster, long[] rows, float[] sums, float[] means) {
      this.cluster = cluster;
      this.rows = rows;
      this.sums = sums;
      this.means = means;
    }
  }

  /** Of more than ten tasks the names are not in the order of the numbers. */
  @ParameterizedTest
  @ValueSource(ints = {2, 11})
  void rowsAreInTheOrderOfTheRanksAndSumsTheSameEverywhere(int tasks) throws Exception {
    List<Found> all = together(tasks, PeersTest::exchanged);
    for (Found found : all) {
      for (int row = 0; row < 2 * tasks; row++) {
        int rank = row / 2;
        assertEquals(10 * rank + row % 2, found.rows[2 * row]);
      }
      assertArrayEquals(all.get(0).sums, found.sums);
      assertArrayEquals(all.get(0).means, found.means);
    }
    float[] expected = new float[all.get(0).sums.length];
    for (int task = 0; task < tasks; task++) {
      float[] own = numbers(task);
      for (int i = 0; i < own.length; i++) {
        expected[i] += own[i];
      }
    }
    assertArrayEquals(expected, all.get(0).sums, 1e-4f);
    assertEquals(expected[0] / tasks, all.get(0).means[0], 1e-4f);
    assertEquals(tasks > 10 ? 10 : 1, all.get(0).cluster.order().get(tasks > 10 ? 2 : 1));
  }

  private static float[] numbers(int task) {
    float[] numbers = new float[1000];
    Random random = new Random(task);
    for (int i = 0; i < numbers.length; i++) {
      numbers[i] = random.nextFloat() - 0.5f;
    }
    return numbers;
  }

  private static Found exchanged(Cluster cluster) throws IOException {
    try (Graph graph = new Graph()) {
      GraphContext ctx = GraphContext.create(graph, Mode.TRAIN);
      Replicas replicas = new Replicas(cluster);
      Peers peers = new Peers(ctx, replicas, List.of(variable(ctx)));
      long own = 10L * cluster.rank();
      Operand<TInt64> rows =
          replicas.gather(ctx, ctx.tf().constant(new long[][] {{own, 0}, {own + 1, 0}}));
      assertEquals(Shape.of(2L * cluster.size(), 2), rows.shape());
      Operand<TFloat32> x = ctx.tf().constant(numbers(cluster.task()));
      Operand<TFloat32> sum = replicas.sum(ctx, x);
      Operand<TFloat32> mean = replicas.mean(ctx, x);
      try (Session session = peers.open(graph, PLAIN)) {
        peers.await(note -> {});
        try (Result result = session.runner().fetch(rows).fetch(sum).fetch(mean).run()) {
          long[] found = new long[4 * cluster.size()];
          ((TInt64) result.get(0)).asRawTensor().data().asLongs().read(found);
          peers.part();
          return new Found(cluster, found, floats(result.get(1)), floats(result.get(2)));
        }
      }
    }
  }

  private static float[] floats(Tensor tensor) {
    float[] values = new float[(int) tensor.size()];
    ((TFloat32) tensor).asRawTensor().data().asFloats().read(values);
    return values;
  }

  private static Variable<TFloat32> variable(GraphContext ctx) {
    return Variable.unlisted(
        ctx, new Variable.Spec("weight", Shape.of(2, 3), DataType.DT_FLOAT, true));
  }

  /** A graph with a variable, and what tasks tell each other. */
  private static <T> T inSession(Cluster cluster, float value, Talk<T> talk) throws Exception {
    try (Graph graph = new Graph()) {
      GraphContext ctx = GraphContext.create(graph, Mode.TRAIN);
      Variable<TFloat32> variable = variable(ctx);
      Operation assign =
          variable.assign(ctx, ctx.tf().fill(ctx.tf().array(2, 3), ctx.tf().constant(value)));
      Peers peers = new Peers(ctx, new Replicas(cluster), List.of(variable));
      try (Session session = peers.open(graph, PLAIN)) {
        session.runner().addTarget(assign).run().close();
        peers.await(note -> {});
        return talk.with(peers);
      }
    }
  }

  private interface Talk<T> {
    T with(Peers peers) throws Exception;
  }

  @Test
  void oneThatDiffersIsNamedByAll() throws Exception {
    assertDiffers("another configuration, other data", 1, 0, 0);
    assertDiffers("another checkpoint (step 1, not 0)", 0, 1, 0);
    assertDiffers("other values of its weights", 0, 0, 1e-30f);
  }

  private static void assertDiffers(String what, long run, long step, float weight)
      throws IOException, InterruptedException {
    List<String> messages =
        together(
            2,
            cluster ->
                inSession(
                    cluster,
                    cluster.task() * weight,
                    peers ->
                        assertThrows(
                                IllegalArgumentException.class,
                                () -> peers.greet(cluster.task() * run, cluster.task() * step))
                            .getMessage()));
    for (String message : messages) {
      assertTrue(message.startsWith("task 1 (127.0.0.1:"), message);
      assertTrue(message.contains(") has " + what), message);
    }
  }

  @Test
  void theOthersWaitForTheFirstAndAllHearWhoStops() throws Exception {
    AtomicBoolean done = new AtomicBoolean();
    List<Peers.Word> heard =
        together(
            3,
            cluster ->
                inSession(
                    cluster,
                    5,
                    peers -> {
                      peers.greet(7, 4);
                      peers.byTheFirst(
                          () -> {
                            assertEquals(0, cluster.task());
                            done.set(true);
                          });
                      assertTrue(done.get());
                      int task = cluster.task();
                      Peers.Word word = peers.tell(new Peers.Word(task == 1 ? 1 : 0, task, 0));
                      peers.part();
                      return word;
                    }));
    for (Peers.Word word : heard) {
      assertEquals(new Peers.Word(1, 3, 0), word);
    }
  }

  @Test
  void aProcessOnItsOwnHearsItselfAlone() throws Exception {
    Peers.Word word = new Peers.Word(1, 2, 0);
    try (Graph graph = new Graph()) {
      Peers peers =
          new Peers(GraphContext.create(graph, Mode.TRAIN), new Replicas(Cluster.ALONE), List.of());
      assertEquals(List.of(), peers.targets());
      try (Session session = peers.open(graph, PLAIN)) {
        assertNotNull(session);
        peers.await(note -> {});
        peers.greet(1, 2);
        assertEquals(word, peers.tell(word));
        assertThrows(
            IOException.class,
            () ->
                peers.byTheFirst(
                    () -> {
                      throw new IOException("disk full");
                    }));
        peers.part();
      }
    }
  }

  @Test
  void whoDoesNotAnswerIsNamed() throws IOException {
    ImmutableList<String> addresses = free(3);
    List<String> notes = new ArrayList<>();
    try (ServerSocket second = new ServerSocket(port(addresses.get(1)))) {
      assertTrue(second.isBound());
      PeerPorts ports = new PeerPorts(new Cluster(addresses, 0));
      String message =
          assertThrows(
                  Trainer.PeerLostException.class,
                  () -> ports.await(Duration.ofMillis(300), notes::add))
              .getMessage();
      assertTrue(message.startsWith("task 2 (" + addresses.get(2) + ") does not answer"), message);
      assertEquals(List.of("waiting for task 2 (" + addresses.get(2) + ")"), notes);
      assertEquals(
          "task 2 (%s) was lost".formatted(addresses.get(2)),
          ports.lost(new TensorFlowException("/job:worker/replica:0/task:1: Socket closed")));
    }
  }

  private static int port(String address) {
    return Integer.parseInt(address.replaceAll(".*:", ""));
  }

  @Test
  void aClusterIsCheckedWhereItIsNamed() {
    assertRefused("\"node1\" is no address of a task; use HOST:PORT", "node1,node2:1", 0);
    assertRefused("\"node1:0\" is no address", "node1:0,node2:1", 0);
    assertRefused("\"\" is no address", "node1:1,", 0);
    assertRefused("needs two tasks or more", "node1:1", 0);
    assertRefused("each with an address of its own", "node1:1,node1:1", 0);
    assertRefused("task 2 is none of the cluster, whose tasks are 0 to 1", "a:1,b:1", 2);
    assertRefused("task -1 is none", "a:1,b:1", -1);
    assertEquals(2, Cluster.of("a:1,b:1,a:2", 2).here());
    assertEquals(1, Cluster.ALONE.size());
  }

  private static void assertRefused(String why, String addresses, int task) {
    String message =
        assertThrows(IllegalArgumentException.class, () -> Cluster.of(addresses, task))
            .getMessage();
    assertTrue(message.contains(why), message);
  }
}
