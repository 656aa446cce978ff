package org.blip4j.tools.serve;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import org.blip4j.savedmodel.testing.TinyModel;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * Many clients for some minutes with different pictures: no error, a multiple of one client's
 * throughput, and memory that does not grow. {@code BLIP_LOAD_SECONDS} makes it shorter or longer.
 */
@Tag("slow")
class ServerLoadTest {
  private static final int CLIENTS = 32;
  private static final int PICTURES = 512;

  /** What a number of clients saw. */
  private record Figures(int clients, long calls, double seconds, double p50, double p99) {
    double perSecond() {
      return calls / seconds;
    }
  }

  private final List<HttpRequest.BodyPublisher> bodies =
      IntStream.range(0, PICTURES)
          .mapToObj(i -> Base64.getEncoder().encodeToString(TinyModel.image(i, "png")))
          .map(text -> "{\"instances\":[{\"b64\":\"" + text + "\"}]}")
          .map(HttpRequest.BodyPublishers::ofString)
          .toList();

  @Test
  void manyClientsAreServedInBatches() throws Exception {
    String given = System.getenv("BLIP_LOAD_SECONDS");
    double seconds = given == null ? 180 : Double.parseDouble(given);
    try (HttpServer http =
        HttpServer.start(
            TinyServer.get(),
            HttpServer.Settings.of("127.0.0.1", 0, TinyServer.MOST),
            TinyServer.WORKERS)) {
      URI uri = URI.create("http://127.0.0.1:" + http.port() + "/v1/models/caption:predict");
      Figures warm = load(uri, CLIENTS, 5);
      Figures one = load(uri, 1, seconds / 6);
      long before = resident();
      Figures many = load(uri, CLIENTS, seconds / 2);
      long half = resident();
      Figures again = load(uri, CLIENTS, seconds / 2);
      long end = resident();
      System.out.printf(
          "%s%n%s%n%s%n%s%n%.2f times; resident %d, %d, %d MB%n",
          warm, one, many, again, again.perSecond() / one.perSecond(), before, half, end);
      assertTrue(many.perSecond() >= 4 * one.perSecond(), many + " against " + one);
      assertTrue(end <= half * 1.02 + 8, end + " MB after " + half);
    }
  }

  private Figures load(URI uri, int clients, double seconds) throws Exception {
    ExecutorService threads = Executors.newFixedThreadPool(clients);
    long start = System.nanoTime();
    List<Callable<List<Double>>> all =
        IntStream.range(0, clients)
            .mapToObj(
                client ->
                    (Callable<List<Double>>)
                        () -> client(uri, client, start + (long) (seconds * 1e9)))
            .toList();
    List<Double> times = new ArrayList<>();
    for (Future<List<Double>> client : threads.invokeAll(all)) {
      times.addAll(client.get());
    }
    double took = (System.nanoTime() - start) / 1e9;
    threads.shutdown();
    times.sort(null);
    return new Figures(
        clients,
        times.size(),
        took,
        times.get(times.size() / 2),
        times.get((int) (times.size() * 0.99)));
  }

  private List<Double> client(URI uri, int client, long end)
      throws IOException, InterruptedException {
    HttpClient http = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
    List<Double> times = new ArrayList<>();
    for (int i = client * 7; System.nanoTime() < end; i++) {
      long start = System.nanoTime();
      HttpRequest request =
          HttpRequest.newBuilder(uri)
              .timeout(Duration.ofMinutes(1))
              .POST(bodies.get(i % PICTURES))
              .build();
      HttpResponse<String> answer = http.send(request, HttpResponse.BodyHandlers.ofString());
      times.add((System.nanoTime() - start) / 1e9);
      assertEquals(200, answer.statusCode(), answer.body());
    }
    return times;
  }

  /** In MB, of this process with server and clients. */
  private static long resident() throws IOException {
    System.gc();
    return Files.readAllLines(Path.of("/proc/self/status")).stream()
        .filter(line -> line.startsWith("VmRSS"))
        .mapToLong(line -> Long.parseLong(line.replaceAll("[^0-9]", "")) / 1024)
        .sum();
  }
}
