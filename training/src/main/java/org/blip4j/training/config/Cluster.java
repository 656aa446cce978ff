package org.blip4j.training.config;

import com.google.common.base.Splitter;
import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableSet;
import com.google.common.net.HostAndPort;
import java.util.Comparator;
import java.util.stream.IntStream;
import org.tensorflow.ServerSession;

/**
 * The processes that train together, and which of them this one is.
 *
 * <pre>{@code
 * RunInputs shared = inputs.among(Cluster.of("node1:2222,node2:2222", 0)); // on node1
 * }</pre>
 *
 * @param addresses {@code HOST:PORT} of each task, written alike on all of them; empty for a
 *     process on its own
 * @param task place of this process in the list
 */
public record Cluster(ImmutableList<String> addresses, int task) {
  /** A process on its own. */
  public static final Cluster ALONE = new Cluster(ImmutableList.of(), 0);

  /** Checks addresses and task. */
  public Cluster {
    addresses.forEach(Cluster::requireAddress);
    if (addresses.size() == 1 || ImmutableSet.copyOf(addresses).size() < addresses.size()) {
      throw new IllegalArgumentException(
          "the cluster %s needs two tasks or more, each with an address of its own"
              .formatted(String.join(",", addresses)));
    }
    if (task < 0 || task >= Math.max(1, addresses.size())) {
      throw new IllegalArgumentException(
          "task %d is none of the cluster, whose tasks are 0 to %d"
              .formatted(task, addresses.size() - 1));
    }
  }

  /**
   * A task of a cluster.
   *
   * @param addresses {@code HOST:PORT,HOST:PORT}
   * @throws IllegalArgumentException naming what is wrong
   */
  public static Cluster of(String addresses, int task) {
    return new Cluster(ImmutableList.copyOf(Splitter.on(',').split(addresses)), task);
  }

  private static void requireAddress(String address) {
    boolean right;
    try {
      HostAndPort parsed = HostAndPort.fromString(address).requireBracketsForIPv6();
      right = parsed.hasPort() && parsed.getPort() > 0 && !parsed.getHost().isEmpty();
    } catch (IllegalArgumentException e) {
      right = false;
    }
    if (!right) {
      throw new IllegalArgumentException(
          "\"%s\" is no address of a task; use HOST:PORT such as node1:2222".formatted(address));
    }
  }

  /** Number of processes. */
  public int size() {
    return Math.max(1, addresses.size());
  }

  /** Whether there is no other process. */
  public boolean alone() {
    return addresses.isEmpty();
  }

  /** Whether this process writes the run folder. */
  public boolean chief() {
    return task == 0;
  }

  /** Which share of the rows of a batch this process has. */
  public int rank() {
    return order().indexOf(task);
  }

  /**
   * Tasks in the order in which TensorFlow puts the rows that it gathers: that of the names of
   * their devices as text, in which task 10 comes before task 2.
   */
  public ImmutableList<Integer> order() {
    return IntStream.range(0, size())
        .boxed()
        .sorted(Comparator.comparing(which -> ServerSession.task(which) + "/device:CPU:0"))
        .collect(ImmutableList.toImmutableList());
  }

  /** A task and where it is, for people. */
  public String name(int which) {
    return "task %d (%s)".formatted(which, addresses.get(which));
  }

  /** Tasks on the host of this one, itself counted: they share its memory. */
  public int here() {
    return alone()
        ? 1
        : (int) addresses.stream().filter(other -> host(other).equals(host())).count();
  }

  private String host() {
    return host(addresses.get(task));
  }

  private static String host(String address) {
    return HostAndPort.fromString(address).getHost();
  }
}
