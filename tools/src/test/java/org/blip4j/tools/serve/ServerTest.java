package org.blip4j.tools.serve;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.google.common.base.Throwables;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.blip4j.savedmodel.testing.TinyModel;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A server with a tiny captioner, called as clients call it and as those that mean no good do. */
class ServerTest {
  private static final ObjectMapper MAPPER = new ObjectMapper();
  private static final int MOST = TinyServer.MOST;
  private static final HttpClient CLIENT = HttpClient.newHttpClient();

  private static final ModelServer SERVER = TinyServer.get();
  private static HttpServer http;

  @BeforeAll
  static void start() throws IOException {
    http =
        HttpServer.start(
            SERVER,
            new HttpServer.Settings("127.0.0.1", 0, 4L * MOST, Duration.ofSeconds(1), 4 * MOST, 64),
            TinyServer.WORKERS);
  }

  @AfterAll
  static void stop() {
    http.close();
  }

  private static URI uri(String path) {
    return URI.create("http://127.0.0.1:" + http.port() + path);
  }

  private static HttpRequest post(String body) {
    return HttpRequest.newBuilder(uri("/v1/models/caption:predict"))
        .POST(HttpRequest.BodyPublishers.ofString(body))
        .build();
  }

  private static HttpResponse<String> call(String body) throws IOException, InterruptedException {
    return CLIENT.send(post(body), HttpResponse.BodyHandlers.ofString());
  }

  private static String picture(int seed) {
    return "{\"b64\":\"" + Base64.getEncoder().encodeToString(TinyModel.image(seed, "png")) + "\"}";
  }

  private static String row(String value) {
    return "{\"instances\":[" + value + "]}";
  }

  private static String sample(String picture, String seed) {
    return "{\"signature_name\":\"caption_sample\",\"inputs\":{\"image_bytes\":%s,\"seed\":%s}}"
        .formatted(picture, seed);
  }

  @Test
  void neighboursDoNotChangeAnAnswer() throws Exception {
    List<String> bodies = new ArrayList<>();
    for (int i = 0; i < 12; i++) {
      bodies.add(row(picture(i)));
    }
    bodies.add(row("\"no picture\""));
    bodies.add(row("[" + picture(1) + "]")); // another rank
    bodies.add("{\"instances\":[{\"b64\":\"@\"}]}");
    bodies.add(row(picture(3) + "," + picture(4)));
    List<String> alone = new ArrayList<>();
    for (String body : bodies) {
      alone.add(call(body).body());
    }
    List<CompletableFuture<HttpResponse<String>>> together =
        bodies.stream()
            .map(body -> CLIENT.sendAsync(post(body), HttpResponse.BodyHandlers.ofString()))
            .toList();
    for (int i = 0; i < bodies.size(); i++) {
      assertSame(
          MAPPER.readTree(alone.get(i)), MAPPER.readTree(together.get(i).join().body()), "" + i);
    }
    assertTrue(alone.get(0).contains("\"status\": \"\""), alone.get(0));
    assertTrue(alone.get(12).contains("not an image"), alone.get(12));
    assertTrue(
        alone.get(13).contains("input image_bytes has shape [1, 1]; the signature wants [any]"),
        alone.get(13));
  }

  /** Sums of floats differ in their last places with the number of rows. */
  private static void assertSame(JsonNode alone, JsonNode together, String where) {
    if (alone.isFloatingPointNumber()) {
      double value = alone.asDouble();
      assertEquals(value, together.asDouble(), 1e-5 * Math.max(1, Math.abs(value)), where);
      return;
    }
    assertEquals(alone.getNodeType(), together.getNodeType(), where);
    assertEquals(alone.size(), together.size(), where);
    if (alone.isObject()) {
      alone
          .fieldNames()
          .forEachRemaining(
              name -> assertSame(alone.path(name), together.path(name), where + "/" + name));
    } else if (alone.isArray()) {
      for (int i = 0; i < alone.size(); i++) {
        assertSame(alone.get(i), together.get(i), where + "/" + i);
      }
    } else {
      assertEquals(alone, together, where);
    }
  }

  @Test
  void shapesAreCheckedBeforeAnythingIsQueued() throws Exception {
    JsonNode none = MAPPER.readTree(call("{\"inputs\":[]}").body()).path("outputs");
    assertEquals("[]", none.path("caption").toString());
    assertEquals("[]", none.path("token_ids").toString());
    HttpResponse<String> rows =
        call(sample("[" + picture(1) + "," + picture(2) + "," + picture(3) + "]", "[1,2]"));
    assertEquals(400, rows.statusCode());
    assertTrue(rows.body().contains("input seed has 2 rows and another one 3"), rows.body());
    String both = "[" + picture(1) + "," + picture(2) + "]";
    assertEquals(call(sample(both, "[5,5]")).body(), call(sample(both, "[5]")).body());
    HttpResponse<String> many = call("{\"inputs\":[" + "\"x\",".repeat(64) + "\"x\"]}");
    assertEquals(400, many.statusCode());
    assertTrue(many.body().contains("Task size 65 is larger than maximum"), many.body());
  }

  @Test
  void foreignPagesAreRefused() throws Exception {
    HttpRequest foreign =
        HttpRequest.newBuilder(uri("/v1/models/caption"))
            .header("Origin", "http://elsewhere.example")
            .build();
    HttpResponse<String> refused = CLIENT.send(foreign, HttpResponse.BodyHandlers.ofString());
    assertEquals(403, refused.statusCode());
    HttpRequest own =
        HttpRequest.newBuilder(uri("/v1/models/caption"))
            .header("Origin", "http://127.0.0.1:" + http.port())
            .build();
    assertEquals(200, CLIENT.send(own, HttpResponse.BodyHandlers.ofString()).statusCode());
    assertEquals("HTTP/1.1 403", answerTo(http, "rebound.example"));
    assertEquals("HTTP/1.1 200", answerTo(http, "LOCALHOST:80"));
    assertEquals("HTTP/1.1 200", answerTo(http, "[::1]"));
  }

  /** What is asked for by another name of the loopback address listens there all the same. */
  @ParameterizedTest
  @ValueSource(strings = {"127.1", "LocalHost"})
  void everyNameOfTheLoopbackAddressIsGuarded(String name) throws IOException {
    try (HttpServer other =
        HttpServer.start(SERVER, HttpServer.Settings.of(name, 0, MOST), TinyServer.WORKERS)) {
      assertEquals("HTTP/1.1 403", answerTo(other, "rebound.example"));
      assertEquals("HTTP/1.1 200", answerTo(other, name));
      assertEquals("HTTP/1.1 200", answerTo(other, "127.0.0.1:" + other.port()));
    }
  }

  private static String answerTo(HttpServer server, String host) throws IOException {
    try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), server.port())) {
      String request =
          "GET /v1/models/caption HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n\r\n"
              .formatted(host);
      socket.getOutputStream().write(request.getBytes(UTF_8));
      return new String(socket.getInputStream().readNBytes(12), UTF_8);
    }
  }

  @Test
  void thePrefixMayBeInCapitals() throws Exception {
    HttpRequest request = HttpRequest.newBuilder(uri("/V1/Models/caption")).build();
    HttpResponse<String> answer = CLIENT.send(request, HttpResponse.BodyHandlers.ofString());
    assertEquals(200, answer.statusCode(), answer.body());
    HttpRequest wrong = HttpRequest.newBuilder(uri("/V1/models/")).build();
    assertEquals(
        "{\n    \"error\": \"Malformed request: GET /V1/models/\"\n}",
        CLIENT.send(wrong, HttpResponse.BodyHandlers.ofString()).body());
  }

  @Test
  void theBudgetHoldsSomeOfTheLargestBodies() {
    assertEquals(256L << 20, HttpServer.Settings.of("127.0.0.1", 0, 16 << 20).budget());
    assertEquals(4L << 30, HttpServer.Settings.of("127.0.0.1", 0, 1 << 30).budget());
  }

  @Test
  void countsUnderServingsNames() throws Exception {
    assertEquals(200, call(row(picture(1))).statusCode());
    HttpRequest scrape = HttpRequest.newBuilder(uri("/monitoring/prometheus/metrics")).build();
    String text = CLIENT.send(scrape, HttpResponse.BodyHandlers.ofString()).body();
    assertTrue(
        text.contains(":tensorflow:serving:request_count{model_name=\"caption\",status=\"OK\"} "),
        text);
    for (String name :
        List.of(
            "request_latency_bucket{",
            "runtime_latency_count{",
            "batching_session:queuing_latency_count{model_name=\"caption\"} ",
            "batching_session:input_batch_size_count{model_name=\"caption\"} ",
            "batching_session:processed_batch_size_sum{model_name=\"caption\"} ",
            "batching_session:padding_size_sum{model_name=\"caption\"} 0",
            "batching_session:wrapped_run_count ",
            "model_warmup_latency_count{model_path=\"")) {
      assertTrue(text.contains("\n:tensorflow:serving:" + name), name + " is not in " + text);
    }
    assertTrue(text.contains("blip_queued_rows{model=\"caption\"} 0"), text);
    HttpRequest health = HttpRequest.newBuilder(uri("/healthz")).build();
    assertEquals("ok\n", CLIENT.send(health, HttpResponse.BodyHandlers.ofString()).body());
  }

  /** What the page asks for first. */
  @Test
  void thePageIsToldWhatEachModelCanDo() throws Exception {
    HttpRequest request = HttpRequest.newBuilder(uri("/blip/models")).build();
    JsonNode models =
        MAPPER
            .readTree(CLIENT.send(request, HttpResponse.BodyHandlers.ofString()).body())
            .path("models");
    assertEquals("caption", models.path(0).path("name").asText());
    assertEquals(
        "[\"caption\",\"caption_prompted\",\"caption_sample\",\"serving_default\"]",
        models.path(0).path("signatures").toString());
  }

  /** As when memory or the stack is full, or the threads have ended. */
  @ParameterizedTest
  @ValueSource(
      classes = {OutOfMemoryError.class, StackOverflowError.class, IllegalStateException.class})
  void anErrorWhileAnAnswerIsWrittenIsTold(Class<? extends Throwable> type) throws Exception {
    Throwable thrown = type.getConstructor(String.class).newInstance("for the test");
    RestApi rest =
        new RestApi(
            SERVER.models(),
            SERVER.metrics(),
            Duration.ofSeconds(20),
            MOST,
            task -> {
              Throwables.throwIfUnchecked(thrown);
              throw new AssertionError(thrown);
            });
    RestApi.Request request =
        new RestApi.Request(
            "POST", "/v1/models/caption:predict", "", "", row(picture(1)).getBytes(UTF_8), "test");
    RestApi.Answer answer = rest.answer(request).get(10, TimeUnit.SECONDS);
    assertEquals(thrown instanceof OutOfMemoryError ? 429 : 500, answer.status());
    assertEquals("{\n    \"error\": \"for the test\"\n}", new String(answer.body(), UTF_8));
  }

  @Test
  void whatHasBegunIsAnsweredAtTheEnd() throws Exception {
    HttpServer second =
        HttpServer.start(SERVER, HttpServer.Settings.of("127.0.0.1", 0, MOST), TinyServer.WORKERS);
    String body = row(picture(2));
    String head =
        "POST /v1/models/caption:predict HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
            + "Expect: 100-continue\r\nContent-Length: "
            + body.length()
            + "\r\n\r\n";
    try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), second.port())) {
      OutputStream out = socket.getOutputStream();
      out.write(head.getBytes(UTF_8));
      out.flush();
      String begun = new String(socket.getInputStream().readNBytes(25), UTF_8);
      assertEquals("HTTP/1.1 100 Continue\r\n\r\n", begun);
      CompletableFuture<Void> closing = CompletableFuture.runAsync(second::close);
      out.write(body.getBytes(UTF_8));
      out.flush();
      String answer = new String(socket.getInputStream().readAllBytes(), UTF_8);
      closing.join();
      assertTrue(answer.startsWith("HTTP/1.1 200"), answer);
    }
  }
}
