package org.blip4j.tools.serve;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.zip.GZIPOutputStream;
import org.blip4j.savedmodel.testing.TinyModel;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Clients that mean no good: each gets a clear status or is closed, while a neighbour is answered,
 * and the server lives. {@code -Dblip.attacks=N} sets how many come at once, 600 at most: 300
 * stalled bodies.
 */
class ServerAttackTest {
  private static final int ATTACKS = Math.min(600, Integer.getInteger("blip.attacks", 40));
  private static final int MOST = TinyServer.MOST;
  private static final HttpClient CLIENT = HttpClient.newHttpClient();
  private static final String POST =
      "POST /v1/models/caption:predict HTTP/1.1\r\nHost: localhost\r\n";

  /** How long an attacker waits for the server to close, in milliseconds. */
  private static final int PATIENCE = 8_000;

  private static final ExecutorService DRIPPING = Executors.newCachedThreadPool();

  private static HttpServer http;

  @BeforeAll
  static void start() throws IOException {
    http =
        HttpServer.start(
            TinyServer.get(),
            new HttpServer.Settings(
                "127.0.0.1", 0, 4L * MOST, Duration.ofSeconds(1), MOST / 4, 2 * ATTACKS + 64),
            TinyServer.WORKERS);
  }

  @AfterAll
  static void stop() {
    http.close();
    DRIPPING.shutdownNow();
  }

  @AfterEach
  void aNeighbourIsAnswered() throws Exception {
    assertGood();
  }

  private static void assertGood() throws IOException, InterruptedException {
    HttpResponse<String> answer = call(http, "{\"instances\":[" + picture() + "]}");
    assertEquals(200, answer.statusCode(), answer.body());
  }

  private static HttpResponse<String> call(HttpServer server, String body)
      throws IOException, InterruptedException {
    return CLIENT.send(request(server, body), HttpResponse.BodyHandlers.ofString());
  }

  private static HttpRequest request(HttpServer server, String body) {
    return HttpRequest.newBuilder(
            URI.create("http://127.0.0.1:%d/v1/models/caption:predict".formatted(server.port())))
        .timeout(Duration.ofSeconds(30))
        .POST(HttpRequest.BodyPublishers.ofString(body))
        .build();
  }

  private static String picture() {
    return "{\"b64\":\"" + Base64.getEncoder().encodeToString(TinyModel.image(1, "png")) + "\"}";
  }

  private static Socket open(byte[] text) throws IOException {
    Socket socket = new Socket(InetAddress.getLoopbackAddress(), http.port());
    socket.setSoTimeout(PATIENCE);
    socket.getOutputStream().write(text);
    socket.getOutputStream().flush();
    return socket;
  }

  private static Socket open(String text) throws IOException {
    return open(text.getBytes(ISO_8859_1));
  }

  /** All that comes until the server closes. */
  private static String rest(Socket socket) throws IOException {
    try (socket) {
      return new String(socket.getInputStream().readAllBytes(), ISO_8859_1);
    }
  }

  private static String raw(String text) throws IOException {
    return rest(open(text));
  }

  /** Sends a byte ten times a second until the server closes; returns what it said. */
  private static String drip(Dripping dripping) {
    ByteArrayOutputStream said = new ByteArrayOutputStream();
    try (Socket socket = open(dripping.begin())) {
      socket.setSoTimeout(100);
      long end = System.nanoTime() + PATIENCE * 1_000_000L;
      for (int i = 0; System.nanoTime() < end; i++) {
        try {
          int c = socket.getInputStream().read();
          if (c < 0) {
            return said.toString(ISO_8859_1);
          }
          said.write(c);
        } catch (SocketTimeoutException e) {
          String drop = dripping.drop();
          socket.getOutputStream().write(drop.charAt(i % drop.length()));
        }
      }
    } catch (IOException e) {
      return said.toString(ISO_8859_1); // reset, or a broken pipe
    }
    throw new AssertionError("open after " + PATIENCE + " ms; it said " + said);
  }

  /** A client that goes on byte by byte, and how its answer begins if it gets one. */
  private record Dripping(String begin, String drop, String answer) {}

  @Test
  void whoeverDripsIsClosed() {
    String length = " HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99\r\n\r\n";
    String chunks = " HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n";
    List<Dripping> all =
        List.of(
            new Dripping(POST + "X-Long: ", "a", ""),
            new Dripping("POST /v1/models/caption:predict" + length, "a", ""),
            new Dripping("POST /v1/models/caption:predict" + chunks, "1\r\nx\r\n", ""),
            new Dripping("GET /v1/models/caption" + length, "a", "HTTP/1.1 200"),
            new Dripping("GET /metrics" + length, "a", "HTTP/1.1 200"),
            new Dripping("GET /" + chunks, "1\r\nx\r\n", "HTTP/1.1 200"),
            new Dripping("HEAD /v1/models/caption" + length, "a", "HTTP/1.1 400"),
            new Dripping("OPTIONS /" + chunks, "1\r\nx\r\n", "HTTP/1.1 404"),
            new Dripping(POST + "Content-Length: 9999999\r\n\r\n", "a", "HTTP/1.1 413"),
            new Dripping("POST /" + length.replace("localhost", "else"), "a", "HTTP/1.1 403"));
    List<CompletableFuture<String>> answers =
        all.stream().map(one -> CompletableFuture.supplyAsync(() -> drip(one), DRIPPING)).toList();
    for (int i = 0; i < all.size(); i++) {
      String said = answers.get(i).join();
      assertTrue(said.startsWith(all.get(i).answer()), all.get(i) + " -> " + said);
    }
  }

  @Test
  void stalledAndCutConnectionsHoldNoThread() throws Exception {
    String head = POST + "Content-Length: 100\r\n";
    List<Socket> bad = new ArrayList<>();
    try {
      for (int i = 0; i < ATTACKS; i++) {
        bad.add(open(i % 2 == 0 ? head + "\r\n{" : head)); // a stalled body, a stalled head
      }
      assertGood();
      for (Socket socket : bad) {
        String said = rest(socket);
        assertTrue(said.isEmpty() || said.startsWith("HTTP/1.1 4"), said);
      }
      for (int i = 0; i < ATTACKS; i++) {
        open(head + "\r\n{").close(); // cut in the middle
      }
    } finally {
      for (Socket socket : bad) {
        socket.close();
      }
    }
  }

  @Test
  void bodiesThatAreTooLargeAreRefused() throws Exception {
    String declared =
        raw(POST + "Content-Length: 64000000\r\nExpect: 100-continue\r\nConnection: close\r\n\r\n");
    assertTrue(declared.startsWith("HTTP/1.1 413"), declared);
    assertTrue(declared.contains("the body has more than 1048576 bytes"), declared);
    String chunk = "10000\r\n" + "x".repeat(65_536) + "\r\n";
    String chunked = raw(POST + "Transfer-Encoding: chunked\r\n\r\n" + chunk.repeat(17));
    assertTrue(chunked.startsWith("HTTP/1.1 413"), chunked);
    HttpResponse<String> unpacked = pack(gzip(new byte[MOST + 1]));
    assertEquals(413, unpacked.statusCode(), unpacked.body());
    assertTrue(unpacked.body().contains("the body has more than 1048576 bytes"), unpacked.body());
    assertTrue(raw("nonsense\r\n\r\n").startsWith("HTTP/1.1 400"));
  }

  private static byte[] gzip(byte[] plain) throws IOException {
    ByteArrayOutputStream packed = new ByteArrayOutputStream();
    try (GZIPOutputStream out = new GZIPOutputStream(packed)) {
      out.write(plain);
    }
    return packed.toByteArray();
  }

  @Test
  void whoAnnouncesMuchAndSendsNothingShutsNobodyOut() throws Exception {
    List<Socket> sent = new ArrayList<>();
    for (int i = 0; i < 8; i++) {
      sent.add(open(POST + "Content-Length: " + MOST + "\r\n\r\n{"));
    }
    assertGood();
    for (Socket socket : sent) {
      assertEquals("", rest(socket)); // at once, not in the time that the length would have
    }
  }

  /** Eight that together take twice the budget, and then what is little until it is unpacked. */
  @Test
  void allBodiesTogetherAreBounded() throws Exception {
    byte[] packed = gzip(("{\"instances\":[" + picture() + "]}").getBytes(ISO_8859_1));
    assertEquals(200, pack(packed).statusCode());
    String head = POST + "Content-Length: " + MOST + "\r\n\r\n";
    List<Socket> held = new ArrayList<>();
    StringBuilder answers = new StringBuilder();
    try {
      for (int i = 0; i < 8; i++) {
        held.add(open(head + " ".repeat(MOST - 1)));
      }
      long soon = System.nanoTime() + PATIENCE * 1_000_000L;
      for (int i = 0; held.size() > 4; i = (i + 1) % held.size()) {
        assertTrue(System.nanoTime() < soon, held.size() + " bodies are held; " + answers);
        if (held.get(i).getInputStream().available() > 0) {
          answers.append(rest(held.remove(i)));
        }
      }
      assertEquals(503, pack(packed).statusCode());
    } finally {
      for (Socket socket : held) {
        socket.close();
      }
    }
    long end = System.nanoTime() + PATIENCE * 1_000_000L;
    while (pack(packed).statusCode() == 503) { // until the server has seen them go
      assertTrue(System.nanoTime() < end);
    }
    assertEquals(4, answers.toString().split("HTTP/1.1 503").length - 1, answers.toString());
    assertEquals(4, answers.toString().split("Retry-After: 1").length - 1, answers.toString());
    URI metrics = URI.create("http://127.0.0.1:%d/metrics".formatted(http.port()));
    String text =
        CLIENT
            .send(HttpRequest.newBuilder(metrics).build(), HttpResponse.BodyHandlers.ofString())
            .body();
    assertTrue(text.contains("blip_refused_total{reason=\"no memory\"}"), text);
  }

  private static HttpResponse<String> pack(byte[] packed) throws IOException, InterruptedException {
    return CLIENT.send(
        HttpRequest.newBuilder(request(http, "").uri())
            .header("Content-Encoding", "gzip")
            .POST(HttpRequest.BodyPublishers.ofByteArray(packed))
            .build(),
        HttpResponse.BodyHandlers.ofString());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '~',
      value = {
        "{\"instances\":[ | 400 | JSON Parse error: Invalid value.",
        "{\"instances\":[{\"b64\":\"@@@@\"}]} | 400 | Unable to base64 decode",
        "{\"instances\":[[\"x\"]]} | 400 | input image_bytes has shape [1, 1]; the signature wants",
        "{\"inputs\":\"x\"} | 400 | input image_bytes has shape []; the signature wants [any]",
        "{\"inputs\":[]} | 200 | \"caption\": []",
        "{\"instances\":[]} | 400 | No values in 'instances' array",
        "{\"signature_name\":\"caption_sample\",\"inputs\":{\"image_bytes\":[\"x\",\"y\",\"z\"],"
            + "\"seed\":[1,2]}} | 400 | input seed has 2 rows and another one 3",
        "{\"signature_name\":\"caption_tensor\",\"instances\":[[[[1,2,3]]]]} | 400 | input pixels"
            + " has",
      })
  void wrongRequestsLeaveTheirNeighboursAlone(String body, int status, String text)
      throws Exception {
    List<CompletableFuture<HttpResponse<String>>> all =
        IntStream.range(0, 12)
            .mapToObj(i -> i % 3 == 0 ? "{\"instances\":[" + picture() + "]}" : body)
            .map(one -> CLIENT.sendAsync(request(http, one), HttpResponse.BodyHandlers.ofString()))
            .toList();
    for (int i = 0; i < all.size(); i++) {
      HttpResponse<String> answer = all.get(i).join();
      assertEquals(i % 3 == 0 ? 200 : status, answer.statusCode(), answer.body());
      if (i % 3 != 0) {
        assertTrue(answer.body().contains(text), answer.body());
      }
    }
  }

  @Test
  void aFullQueueIsToldAtOnce() {
    String most =
        Collections.nCopies(TinyServer.QUEUE - 8, picture()).stream()
            .collect(Collectors.joining(",", "{\"instances\":[", "]}"));
    Map<Integer, String> answers = answers(http, Collections.nCopies(4, most));
    assertEquals(Set.of(200, 503), answers.keySet());
    assertTrue(
        answers.get(503).contains("do not fit into the queue of 64; try again later"),
        answers.get(503));
  }

  /** One runs too long, and those behind it wait too long. */
  @Test
  void whatIsLateIsToldInServingsWords() throws Exception {
    try (ModelServer hasty = TinyServer.of(Duration.ofMillis(1));
        HttpServer server =
            HttpServer.start(
                hasty, HttpServer.Settings.of("127.0.0.1", 0, MOST), TinyServer.WORKERS)) {
      String one = "{\"instances\":[" + picture() + "]}";
      Map<Integer, String> answers = answers(server, Collections.nCopies(24, one));
      assertEquals(Set.of(429, 504), answers.keySet());
      assertEquals(
          "{\n    \"error\": \"Run() timeout exceeded while waiting in batching queue\"\n}",
          answers.get(429));
      assertEquals("{\n    \"error\": \"Timed out waiting for notification\"\n}", answers.get(504));
    }
  }

  /** An answer of each status to requests that are sent at once. */
  private static Map<Integer, String> answers(HttpServer server, List<String> bodies) {
    return bodies.stream()
        .map(body -> CLIENT.sendAsync(request(server, body), HttpResponse.BodyHandlers.ofString()))
        .toList()
        .stream()
        .map(CompletableFuture::join)
        .collect(Collectors.toMap(HttpResponse::statusCode, HttpResponse::body, (a, b) -> a));
  }
}
