package org.blip4j.tools.serve;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.google.common.base.Ascii;
import com.google.common.net.HostAndPort;
import com.google.common.net.InetAddresses;
import io.undertow.Handlers;
import io.undertow.Undertow;
import io.undertow.UndertowOptions;
import io.undertow.server.HttpServerExchange;
import io.undertow.server.handlers.GracefulShutdownHandler;
import io.undertow.server.handlers.HttpContinueReadHandler;
import io.undertow.util.Headers;
import io.undertow.util.HttpString;
import java.io.Closeable;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.blip4j.tools.serve.RestApi.Answer;
import org.xnio.IoUtils;
import org.xnio.Options;

/**
 * Brings the REST API, the page, metrics and health to the network. Slow or stalled clients hold no
 * thread and are closed; bodies are bounded one by one and all together; a page of another site
 * cannot call it.
 */
final class HttpServer implements Closeable {
  /** Kept here, for a logger that nobody holds forgets its level. */
  private static final List<Logger> LOGGERS =
      List.of(
          Logger.getLogger("io.undertow"),
          Logger.getLogger("org.xnio"),
          Logger.getLogger("org.jboss"));

  /**
   * Bounds.
   *
   * @param host the address to listen on, or a name of it
   * @param port 0 for a free one
   * @param budget bytes of all bodies that are in memory at once
   * @param headers how long the head of a request may take, and the body beside its own time
   * @param slowest bytes a second that a body has to come with
   * @param connections open ones at most
   */
  record Settings(
      String host, int port, long budget, Duration headers, int slowest, int connections) {
    /**
     * As a server has them unless told otherwise.
     *
     * @param most bytes of a body
     */
    static Settings of(String host, int port, int most) {
      long budget = Math.max(256L << 20, 4L * most);
      return new Settings(host, port, budget, Duration.ofSeconds(5), 256 << 10, 512);
    }
  }

  private final ModelServer server;
  private final Settings settings;
  private final Executor workers;
  private final RequestBodies bodies;

  /** Whether only this machine can call, so that other names of it are a foreign page's trick. */
  private final boolean guarded;

  private final GracefulShutdownHandler graceful = Handlers.gracefulShutdown(this::handle);

  private final Undertow undertow;

  private HttpServer(ModelServer server, Settings settings, InetAddress address, Executor workers) {
    this.server = server;
    this.settings = settings;
    this.workers = workers;
    this.guarded = address.isLoopbackAddress();
    this.bodies =
        new RequestBodies(settings, server.settings().mostBytes(), server.metrics(), this::refuse);
    LOGGERS.forEach(logger -> logger.setLevel(Level.SEVERE));
    int head = Math.toIntExact(settings.headers().toMillis());
    int idle = Math.max(10_000, 2 * head);
    this.undertow =
        Undertow.builder()
            .addHttpListener(settings.port(), address.getHostAddress())
            .setIoThreads(2)
            .setWorkerThreads(2)
            .setServerOption(UndertowOptions.REQUEST_PARSE_TIMEOUT, head)
            .setServerOption(UndertowOptions.NO_REQUEST_TIMEOUT, idle)
            .setServerOption(UndertowOptions.MAX_HEADER_SIZE, 16_384)
            .setServerOption(UndertowOptions.MAX_HEADERS, 64)
            .setServerOption(UndertowOptions.MAX_ENTITY_SIZE, 4L * server.settings().mostBytes())
            .setSocketOption(Options.READ_TIMEOUT, idle)
            .setSocketOption(Options.WRITE_TIMEOUT, idle)
            .setSocketOption(Options.CONNECTION_HIGH_WATER, settings.connections())
            .setSocketOption(Options.CONNECTION_LOW_WATER, settings.connections())
            .setHandler(new HttpContinueReadHandler(graceful)) // goes on once a body is read
            .build();
  }

  /** Begins to listen. */
  static HttpServer start(ModelServer server, Settings settings, Executor workers)
      throws IOException {
    InetAddress address = InetAddress.getByName(settings.host());
    HttpServer http = new HttpServer(server, settings, address, workers);
    try {
      http.undertow.start();
      return http;
    } catch (RuntimeException e) {
      http.undertow.stop();
      throw new IOException(
          "cannot listen on %s port %d: %s; is another server there?"
              .formatted(settings.host(), settings.port(), e.getMessage()),
          e);
    }
  }

  /** The port, also if a free one was asked for. */
  int port() {
    return ((InetSocketAddress) undertow.getListenerInfo().get(0).getAddress()).getPort();
  }

  /** Answers what has begun, refuses what comes, and ends after ten seconds at the latest. */
  @Override
  public void close() {
    graceful.shutdown();
    try {
      boolean unused = graceful.awaitShutdown(10_000);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    undertow.stop();
  }

  private void handle(HttpServerExchange exchange) throws IOException {
    String foreign = foreign(exchange);
    if (!foreign.isEmpty()) {
      refuse(exchange, 403, "foreign", foreign);
      return;
    }
    String method = exchange.getRequestMethod().toString();
    if (method.equals("GET") || method.equals("HEAD") || method.equals("OPTIONS")) {
      bodies.ignore(exchange);
      if (!method.equals("GET") || !answered(exchange)) {
        exchange.dispatch(workers, () -> answer(exchange, new byte[0]));
      }
      return;
    }
    bodies.receive(exchange, (whole, body) -> whole.dispatch(workers, () -> answer(whole, body)));
  }

  private void refuse(HttpServerExchange exchange, int status, String reason, String text) {
    server.metrics().refused(reason);
    bodies.ignore(exchange);
    send(exchange, Answer.error(status, text));
  }

  private void answer(HttpServerExchange exchange, byte[] body) {
    try {
      String query = exchange.getQueryString();
      RestApi.Request request =
          new RestApi.Request(
              exchange.getRequestMethod().toString(),
              exchange.getRequestURI() + (query.isEmpty() ? "" : "?" + query),
              header(exchange, Headers.CONTENT_ENCODING),
              header(exchange, Headers.ORIGIN),
              body,
              exchange.getSourceAddress().getHostString());
      CompletableFuture<Answer> unused =
          server
              .rest()
              .answer(request)
              .whenComplete((answer, failure) -> finish(exchange, answer, failure));
    } catch (RuntimeException | Error e) {
      finish(exchange, null, e);
    }
  }

  /** Ends an exchange, whatever happens; it would stay open. */
  private static void finish(HttpServerExchange exchange, Answer answer, Throwable failure) {
    try {
      send(exchange, failure == null ? answer : Answer.error(500, failure.toString()));
    } catch (RuntimeException | Error e) {
      IoUtils.safeClose(exchange.getConnection());
    }
  }

  static void send(HttpServerExchange exchange, Answer answer) {
    exchange.setStatusCode(answer.status());
    exchange.getResponseHeaders().put(Headers.CONTENT_TYPE, answer.contentType());
    exchange
        .getResponseHeaders()
        .put(HttpString.tryFromString("X-Content-Type-Options"), "nosniff");
    exchange.getResponseSender().send(ByteBuffer.wrap(answer.body()));
  }

  private static String header(HttpServerExchange exchange, HttpString name) {
    String value = exchange.getRequestHeaders().getFirst(name);
    return value == null ? "" : value;
  }

  /** Why a request comes from a page that is not ours; empty if it does not. */
  private String foreign(HttpServerExchange exchange) {
    String host = header(exchange, Headers.HOST);
    String origin = header(exchange, Headers.ORIGIN);
    if (guarded && !host.isEmpty() && !isOwn(hostOf(host))) {
      return "Host '" + host + "' is not this machine's own; call it as 127.0.0.1 or localhost";
    }
    if (!origin.isEmpty()
        && !origin.equals("http://" + host)
        && !origin.equals("https://" + host)) {
      return "Origin '" + origin + "' is a foreign page's; only this server's own page may call it";
    }
    return "";
  }

  private static String hostOf(String header) {
    try {
      return HostAndPort.fromString(header).getHost();
    } catch (IllegalArgumentException e) {
      return header;
    }
  }

  /** Whether a name is the one that was asked for, or any that is loopback's for certain. */
  private boolean isOwn(String host) {
    return Ascii.equalsIgnoreCase(host, "localhost")
        || Ascii.equalsIgnoreCase(host, settings.host())
        || (InetAddresses.isInetAddress(host) && InetAddresses.forString(host).isLoopbackAddress());
  }

  /** Answers what no model is asked for: metrics, health, files of the page. */
  private boolean answered(HttpServerExchange exchange) throws IOException {
    String path = exchange.getRequestURI();
    switch (path) {
      case "/metrics", "/monitoring/prometheus/metrics" -> {
        send(exchange, new Answer(200, ServerMetrics.CONTENT_TYPE, server.metrics().text()));
        return true;
      }
      case "/healthz" -> {
        boolean ok = server.models().allAvailable();
        byte[] text = (ok ? "ok\n" : "a model is not available\n").getBytes(UTF_8);
        send(exchange, new Answer(ok ? 200 : 503, "text/plain; charset=utf-8", text));
        return true;
      }
      default -> {}
    }
    return StaticPage.answered(exchange, path, server);
  }
}
