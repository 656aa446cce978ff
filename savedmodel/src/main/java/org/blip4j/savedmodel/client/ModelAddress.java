package org.blip4j.savedmodel.client;

import static com.google.common.base.Preconditions.checkArgument;
import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.json.JsonReadFeature;
import com.fasterxml.jackson.core.json.JsonWriteFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.math.BigDecimal;
import java.net.ConnectException;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpConnectTimeoutException;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.channels.UnresolvedAddressException;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** Where a served model is asked, and how long its answer may take. Immutable. */
final class ModelAddress {
  private static final Duration CONNECT = Duration.ofSeconds(10);
  private static final Duration ANSWER = Duration.ofMinutes(1);
  static final ObjectMapper JSON =
      JsonMapper.builder()
          .enable(JsonReadFeature.ALLOW_NON_NUMERIC_NUMBERS)
          .disable(JsonWriteFeature.WRITE_NAN_AS_STRINGS)
          .build();

  private final HttpClient http;
  private final String model; // without version or label
  private final String selector; // what follows it: nothing, /versions/N or /labels/NAME
  private final Duration timeout;

  private ModelAddress(HttpClient http, String model, String selector, Duration timeout) {
    this.http = http;
    this.model = model;
    this.selector = selector;
    this.timeout = timeout;
  }

  static ModelAddress of(URI server, String model) {
    checkArgument(server != null, "server is null; write http://HOST:PORT");
    checkArgument(
        String.valueOf(server.getScheme()).matches("(?i)https?")
            && server.getHost() != null
            && server.getQuery() == null
            && server.getFragment() == null,
        "\"%s\" is no address of a server; write http://HOST:PORT, as http://localhost:8501",
        server);
    String base = server.toString().replaceAll("/+$", "");
    HttpClient client =
        HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1)
            .connectTimeout(CONNECT)
            .build();
    return new ModelAddress(client, base + "/v1/models/" + segment("model", model), "", ANSWER);
  }

  /** A name as a part of a path. */
  private static String segment(String what, String name) {
    checkArgument(
        name != null && !name.isEmpty(),
        "%s is %s; give the name",
        what,
        name == null ? "null" : "empty");
    return URLEncoder.encode(name, UTF_8).replace("+", "%20");
  }

  ModelAddress withVersion(long version) {
    checkArgument(version >= 0, "version is %s; versions are 0 or more", version);
    return new ModelAddress(http, model, "/versions/" + version, timeout);
  }

  ModelAddress withLabel(String label) {
    return new ModelAddress(http, model, "/labels/" + segment("label", label), timeout);
  }

  ModelAddress withTimeout(Duration limit) {
    checkArgument(
        limit != null && !limit.isZero() && !limit.isNegative(),
        "limit is %s; give a time above 0, as Duration.ofSeconds(30)",
        limit);
    return new ModelAddress(http, model, selector, limit);
  }

  @Override
  public String toString() {
    return model + selector + ":predict";
  }

  /** Sends a request of {@code :predict}; its answer. */
  JsonNode predict(JsonNode request) throws IOException {
    URI target = URI.create(toString());
    HttpResponse<byte[]> response = send(target, JSON.writeValueAsBytes(request));
    JsonNode answer;
    try {
      answer = JSON.readTree(response.body());
    } catch (JsonProcessingException e) {
      throw new IOException(
          "%s answered %d with something that is no JSON".formatted(target, response.statusCode()),
          e);
    }
    if (response.statusCode() != 200) {
      throw new IOException(
          "%s: %d, %s"
              .formatted(target, response.statusCode(), answer.path("error").asText("no reason")));
    }
    return answer;
  }

  /** Sends a request; the time that a request has of its own ends with the head of its answer. */
  private HttpResponse<byte[]> send(URI target, byte[] body) throws IOException {
    HttpRequest request =
        HttpRequest.newBuilder(target)
            .header("Content-Type", "application/json")
            .POST(HttpRequest.BodyPublishers.ofByteArray(body))
            .build();
    CompletableFuture<HttpResponse<byte[]>> answer =
        http.sendAsync(request, HttpResponse.BodyHandlers.ofByteArray());
    try {
      return answer.get(TimeUnit.NANOSECONDS.convert(timeout), TimeUnit.NANOSECONDS);
    } catch (TimeoutException e) {
      throw new IOException("%s: no answer within %s".formatted(target, seconds(timeout)), e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new InterruptedIOException(target + ": interrupted while the server was asked");
    } catch (ExecutionException e) {
      throw new IOException(target + ": " + said(e.getCause()), e.getCause());
    } finally {
      answer.cancel(true);
    }
  }

  private static String said(Throwable cause) {
    if (cause instanceof HttpConnectTimeoutException) {
      return "no connection within %s; is the address right, and does a firewall let it through?"
          .formatted(seconds(CONNECT));
    }
    if (cause instanceof ConnectException) {
      return cause.getCause() instanceof UnresolvedAddressException
          ? "no host of that name is known; is the address right?"
          : "no server answers there; is it running?";
    }
    return "the connection broke (%s); ask again, and look at the server's log if it happens again"
        .formatted(cause.getMessage());
  }

  private static String seconds(Duration time) {
    return BigDecimal.valueOf(time.toMillis(), 3).stripTrailingZeros().toPlainString() + " s";
  }
}
