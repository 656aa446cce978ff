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
import java.nio.file.Path;
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
  private final Histogram warmupLatency =
      Histogram.builder()
          .name(":tensorflow:serving:model_warmup_latency")
          .help("Microseconds.")
          .classicOnly()
          .classicUpperBounds(MICROS)
          .labelNames("model_path", "status")
          .register(registry);
  private final Histogram queuingLatency = batching("queuing_latency", "Microseconds.", MICROS);
  private final Histogram inputBatchSize = batching("input_batch_size", "Rows of a call.", ROWS);
  private final Histogram processedBatchSize =
      batching("processed_batch_size", "Rows of a run.", ROWS);
  private final Histogram paddingSize = batching("padding_size", "Always 0.", ROWS);
  private final LongAdder runs = new LongAdder();

  /** The counter that the library would call {@code .._total}. */
  private final Map<String, LongAdder> requestCount = new ConcurrentSkipListMap<>();

  private Histogram batching(String name, String help, double[] bounds) {
    return histogram(":tensorflow:serving:batching_session:" + name, help, bounds);
  }

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

  /** What hears of a model's batches. */
  ServedModel.Listener of(String model) {
    return new ServedModel.Listener() {
      @Override
      public void asked(int rows) {
        inputBatchSize.labelValues(model).observe(rows);
      }

      @Override
      public void waited(Duration time) {
        queuingLatency.labelValues(model).observe(time.toNanos() / 1e3);
      }

      @Override
      public void ran(int rows, Duration time) {
        double seconds = time.toNanos() / 1e9;
        runs.increment();
        runSeconds.labelValues(model).observe(seconds);
        batchRows.labelValues(model).observe(rows);
        runtimeLatency.labelValues(model, "predict", "TF1").observe(seconds * 1e6);
        processedBatchSize.labelValues(model).observe(rows);
        paddingSize.labelValues(model).observe(0);
      }

      @Override
      public void warmed(Path version, Duration time) {
        warmupLatency.labelValues(version.toString(), Code.OK.name()).observe(time.toNanos() / 1e3);
      }
    };
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
    String runCount = ":tensorflow:serving:batching_session:wrapped_run_count";
    String name = ":tensorflow:serving:request_count";
    StringBuilder count = new StringBuilder("# TYPE " + runCount + " counter\n");
    count.append(runCount + " " + runs.sum() + "\n# TYPE " + name + " counter\n");
    requestCount.forEach(
        (labels, calls) -> count.append(name + "{" + labels + "} " + calls.sum()).append('\n'));
    out.writeBytes(count.toString().getBytes(StandardCharsets.UTF_8));
    return out.toByteArray();
  }
}
