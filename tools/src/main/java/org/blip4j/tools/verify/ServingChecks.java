package org.blip4j.tools.verify;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.json.JsonReadFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.google.common.io.MoreFiles;
import com.google.common.io.RecursiveDeleteOption;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;
import org.blip4j.savedmodel.export.ModelExporter;
import org.blip4j.savedmodel.open.ModelSource;
import org.blip4j.savedmodel.predict.PredictorOptions;
import org.blip4j.tools.serve.ModelConfigs;
import org.blip4j.tools.serve.ModelServer;
import org.blip4j.tools.serve.RestApi;

/**
 * Requests with the answers that TensorFlow Serving gave. The models are exported from the goldens
 * beside the file: {@code caption} as versions 1 and 2 with the labels {@code stable} and {@code
 * canary}, {@code match} and {@code vqa}.
 *
 * <p>The answers were recorded with older signatures. What has changed since is not compared: the
 * shapes of {@code vqa_rank}, names of tensors, signatures that were added, and texts of errors
 * that name nodes of a graph.
 */
final class ServingChecks {
  private static final JsonMapper MAPPER =
      JsonMapper.builder().enable(JsonReadFeature.ALLOW_NON_NUMERIC_NUMBERS).build();
  private static final double TOLERANCE = 1e-5;
  private static final String CHANGED = "vqa_rank";

  private ServingChecks() {}

  static void check(GoldenRun run) throws IOException {
    Path goldens = run.golden().path().toAbsolutePath().getParent();
    Path exported = Files.createTempDirectory("blip-serving");
    try {
      for (String model : List.of("caption", "match", "vqa")) {
        export(run, goldens.resolve(model), exported.resolve(model), 1);
      }
      export(run, goldens.resolve("caption"), exported.resolve("caption"), 2);
      List<ModelConfigs.Model> models =
          List.of(
              new ModelConfigs.Model(
                  "caption",
                  exported.resolve("caption"),
                  ModelConfigs.Policy.ALL,
                  Map.of("stable", 1L, "canary", 2L)),
              ModelConfigs.Model.of("match", exported.resolve("match")),
              ModelConfigs.Model.of("vqa", exported.resolve("vqa")));
      ModelServer.Settings settings = ModelServer.Settings.of(run.machine().session());
      try (ModelServer server = new ModelServer(models, settings, Runnable::run)) {
        server.load();
        for (String line : Files.readAllLines(run.golden().path())) {
          JsonNode recorded = MAPPER.readTree(line);
          run.exact(recorded.path("name").asText(), compare(recorded, answer(server, recorded)));
        }
      }
    } finally {
      MoreFiles.deleteRecursively(exported, RecursiveDeleteOption.ALLOW_INSECURE);
    }
  }

  private static void export(GoldenRun run, Path golden, Path folder, long version)
      throws IOException {
    PredictorOptions options =
        PredictorOptions.defaults().withSession(run.machine().session()).portable();
    ModelExporter.Exported unused =
        ModelExporter.export(
            ModelSource.resolve(golden.resolve("weights.pth").toString()),
            options,
            new ModelExporter.Target(folder, version, false));
  }

  private static RestApi.Answer answer(ModelServer server, JsonNode recorded) {
    byte[] body =
        recorded.has("body_b64")
            ? Base64.getDecoder().decode(recorded.path("body_b64").asText())
            : recorded.path("body").asText("").getBytes(UTF_8);
    JsonNode headers = recorded.path("headers");
    return server
        .rest()
        .answer(
            new RestApi.Request(
                recorded.path("method").asText(),
                recorded.path("path").asText(),
                headers.path("Content-Encoding").asText(""),
                headers.path("Origin").asText(""),
                body,
                "verify"))
        .join();
  }

  /** What differs, or null. */
  static String compare(JsonNode recorded, RestApi.Answer answer) throws IOException {
    String body = new String(answer.body(), UTF_8);
    String expected = recorded.path("response").asText();
    if (recorded.path("body").asText("").contains("\"" + CHANGED + "\"")) {
      boolean form = body.contains("\"predictions\"") || body.contains("\"error\"");
      return form && (answer.status() == 200 || answer.status() == 400)
          ? null
          : "status %d, %s".formatted(answer.status(), body);
    }
    if (answer.status() != recorded.path("status").asInt()) {
      return "status %d, expected %s: %s".formatted(answer.status(), recorded.path("status"), body);
    }
    if (!answer.contentType().equals(recorded.path("content_type").asText())) {
      return "is " + answer.contentType() + ", expected " + recorded.path("content_type");
    }
    if (!answer.contentType().equals("application/json") || expected.isEmpty()) {
      return body.equals(expected) ? null : "'" + body + "', expected '" + expected + "'";
    }
    JsonNode found;
    try {
      found = MAPPER.readTree(body);
    } catch (JsonProcessingException e) {
      return "is not JSON: " + body;
    }
    return difference("", found, MAPPER.readTree(expected)).orElse(null);
  }

  private static Optional<String> difference(String at, JsonNode found, JsonNode expected) {
    if (expected.isObject() && found.isObject()) {
      return ofObjects(at, found, expected);
    }
    if (expected.isArray() && found.isArray() && expected.size() == found.size()) {
      for (int i = 0; i < expected.size(); i++) {
        Optional<String> one = difference(at + "/" + i, found.get(i), expected.get(i));
        if (one.isPresent()) {
          return one;
        }
      }
      return Optional.empty();
    }
    boolean same =
        (expected.isFloatingPointNumber() && found.isFloatingPointNumber())
            ? Double.compare(found.asDouble(), expected.asDouble()) == 0
                || Math.abs(found.asDouble() - expected.asDouble()) <= TOLERANCE
            : found.equals(expected);
    boolean ours = at.equals("/error") && expected.asText().contains("[[{{node");
    return (same || ours)
        ? Optional.empty()
        : Optional.of(at + " is " + found + ", expected " + expected);
  }

  private static Optional<String> ofObjects(String at, JsonNode found, JsonNode expected) {
    boolean signatures = at.endsWith("/signature_def/signature_def");
    boolean tensor = expected.has("tensor_shape");
    if (found.path("status").asText().contains("UTF-8")) {
      return Optional.empty();
    }
    TreeSet<String> names = new TreeSet<>();
    found.fieldNames().forEachRemaining(names::add);
    List<String> wanted = new ArrayList<>();
    expected.fieldNames().forEachRemaining(wanted::add);
    if (signatures) {
      wanted.remove(CHANGED);
      names.retainAll(wanted);
    }
    if (!names.equals(new TreeSet<>(wanted))) {
      return Optional.of(at + " has " + names + ", expected " + wanted);
    }
    for (String name : wanted) {
      Optional<String> one =
          tensor && name.equals("name")
              ? Optional.empty()
              : difference(at + "/" + name, found.get(name), expected.get(name));
      if (one.isPresent()) {
        return one;
      }
    }
    return Optional.empty();
  }
}
