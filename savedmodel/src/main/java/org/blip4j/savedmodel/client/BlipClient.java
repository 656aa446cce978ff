package org.blip4j.savedmodel.client;

import static com.google.common.base.Preconditions.checkArgument;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.google.common.collect.ImmutableList;
import java.io.IOException;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
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
  private final ModelAddress address;

  private BlipClient(ModelAddress address) {
    this.address = address;
  }

  /**
   * A client of the newest version of a model.
   *
   * @param server such as {@code http://localhost:8501}, or with the path below which it answers
   * @param model the name under which it is served
   * @throws IllegalArgumentException if the server is no address of this form or the name is empty
   */
  public static BlipClient of(URI server, String model) {
    return new BlipClient(ModelAddress.of(server, model));
  }

  /** The same for one version, in place of a version or label chosen before. */
  public BlipClient withVersion(long version) {
    return new BlipClient(address.withVersion(version));
  }

  /** The same for the version that has a label, in place of a version or label chosen before. */
  public BlipClient withLabel(String label) {
    return new BlipClient(address.withLabel(label));
  }

  /** The same with another time in which a call has to be answered whole (a minute). */
  public BlipClient withTimeout(Duration limit) {
    return new BlipClient(address.withTimeout(limit));
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
    return texts(
        ServingSignature.CAPTION,
        ServingSignature.CAPTION_TEXT,
        Collections.singletonMap(ServingSignature.IMAGE_BYTES, images));
  }

  /** A caption of each image that goes on with its prompt. */
  public List<Text> caption(List<byte[]> images, List<String> prompts) throws IOException {
    return texts(
        ServingSignature.CAPTION_PROMPTED,
        ServingSignature.CAPTION_TEXT,
        columns(images, ServingSignature.PROMPT, prompts));
  }

  /** A caption of each image drawn by chance, the same for the same seed. */
  public List<Text> sample(List<byte[]> images, List<Long> seeds) throws IOException {
    return texts(
        ServingSignature.CAPTION_SAMPLE,
        ServingSignature.CAPTION_TEXT,
        columns(images, ServingSignature.SEED, seeds));
  }

  /** An answer to each question about the image in its row. */
  public List<Text> vqa(List<byte[]> images, List<String> questions) throws IOException {
    return texts(
        ServingSignature.VQA,
        ServingSignature.ANSWER,
        columns(images, ServingSignature.QUESTION, questions));
  }

  /** How each text matches the image in its row. */
  public List<Match> match(List<byte[]> images, List<String> texts) throws IOException {
    return read(
        predict(ServingSignature.MATCH.key(), columns(images, ServingSignature.TEXT, texts)),
        row ->
            new Match(
                row.path(ServingSignature.ITM_PROBABILITY).asDouble(),
                row.path(ServingSignature.ITC_COSINE).asDouble(),
                row.path(ServingSignature.STATUS).asText()));
  }

  private static Map<String, List<?>> columns(List<byte[]> images, String name, List<?> column) {
    Map<String, List<?>> columns = new LinkedHashMap<>();
    columns.put(ServingSignature.IMAGE_BYTES, images);
    columns.put(name, column);
    return columns;
  }

  private List<Text> texts(
      ServingSignature signature, String output, Map<String, ? extends List<?>> columns)
      throws IOException {
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
   * @throws IllegalArgumentException if the columns are not of one length, or null
   */
  public List<JsonNode> predict(String signature, Map<String, ? extends List<?>> columns)
      throws IOException {
    columns.forEach(
        (name, column) ->
            checkArgument(
                column != null, "%s is null; give a list with an element for each row", name));
    int rows = columns.values().stream().mapToInt(List::size).max().orElse(0);
    columns.forEach(
        (name, column) ->
            checkArgument(
                column.size() == rows,
                "%s has %s rows, other inputs have %s; give one for each row",
                name,
                column.size(),
                rows));
    if (rows == 0) {
      return List.of(); // Serving refuses an empty list
    }
    ObjectNode request = ModelAddress.JSON.createObjectNode().put("signature_name", signature);
    ArrayNode instances = request.putArray("instances");
    for (int row = 0; row < rows; row++) {
      ObjectNode instance = instances.addObject();
      for (Map.Entry<String, ? extends List<?>> column : columns.entrySet()) {
        Object value = column.getValue().get(row);
        checkArgument(value != null, "%s has null in row %s; give a value", column.getKey(), row);
        instance.set(column.getKey(), value(value));
      }
    }
    JsonNode answer = address.predict(request);
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
        ? ModelAddress.JSON.createObjectNode().put("b64", Base64.getEncoder().encodeToString(bytes))
        : ModelAddress.JSON.valueToTree(value);
  }
}
