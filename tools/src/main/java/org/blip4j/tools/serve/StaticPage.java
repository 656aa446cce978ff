package org.blip4j.tools.serve;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.google.common.collect.ImmutableMap;
import com.google.common.io.ByteStreams;
import io.undertow.server.HttpServerExchange;
import io.undertow.util.Headers;
import io.undertow.util.HttpString;
import java.io.IOException;
import java.io.InputStream;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The page to try models: its files, which lie in the class path and nowhere else, and the list of
 * models that it offers.
 */
final class StaticPage {
  private static final String MODELS = "/blip/models";
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final String FOLDER = "page/";
  private static final Pattern FILE = Pattern.compile("/([A-Za-z0-9_-]+\\.([a-z0-9]+))");
  private static final ImmutableMap<String, String> TYPES =
      ImmutableMap.of(
          "html", "text/html; charset=utf-8",
          "js", "text/javascript; charset=utf-8",
          "css", "text/css; charset=utf-8",
          "svg", "image/svg+xml",
          "png", "image/png",
          "ico", "image/x-icon");
  private static final String POLICY =
      "default-src 'self'; img-src 'self' blob: data:; media-src 'self' blob:; base-uri 'none';"
          + " form-action 'none'; frame-ancestors 'none'";

  private StaticPage() {}

  /** Sends a file or the list of models, if the path names one. */
  static boolean answered(HttpServerExchange exchange, String path, ModelServer server)
      throws IOException {
    if (path.equals(MODELS)) {
      byte[] models = JSON.writeValueAsBytes(Map.of("models", server.offered()));
      HttpServer.send(exchange, new RestApi.Answer(200, "application/json", models));
      return true;
    }
    Matcher file = FILE.matcher(path.equals("/") ? "/index.html" : path);
    if (!file.matches() || !TYPES.containsKey(file.group(2))) {
      return false;
    }
    try (InputStream in = StaticPage.class.getResourceAsStream(FOLDER + file.group(1))) {
      if (in == null) {
        return false;
      }
      exchange
          .getResponseHeaders()
          .put(HttpString.tryFromString("Content-Security-Policy"), POLICY)
          .put(Headers.CACHE_CONTROL, "no-cache");
      byte[] bytes = ByteStreams.toByteArray(in);
      HttpServer.send(exchange, new RestApi.Answer(200, TYPES.get(file.group(2)), bytes));
      return true;
    }
  }
}
