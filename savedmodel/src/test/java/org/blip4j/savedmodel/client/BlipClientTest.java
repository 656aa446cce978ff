package org.blip4j.savedmodel.client;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.core.json.JsonReadFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.time.Duration;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;

/** A server that answers in the words of TensorFlow Serving. */
class BlipClientTest {
  private static final byte[] PHOTO = {(byte) 0xff, (byte) 0xd8, 7};
  private static final ObjectMapper JSON =
      JsonMapper.builder().enable(JsonReadFeature.ALLOW_NON_NUMERIC_NUMBERS).build();

  private final CountDownLatch ended = new CountDownLatch(1);
  private HttpServer server;
  private String path;
  private JsonNode request;
  private String sent;
  private int status = 200;
  private String answer = "";

  @BeforeEach
  void start() throws IOException {
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.createContext("/", this::handle);
    server.start();
  }

  @AfterEach
  void stop() {
    ended.countDown();
    server.stop(0);
  }

  private void handle(HttpExchange exchange) throws IOException {
    path = exchange.getRequestMethod() + " " + exchange.getRequestURI();
    sent = new String(exchange.getRequestBody().readAllBytes(), UTF_8);
    request = JSON.readTree(sent);
    if (status == 0) {
      try {
        ended.await();
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }
    byte[] body = answer.getBytes(UTF_8);
    exchange.sendResponseHeaders(status == 0 ? 200 : status, body.length);
    exchange.getResponseBody().write(body);
    exchange.close();
  }

  private BlipClient client() {
    return BlipClient.of(
        URI.create("http://localhost:" + server.getAddress().getPort() + "/"), "captioner");
  }

  private static String photo() {
    return Base64.getEncoder().encodeToString(PHOTO);
  }

  @Test
  void aPhotoIsCaptioned() throws IOException {
    answer =
        """
        {
            "predictions": [
                {
                    "log_prob": -4.40485191,
                    "caption": "one caf\u00e9",
                    "token_ids": [1000, 142, 102],
                    "status": ""
                },
                {"log_prob": 0.0, "caption": "", "token_ids": [0], "status": "not an image"}
            ]
        }\
        """;
    List<BlipClient.Text> captions = client().caption(List.of(PHOTO, new byte[0]));

    assertEquals(
        List.of(
            new BlipClient.Text("one café", -4.40485191, ""),
            new BlipClient.Text("", 0, "not an image")),
        captions);
    assertEquals("POST /v1/models/captioner:predict", path);
    assertEquals("caption", request.get("signature_name").asText());
    assertEquals(
        JSON.readTree(
            "[{\"image_bytes\":{\"b64\":\"%s\"}},{\"image_bytes\":{\"b64\":\"\"}}]"
                .formatted(photo())),
        request.get("instances"));
  }

  @Test
  void everyQuestionHasItsSignature() throws IOException {
    answer = "{\"predictions\": [{\"caption\": \"a\", \"answer\": \"yes\", \"log_prob\": -1}]}";
    assertEquals("a", client().caption(List.of(PHOTO), List.of("the")).get(0).text());
    assertSent("caption_prompted", "\"prompt\":\"the\"");
    assertEquals("a", client().sample(List.of(PHOTO), List.of(7L)).get(0).text());
    assertSent("caption_sample", "\"seed\":7");
    assertEquals("yes", client().vqa(List.of(PHOTO), List.of("red?")).get(0).text());
    assertSent("vqa", "\"question\":\"red?\"");
    answer =
        "{\"predictions\": [{\"itm_probability\": 0.25, \"itc_cosine\": NaN, \"status\": \"x\"}]}";
    assertEquals(
        List.of(new BlipClient.Match(0.25, Double.NaN, "x")),
        client().withVersion(3).match(List.of(PHOTO), List.of("a dog")));
    assertEquals("POST /v1/models/captioner/versions/3:predict", path);
    assertSent("match", "\"text\":\"a dog\"");
    assertEquals(List.of(), client().caption(List.of()));
  }

  private void assertSent(String signature, String input) {
    assertEquals(signature, request.get("signature_name").asText());
    String row = request.get("instances").get(0).toString();
    assertTrue(row.contains(input), row);
    assertTrue(row.contains("{\"b64\":\"" + photo() + "\"}"), row);
  }

  @Test
  void whatGoesWrongIsSaid() {
    status = 404;
    answer = "{ \"error\": \"Servable not found for request: Latest(captioner)\" }";
    assertFails(client(), "404, Servable not found for request: Latest(captioner)");
    status = 503;
    answer = "<html>";
    assertFails(client(), "answered 503 with something that is no JSON");
    status = 200;
    answer = "{\"predictions\": []}";
    assertFails(client(), "answered 0 rows, 1 were sent");
    status = 0;
    assertFails(client().withTimeout(Duration.ofMillis(50)), "no answer within 0.05 s");
    ended.countDown();
    server.stop(0);
    assertFails(client(), "no server answers there");
    assertFails(
        BlipClient.of(URI.create("http://nowhere.invalid"), "a"),
        "http://nowhere.invalid/v1/models/a:predict: no host of that name");
    assertThrows(
        IllegalArgumentException.class, () -> client().match(List.of(PHOTO), List.of("a", "b")));
  }

  /** Sends the first bytes of an answer, then nothing more until the client goes, or the end. */
  private static void answerPart(ServerSocket raw, boolean end) {
    Thread thread =
        new Thread(
            () -> {
              try (Socket socket = raw.accept()) {
                InputStream in = socket.getInputStream();
                in.read();
                socket
                    .getOutputStream()
                    .write("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{".getBytes(UTF_8));
                while (!end && in.read() >= 0) {
                  // what is left of the request
                }
              } catch (IOException e) {
                throw new UncheckedIOException(e);
              }
            });
    thread.setDaemon(true);
    thread.start();
  }

  @Test
  void anAnswerThatStopsEndsTheCall() throws IOException {
    try (ServerSocket raw = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      BlipClient client =
          BlipClient.of(URI.create("http://127.0.0.1:" + raw.getLocalPort()), "captioner");
      answerPart(raw, false);
      assertTimeoutPreemptively(
          Duration.ofSeconds(10),
          () ->
              assertFails(
                  client.withTimeout(Duration.ofMillis(300)),
                  "/v1/models/captioner:predict: no answer within 0.3 s"));
      answerPart(raw, true);
      assertFails(client, "/v1/models/captioner:predict: the connection broke");
    }
  }

  @Test
  void versionsLabelsAndNamesAreInTheAddress() throws IOException {
    answer = "{\"predictions\": [{}]}";
    assertAsked(client().withVersion(3).withVersion(4), "captioner/versions/4");
    assertAsked(client().withVersion(3).withLabel("in use"), "captioner/labels/in%20use");
    assertAsked(client().withLabel("stable").withVersion(0), "captioner/versions/0");
    URI base = URI.create("http://localhost:" + server.getAddress().getPort() + "/behind/");
    assertAsked(BlipClient.of(base, "Bild 1+2/\u00fc"), "Bild%201%2B2%2F%C3%BC");
    assertTrue(path.startsWith("POST /behind/v1/models/"), path);
  }

  private void assertAsked(BlipClient client, String model) throws IOException {
    client.caption(List.of(PHOTO));
    assertTrue(path.endsWith("/v1/models/" + model + ":predict"), path);
  }

  @Test
  void whatCannotBeAskedIsRefused() {
    String write = "write http://HOST:PORT";
    URI good = URI.create("http://localhost:8501");
    assertRefused(write, () -> BlipClient.of(URI.create("localhost:8501"), "a"));
    assertRefused(write, () -> BlipClient.of(URI.create("//localhost:8501"), "a"));
    assertRefused(write, () -> BlipClient.of(URI.create("http:///v1"), "a"));
    assertRefused(write, () -> BlipClient.of(URI.create("http://localhost?x=1"), "a"));
    assertRefused("server is null", () -> BlipClient.of(null, "a"));
    assertRefused("model is null", () -> BlipClient.of(good, null));
    assertRefused("model is empty", () -> BlipClient.of(good, ""));
    BlipClient client = BlipClient.of(good, "a");
    assertRefused("label is null", () -> client.withLabel(null));
    assertRefused("version is -1", () -> client.withVersion(-1));
    assertRefused("limit is PT0S", () -> client.withTimeout(Duration.ZERO));
    assertRefused("limit is null", () -> client.withTimeout(null));
    assertRefused("image_bytes is null", () -> client.caption(null));
    assertRefused("prompt is null", () -> client.caption(List.of(PHOTO), null));
    assertRefused(
        "image_bytes has null in row 1", () -> client.caption(Arrays.asList(PHOTO, null)));
  }

  private static void assertRefused(String message, Executable call) {
    Exception e = assertThrows(IllegalArgumentException.class, call);
    assertTrue(e.getMessage().contains(message), e.getMessage());
  }

  @Test
  void numbersThatAreNoneAreSentBare() throws IOException {
    answer = "{\"predictions\": [{}]}";
    client().predict("a", Map.of("pixels", List.of(new float[] {Float.NaN, 1})));
    assertEquals("[{\"pixels\":[NaN,1.0]}]", sent.substring(sent.indexOf('['), sent.length() - 1));
  }

  private static void assertFails(BlipClient client, String message) {
    IOException e = assertThrows(IOException.class, () -> client.caption(List.of(PHOTO)));
    assertTrue(e.getMessage().contains(message), e.getMessage());
  }

  @Test
  void anySignatureCanBeCalled() throws IOException {
    answer = "{\"predictions\": [{\"heat\": [[0.5]]}]}";
    List<JsonNode> rows =
        client()
            .predict("attribution", Map.of("image_bytes", List.of(PHOTO), "text", List.of("a")));
    assertEquals(0.5, rows.get(0).get("heat").get(0).get(0).asDouble());
  }
}
