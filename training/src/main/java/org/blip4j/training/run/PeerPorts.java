package org.blip4j.training.run;

import com.google.common.net.HostAndPort;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.regex.Pattern;
import org.blip4j.training.config.Cluster;

/**
 * Which tasks of a cluster can be reached: asked by plain sockets, since TensorFlow would wait for
 * the first task without end, and does not always say which one was lost.
 */
record PeerPorts(Cluster cluster) {
  private static final int CONNECT_MILLIS = 1000;
  private static final int PAUSE_MILLIS = 100;
  private static final Pattern NAMED = Pattern.compile("/task:(\\d+)");

  /**
   * Waits until all others listen.
   *
   * @param notes told whom it waits for
   * @throws IOException naming one that does not
   */
  void await(Duration patience, Consumer<String> notes) throws IOException {
    long begun = System.nanoTime();
    for (int task = 0; task < cluster.addresses().size(); task++) {
      boolean told = false;
      while (!answers(task)) {
        if (!told) {
          notes.accept("waiting for " + cluster.name(task));
          told = true;
        }
        if (System.nanoTime() - begun > patience.toNanos()) {
          throw new Trainer.PeerLostException(
              "%s does not answer after %d s; start it, and this one again"
                  .formatted(cluster.name(task), patience.toSeconds()));
        }
        pause();
      }
    }
  }

  /** Says who was lost when an exchange failed, as far as that can be found out. */
  String lost(RuntimeException failure) {
    Optional<Integer> lost =
        NAMED
            .matcher(String.valueOf(failure.getMessage()))
            .results()
            .map(match -> Integer.valueOf(match.group(1)))
            .filter(task -> task < cluster.size() && !answers(task))
            .findFirst();
    for (int task = 0; task < cluster.size() && lost.isEmpty(); task++) {
      lost = answers(task) ? Optional.empty() : Optional.of(task);
    }
    return lost.map(task -> cluster.name(task) + " was lost")
        .orElse("the exchange with the other tasks failed");
  }

  private boolean answers(int task) {
    if (task == cluster.task()) {
      return true;
    }
    HostAndPort address = HostAndPort.fromString(cluster.addresses().get(task));
    try (Socket socket = new Socket()) {
      socket.connect(new InetSocketAddress(address.getHost(), address.getPort()), CONNECT_MILLIS);
      return true;
    } catch (IOException e) {
      return false;
    }
  }

  private static void pause() throws IOException {
    try {
      TimeUnit.MILLISECONDS.sleep(PAUSE_MILLIS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted while waiting for other processes", e);
    }
  }
}
