package org.blip4j.savedmodel.hub;

import com.google.common.hash.Hashing;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * A server that behaves like the hub: small files answered directly, large ones (all with {@code
 * model} in their name) by a redirect to a storage on another host, with the tags and sizes in the
 * redirect.
 */
final class FakeHub implements AutoCloseable {
  static final String COMMIT = "0123456789abcdef0123456789abcdef01234567";

  private final HttpServer hub;
  private final HttpServer storage;
  final Map<String, byte[]> files = new HashMap<>();
  final Map<String, String> wrongTags = new HashMap<>();
  final List<String> requests = new ArrayList<>();
  final List<String> storageTokens = new ArrayList<>();
  String token = "";
  int status = 200;
  int cuts;
  boolean dying;

  FakeHub() throws IOException {
    // Two names of one machine: another host for who compares names.
    hub = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    storage = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    hub.createContext("/", this::answer);
    storage.createContext("/", this::store);
    hub.start();
    storage.start();
  }

  URI address() {
    return URI.create("http://localhost:" + hub.getAddress().getPort());
  }

  void put(String name, String content) {
    files.put(name, content.getBytes(StandardCharsets.UTF_8));
  }

  private synchronized void answer(HttpExchange exchange) throws IOException {
    String path = exchange.getRequestURI().getPath();
    requests.add(exchange.getRequestMethod() + " " + path);
    String name = path.replaceFirst(".*/resolve/main/", "");
    byte[] content = files.get(name);
    String authorization = exchange.getRequestHeaders().getFirst("Authorization");
    if (status != 200) {
      end(exchange, status);
    } else if (!token.isEmpty() && !("Bearer " + token).equals(authorization)) {
      end(exchange, 401);
    } else if (path.startsWith("/old/")) {
      exchange.getResponseHeaders().add("Location", path.replaceFirst("/old/", "/new/"));
      end(exchange, 307);
    } else if (content == null || !path.startsWith("/new/tiny/resolve/main/")) {
      exchange
          .getResponseHeaders()
          .add("X-Error-Code", path.startsWith("/new/tiny/") ? "EntryNotFound" : "RepoNotFound");
      end(exchange, 404);
    } else if (name.contains("model")) {
      String tag = wrongTags.getOrDefault(name, Hashing.sha256().hashBytes(content).toString());
      exchange.getResponseHeaders().add("X-Repo-Commit", COMMIT);
      exchange.getResponseHeaders().add("X-Linked-Etag", "\"" + tag + "\"");
      exchange.getResponseHeaders().add("X-Linked-Size", Integer.toString(content.length));
      exchange
          .getResponseHeaders()
          .add("Location", "http://127.0.0.1:" + storage.getAddress().getPort() + "/" + name);
      end(exchange, 302);
    } else {
      exchange.getResponseHeaders().add("X-Repo-Commit", COMMIT);
      exchange.getResponseHeaders().add("ETag", "\"" + Arrays.hashCode(content) + "\"");
      send(exchange, content, 0);
    }
  }

  private synchronized void store(HttpExchange exchange) throws IOException {
    String range = exchange.getRequestHeaders().getFirst("Range");
    requests.add(
        "STORE " + exchange.getRequestURI().getPath() + (range == null ? "" : " " + range));
    storageTokens.add(String.valueOf(exchange.getRequestHeaders().getFirst("Authorization")));
    if (dying && cuts == 0) {
      end(exchange, 503);
      return;
    }
    int from = range == null ? 0 : Integer.parseInt(range.replaceAll("\\D", ""));
    send(exchange, files.get(exchange.getRequestURI().getPath().substring(1)), from);
  }

  private void send(HttpExchange exchange, byte[] content, int from) throws IOException {
    int length = content.length - from;
    if (from > 0) {
      exchange
          .getResponseHeaders()
          .add(
              "Content-Range",
              "bytes %d-%d/%d".formatted(from, content.length - 1, content.length));
    }
    if (exchange.getRequestMethod().equals("HEAD")) {
      exchange.getResponseHeaders().add("Content-Length", Integer.toString(length));
      exchange.sendResponseHeaders(200, -1);
      exchange.close();
      return;
    }
    exchange.sendResponseHeaders(from > 0 ? 206 : 200, length);
    boolean cut = cuts > 0 && length > 1000;
    cuts -= cut ? 1 : 0;
    OutputStream out = exchange.getResponseBody();
    out.write(content, from, cut ? length / 2 : length);
    out.flush();
    exchange.close(); // before the promised length was sent, if cut: the connection breaks
  }

  private static void end(HttpExchange exchange, int status) throws IOException {
    exchange.sendResponseHeaders(status, -1);
    exchange.close();
  }

  @Override
  public void close() {
    hub.stop(0);
    storage.stop(0);
  }
}
