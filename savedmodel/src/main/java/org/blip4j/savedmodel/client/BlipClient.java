package org.blip4j.savedmodel.client;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.json.JsonReadFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.google.common.collect.ImmutableList;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.net.ConnectException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpTimeoutException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.function.Function;
import org.blip4j.savedmodel.signature.ServingSignature;

/**
 * Asks a model that {@code tools/blip serve} or TensorFlow Serving serves, over REST. Images are
 * the bytes of files as they are.
 *
 * <pre>{@code
 * BlipClient client = BlipClient.of(URI.create("http://localhost:8501"), "captioner");
 * byte[] photo = Files.readAllBytes(Path.of("photo.jpg"));
 * System.out.println(client.caption(List.of(photo)).get(0).text());
 * }</pre>
 *
 * <p>Immutable; calls may come from several threads. Every list that is returned has an element for
 * each row that was sent; a row that failed says so in its {@code status} and leaves the others
 * alone.
 */
public final class BlipClient {
  private static final Duration CONNECT = Duration.ofSeconds(10);
  private static final Duration ANSWER = Duration.ofMinutes(1);
  private static final ObjectMapper JSON =
      JsonMapper.builder().enable(JsonReadFeature.ALLOW_NON_NUMERIC_NUMBERS).build();

  private final HttpClient http;
  private final URI address;
  private final Duration timeout;

  private BlipClient(HttpClient http, URI address, Duration timeout) {
    this.http = http;
    this.address = address;
    this.timeout = timeout;
  }

  /**
   * A client of the newest version of a model.
   *
   * @param server such as {@code http://localhost:8501}
   * @param model the name under which it is served
   */
  public static BlipClient of(URI server, String model) {
    Objects.requireNonNull(server, "server is null; give http://localhost:8501 or another address");
    if (!model.matches("[A-Za-z0-9_.-]+")) {
      throw new IllegalArgumentException(
          "\"%s\" is no name of a model; names have letters, digits and _ . -".formatted(model));
    }
    String base = server.toString().replaceAll("/+$", "");
    HttpClient http =
        HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1)
            .connectTimeout(CONNECT)
            .build();
    return new BlipClient(http, URI.create(base + "/v1/models/" + model), ANSWER);
  }

  /** The same for one version. */
  public BlipClient withVersion(long version) {
    return new BlipClient(http, URI.create(address + "/versions/" + version), timeout);
  }

  /** The same with another time in which a call has to be answered (a minute). */
  public BlipClient withTimeout(Duration limit) {
    return new BlipClient(http, address, limit);
  }

  /**
   * A text that was written.
   *
   * @param text empty if the row failed
   * @param logProb the sum of the log-probabilities of its tokens
   * @param status empty, or what is to be said of the row
   */
  public record Text(String text, double logProb, String status) {}

  /**
   * How a text matches an image.
   *
   * @param probability that it does
   * @param cosine of the two features
   * @param status empty, or what is to be said of the row
   */
  public record Match(double probability, double cosine, String status) {}

  /** A caption of each image. */
  public List<Text> caption(List<byte[]> images) throws IOException {
    return texts(ServingSignature.CAPTION, ServingSignature.CAPTION_TEXT, images, Map.of());
  }

  /** A caption of each image that goes on with its prompt. */
  public List<Text> caption(List<byte[]> images, List<String> prompts) throws IOException {
    return texts(
        ServingSignature.CAPTION_PROMPTED,
        ServingSignature.CAPTION_TEXT,
        images,
        Map.of(ServingSignature.PROMPT, prompts));
  }

  /** A caption of each image drawn by chance, the same for the same seed. */
  public List<Text> sample(List<byte[]> images, List<Long> seeds) throws IOException {
    return texts(
        ServingSignature.CAPTION_SAMPLE,
        ServingSignature.CAPTION_TEXT,
        images,
        Map.of(ServingSignature.SEED, seeds));
  }

  /** An answer to each question about the image in its row. */
  public List<Text> vqa(List<byte[]> images, List<String> questions) throws IOException {
    return texts(
        ServingSignature.VQA,
        ServingSignature.ANSWER,
        images,
        Map.of(ServingSignature.QUESTION, questions));
  }

  /** How each text matches the image in its row. */
  public List<Match> match(List<byte[]> images, List<String> texts) throws IOException {
    return read(
        predict(
            ServingSignature.MATCH.key(),
            Map.of(ServingSignature.IMAGE_BYTES, images, ServingSignature.TEXT, texts)),
        row ->
            new Match(
                row.path(ServingSignature.ITM_PROBABILITY).asDouble(),
                row.path(ServingSignature.ITC_COSINE).asDouble(),
                row.path(ServingSignature.STATUS).asText()));
  }

  private List<Text> texts(
      ServingSignature signature, String output, List<byte[]> images, Map<String, List<?>> more)
      throws IOException {
    Map<String, List<?>> columns = new TreeMap<>(more);
    columns.put(ServingSignature.IMAGE_BYTES, images);
    return read(
        predict(signature.key(), columns),
        row ->
            new Text(
                row.path(output).asText(),
                row.path(ServingSignature.LOG_PROB).asDouble(),
                row.path(ServingSignature.STATUS).asText()));
  }

  private static <R> List<R> read(List<JsonNode> rows, Function<JsonNode, R> read) {
    return rows.stream().map(read).collect(ImmutableList.toImmutableList());
  }

  /**
   * Calls any signature.
   *
   * @param columns by input: {@code byte[]} for files, strings, numbers, or lists of numbers; as
   *     many in each
   * @return outputs by name, an object a row
   * @throws IOException if no one answers, or the answer is an error, whose text the message has
   * @throws IllegalArgumentException if the columns are not of one length
   */
  public List<JsonNode> predict(String signature, Map<String, ? extends List<?>> columns)
      throws IOException {
    int rows = columns.values().stream().mapToInt(List::size).max().orElse(0);
    columns.forEach(
        (name, column) -> {
          if (column.size() != rows) {
            throw new IllegalArgumentException(
                "%s has %d rows, other inputs have %d; give one for each row"
                    .formatted(name, column.size(), rows));
          }
        });
    if (rows == 0) {
      return List.of(); // Serving refuses an empty list
    }
    ObjectNode request = JSON.createObjectNode().put("signature_name", signature);
    ArrayNode instances = request.putArray("instances");
    for (int row = 0; row < rows; row++) {
      ObjectNode instance = instances.addObject();
      for (Map.Entry<String, ? extends List<?>> column : columns.entrySet()) {
        instance.set(column.getKey(), value(column.getValue().get(row)));
      }
    }
    JsonNode answer = post(JSON.writeValueAsBytes(request));
    List<JsonNode> predictions = new ArrayList<>();
    answer.path("predictions").forEach(predictions::add);
    if (predictions.size() != rows) {
      throw new IOException(
          "%s answered %d rows, %d were sent".formatted(address, predictions.size(), rows));
    }
    return predictions;
  }

  private static JsonNode value(Object value) {
    return value instanceof byte[] bytes
        ? JSON.createObjectNode().put("b64", Base64.getEncoder().encodeToString(bytes))
        : JSON.valueToTree(value);
  }

  private JsonNode post(byte[] body) throws IOException {
    URI target = URI.create(address + ":predict");
    HttpRequest request =
        HttpRequest.newBuilder(target)
            .timeout(timeout)
            .header("Content-Type", "application/json")
            .POST(HttpRequest.BodyPublishers.ofByteArray(body))
            .build();
    HttpResponse<byte[]> response;
    try {
      response = http.send(request, HttpResponse.BodyHandlers.ofByteArray());
    } catch (ConnectException e) {
      throw new IOException(target + ": no server answers there; is it running?", e);
    } catch (HttpTimeoutException e) {
      throw new IOException(target + ": no answer within " + timeout, e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new InterruptedIOException(target + ": interrupted while the server was asked");
    }
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
}
