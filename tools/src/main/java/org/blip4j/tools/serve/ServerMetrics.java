package org.blip4j.tools.serve;

import io.prometheus.metrics.core.metrics.Counter;
import io.prometheus.metrics.core.metrics.GaugeWithCallback;
import io.prometheus.metrics.core.metrics.Histogram;
import io.prometheus.metrics.expositionformats.PrometheusTextFormatWriter;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Supplier;
import org.blip4j.tools.serve.ServingException.Code;

/**
 * What is counted, in Prometheus' text form: under the names of TensorFlow Serving, so that its
 * dashboards go on working, and under our own in seconds.
 */
final class ServerMetrics {
  /** {@code text/plain} of the scraper. */
  static final String CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8";

  private static final double[] SECONDS = {.005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30};
  private static final double[] MICROS = {1e3, 3e3, 1e4, 3e4, 1e5, 3e5, 1e6, 3e6, 1e7, 3e7};
  private static final double[] ROWS = {1, 2, 4, 8, 16, 32, 64, 128};

  private final PrometheusRegistry registry = new PrometheusRegistry();
  private final Counter requests =
      Counter.builder()
          .name("blip_requests_total")
          .help("Calls of models.")
          .labelNames("model", "code", "entrypoint")
          .register(registry);
  private final Counter refused =
      Counter.builder()
          .name("blip_refused_total")
          .help("Requests that were refused before they were read.")
          .labelNames("reason")
          .register(registry);
  private final Counter pollFailures =
      Counter.builder()
          .name("blip_poll_failures_total")
          .help("Times that folders of models could not be looked at.")
          .register(registry);
  private final Histogram requestSeconds = histogram("blip_request_seconds", "Calls.", SECONDS);
  private final Histogram runSeconds = histogram("blip_run_seconds", "Runs of a graph.", SECONDS);
  private final Histogram batchRows = histogram("blip_batch_rows", "Rows of a run.", ROWS);
  private final Histogram requestLatency =
      histogram(
          ":tensorflow:serving:request_latency", "Microseconds.", MICROS, "API", "entrypoint");
  private final Histogram runtimeLatency =
      histogram(":tensorflow:serving:runtime_latency", "Microseconds.", MICROS, "API", "runtime");
  private final Histogram processedBatchSize =
      histogram(
          ":tensorflow:serving:batching_session:processed_batch_size", "Rows of a run.", ROWS);

  /** The counter that the library would call {@code .._total}. */
  private final Map<String, LongAdder> requestCount = new ConcurrentSkipListMap<>();

  private Histogram histogram(String name, String help, double[] bounds, String... more) {
    boolean theirs = name.startsWith(":");
    String[] labels = new String[more.length + 1];
    labels[0] = theirs ? "model_name" : "model";
    System.arraycopy(more, 0, labels, 1, more.length);
    return Histogram.builder()
        .name(name)
        .help(help)
        .classicOnly()
        .classicUpperBounds(bounds)
        .labelNames(labels)
        .register(registry);
  }

  /** Shows how many rows wait, by model. */
  void watchQueues(Supplier<Map<String, Integer>> queued) {
    GaugeWithCallback.builder()
        .name("blip_queued_rows")
        .help("Rows that wait.")
        .labelNames("model")
        .callback(
            gauge -> new TreeMap<>(queued.get()).forEach((model, rows) -> gauge.call(rows, model)))
        .register(registry);
  }

  /**
   * A call ended.
   *
   * @param start of {@link System#nanoTime}
   */
  void called(String model, Code code, String entrypoint, long start) {
    double seconds = (System.nanoTime() - start) / 1e9;
    requests.labelValues(model, code.name(), entrypoint).inc();
    requestSeconds.labelValues(model).observe(seconds);
    requestLatency.labelValues(model, "predict", entrypoint).observe(seconds * 1e6);
    requestCount
        .computeIfAbsent(
            "model_name=\"%s\",status=\"%s\"".formatted(model.replaceAll("[\\\\\"\n]", "_"), code),
            key -> new LongAdder())
        .increment();
  }

  /** A batch was run. */
  void ran(String model, int rows, Duration time) {
    double seconds = time.toNanos() / 1e9;
    runSeconds.labelValues(model).observe(seconds);
    batchRows.labelValues(model).observe(rows);
    runtimeLatency.labelValues(model, "predict", "TF1").observe(seconds * 1e6);
    processedBatchSize.labelValues(model).observe(rows);
  }

  /** A request was refused. */
  void refused(String reason) {
    refused.labelValues(reason).inc();
  }

  /** Folders could not be looked at. */
  void pollFailed() {
    pollFailures.inc();
  }

  /** Everything. */
  byte[] text() {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    try {
      PrometheusTextFormatWriter.create().write(out, registry.scrape());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    String name = ":tensorflow:serving:request_count";
    StringBuilder count = new StringBuilder("# TYPE " + name + " counter\n");
    requestCount.forEach(
        (labels, calls) -> count.append(name + "{" + labels + "} " + calls.sum()).append('\n'));
    out.writeBytes(count.toString().getBytes(StandardCharsets.UTF_8));
    return out.toByteArray();
  }
}
