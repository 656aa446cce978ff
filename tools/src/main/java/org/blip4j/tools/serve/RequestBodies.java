package org.blip4j.tools.serve;

import io.undertow.connector.PooledByteBuffer;
import io.undertow.server.Connectors;
import io.undertow.server.HttpServerExchange;
import io.undertow.server.protocol.http.HttpContinue;
import io.undertow.util.Headers;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.BiConsumer;
import org.xnio.IoUtils;
import org.xnio.XnioExecutor;
import org.xnio.channels.StreamSourceChannel;

/**
 * Receives the bodies of requests, without a thread for each. A body is bounded in its length, in
 * the pace at which it has to come, and together with all others in memory. What counts is what has
 * come, not what was announced, so that those who send nothing shut nobody out; a packed body
 * counts as the largest one beside itself while it is unpacked and read.
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
    if (exchange.getRequestContentLength() > most) {
      refusal.send(exchange, 413, "too large", RestApi.tooLarge(most));
    } else if (exchange.isRequestComplete()) {
      next.accept(exchange, new byte[0]);
    } else {
      Incoming incoming = new Incoming(exchange, next);
      incoming.watch();
      incoming.read().run();
    }
  }

  /**
   * Lets a body that nobody reads come to its end, if it does so soon: who is cut off while sending
   * does not see the answer, so a connection is closed only then. A body that waits to be asked for
   * does not come.
   */
  void ignore(HttpServerExchange exchange) {
    if (exchange.isRequestComplete()) {
      return;
    }
    boolean comes = !HttpContinue.requiresContinueResponse(exchange);
    if (comes && !exchange.isPersistent()) {
      atEnd(exchange, () -> IoUtils.safeClose(exchange.getConnection()));
    }
    exchange.setPersistent(comes);
    XnioExecutor.Key deadline =
        exchange
            .getIoThread()
            .executeAfter(
                () -> closeSlow(exchange), settings.headers().toMillis(), TimeUnit.MILLISECONDS);
    atEnd(exchange, deadline::remove);
  }

  private void closeSlow(HttpServerExchange exchange) {
    metrics.refused("slow");
    IoUtils.safeClose(exchange.getConnection());
  }

  private static void atEnd(HttpServerExchange exchange, Runnable action) {
    exchange.addExchangeCompleteListener(
        (done, next) -> {
          action.run();
          next.proceed();
        });
  }

  /** A body on its way, which one thread reads. */
  private final class Incoming {
    private final HttpServerExchange exchange;
    private final BiConsumer<HttpServerExchange, byte[]> next;
    private final StreamSourceChannel channel;
    private final boolean packed;
    private ByteArrayOutputStream received = new ByteArrayOutputStream();
    private final long start = System.nanoTime();
    private long own;
    private boolean ended;
    private XnioExecutor.Key deadline;

    Incoming(HttpServerExchange exchange, BiConsumer<HttpServerExchange, byte[]> next) {
      this.exchange = exchange;
      this.next = next;
      this.packed =
          RestApi.isPacked(exchange.getRequestHeaders().getFirst(Headers.CONTENT_ENCODING));
      this.channel = exchange.getRequestChannel();
      channel.getReadSetter().set(open -> goOn());
      atEnd(exchange, this::release);
    }

    private void goOn() {
      if (ended) {
        return;
      }
      Runnable then = read();
      if (ended) {
        Connectors.executeRootHandler(same -> then.run(), exchange);
      } else {
        then.run();
      }
    }

    /** Closes the connection when too little has come for the time that it took. */
    void watch() {
      long allowed =
          settings.headers().toNanos()
              + TimeUnit.SECONDS.toNanos(1) * received.size() / settings.slowest();
      long left = start + allowed - System.nanoTime();
      if (left <= 0) {
        closeSlow(exchange);
      } else {
        deadline = exchange.getIoThread().executeAfter(this::watch, left, TimeUnit.NANOSECONDS);
      }
    }

    /** Reads what has come, and returns what to do then. */
    Runnable read() {
      try (PooledByteBuffer pooled = exchange.getConnection().getByteBufferPool().allocate()) {
        ByteBuffer buffer = pooled.getBuffer();
        while (true) {
          buffer.clear();
          int bytes = channel.read(buffer);
          if (bytes == 0) {
            return channel::resumeReads;
          }
          boolean whole = bytes < 0;
          if (!whole && received.size() + bytes > most) {
            release();
            return ended(() -> refusal.send(exchange, 413, "too large", RestApi.tooLarge(most)));
          }
          if (!reserve(whole && packed ? most : Math.max(0, bytes))) {
            release();
            return ended(this::refuse);
          }
          if (whole) {
            byte[] body = received.toByteArray();
            received = new ByteArrayOutputStream();
            return ended(() -> next.accept(exchange, body));
          }
          byte[] part = new byte[bytes];
          buffer.flip().get(part);
          received.write(part, 0, bytes);
        }
      } catch (IOException e) {
        return ended(() -> IoUtils.safeClose(exchange.getConnection()));
      }
    }

    private boolean reserve(long bytes) {
      own += bytes;
      return reserved.addAndGet(bytes) <= settings.budget();
    }

    private void release() {
      reserved.addAndGet(-own);
      own = 0;
      received = new ByteArrayOutputStream();
    }

    private void refuse() {
      exchange.getResponseHeaders().put(Headers.RETRY_AFTER, "1");
      refusal.send(exchange, 503, "no memory", "too much is being received; try again later");
    }

    private Runnable ended(Runnable action) {
      ended = true;
      boolean unused = deadline.remove();
      channel.suspendReads();
      return action;
    }
  }
}
