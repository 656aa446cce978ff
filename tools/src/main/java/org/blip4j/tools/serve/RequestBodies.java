package org.blip4j.tools.serve;

import io.undertow.io.Receiver;
import io.undertow.server.HttpServerExchange;
import io.undertow.util.Headers;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.BiConsumer;
import org.xnio.IoUtils;
import org.xnio.XnioExecutor;

/**
 * Receives the bodies of requests, without a thread for each. A body is bounded in its length, in
 * the time that it may take to come, and together with all others in memory, counted as they are
 * when unpacked.
 */
final class RequestBodies {
  /** How a request is refused. */
  interface Refusal {
    void send(HttpServerExchange exchange, int status, String reason, String text);
  }

  private final HttpServer.Settings settings;
  private final int most;
  private final ServerMetrics metrics;
  private final Refusal refusal;
  private final AtomicLong reserved = new AtomicLong();

  /**
   * Receives nothing yet.
   *
   * @param most bytes of a body
   */
  RequestBodies(HttpServer.Settings settings, int most, ServerMetrics metrics, Refusal refusal) {
    this.settings = settings;
    this.most = most;
    this.metrics = metrics;
    this.refusal = refusal;
  }

  /** Gives a body on once it is whole; what is too long, too much or too slow ends here. */
  void receive(HttpServerExchange exchange, BiConsumer<HttpServerExchange, byte[]> next) {
    long length = exchange.getRequestContentLength();
    if (length > most) {
      refusal.send(exchange, 413, "too large", RestApi.tooLarge(most));
      return;
    }
    long longest = length < 0 ? most : length;
    String encoding = exchange.getRequestHeaders().getFirst(Headers.CONTENT_ENCODING);
    long bytes = RestApi.isPacked(encoding) ? longest + most : longest;
    if (reserved.addAndGet(bytes) > settings.budget()) {
      reserved.addAndGet(-bytes);
      exchange.getResponseHeaders().put(Headers.RETRY_AFTER, "1");
      refusal.send(exchange, 503, "no memory", "too much is being received; try again later");
      return;
    }
    atEnd(exchange, () -> reserved.addAndGet(-bytes));
    XnioExecutor.Key deadline =
        closeAfter(exchange, settings.headers().plusMillis(1000 * longest / settings.slowest()));
    Receiver receiver = exchange.getRequestReceiver();
    receiver.setMaxBufferSize(most);
    receiver.receiveFullBytes(
        (whole, body) -> {
          boolean unused = deadline.remove();
          next.accept(whole, body);
        },
        (broken, failure) -> {
          boolean unused = deadline.remove();
          if (failure instanceof Receiver.RequestToLargeException) {
            refusal.send(broken, 413, "too large", RestApi.tooLarge(most));
          } else {
            IoUtils.safeClose(broken.getConnection());
          }
        });
  }

  /** Lets a body that nobody reads come to its end, if it does so soon. */
  void ignore(HttpServerExchange exchange) {
    if (!exchange.isRequestComplete()) {
      exchange.setPersistent(false);
      XnioExecutor.Key deadline = closeAfter(exchange, settings.headers());
      atEnd(exchange, deadline::remove);
    }
  }

  private static void atEnd(HttpServerExchange exchange, Runnable action) {
    exchange.addExchangeCompleteListener(
        (done, next) -> {
          action.run();
          next.proceed();
        });
  }

  private XnioExecutor.Key closeAfter(HttpServerExchange exchange, Duration time) {
    return exchange
        .getIoThread()
        .executeAfter(
            () -> {
              metrics.refused("slow");
              IoUtils.safeClose(exchange.getConnection());
            },
            time.toMillis(),
            TimeUnit.MILLISECONDS);
  }
}
