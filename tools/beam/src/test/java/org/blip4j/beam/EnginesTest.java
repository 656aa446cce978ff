package org.blip4j.beam;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.apache.beam.sdk.Pipeline;
import org.apache.beam.sdk.PipelineResult;
import org.apache.beam.sdk.metrics.MetricNameFilter;
import org.apache.beam.sdk.metrics.MetricsFilter;
import org.apache.beam.sdk.transforms.DoFn;
import org.apache.beam.sdk.transforms.ParDo;
import org.blip4j.tools.capfilt.CapFiltBlocks;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** CapFilt on each engine, against the plain command. */
class EnginesTest {
  private static final String SPARK = "--runner=SparkRunner --sparkMaster=local[2]";
  private static final String FLINK = "--runner=FlinkRunner --parallelism=2";

  @TempDir private static Path shared;
  private static WebShards web;
  private static Map<String, String> expected;
  @TempDir private Path folder;

  @BeforeAll
  static void plain() throws IOException {
    System.setProperty("spark.ui.enabled", "false");
    web = WebShards.write(shared);
    Path out = shared.resolve("plain");
    WebShards.Run run = web.plain(out);
    assertEquals(1, run.status(), run.err());
    expected = WebShards.content(out);
    assertTrue(expected.get("stats.json").contains("\"read\" : " + WebShards.RECORDS));
    assertTrue(expected.get("stats.json").contains("\"unreadable\" : 3"));
    assertTrue(expected.get("scores/a.jsonl").contains("\"decision\":\"kept\""));
    assertTrue(expected.get("scores/a.jsonl").contains("\"decision\":\"dropped\""));
  }

  private WebShards.Run beam(Path out, String... more) {
    return WebShards.run(CapFiltPipeline::run, web.options(out, more));
  }

  @ParameterizedTest
  @ValueSource(strings = {"--runner=DirectRunner --targetParallelism=2", FLINK, SPARK})
  void everyRunnerWritesTheBytesOfThePlainCommand(String runner) throws IOException {
    Path out = folder.resolve("out");
    String[] options = (runner + " --block-records=7").split(" ");
    WebShards.Run run = beam(out, options);
    assertEquals(1, run.status(), run.err());
    assertEquals(expected, WebShards.content(out));
    assertEquals(out.resolve("_SUCCESS"), newest(out));

    int loads = ModelHost.loads();
    WebShards.Run again = beam(out, options);
    assertEquals(run.out(), again.out());
    assertEquals(1, again.status(), again.err());
    assertEquals(loads, ModelHost.loads(), "there was nothing to do");
  }

  private static Path newest(Path out) throws IOException {
    try (Stream<Path> files = Files.walk(out)) {
      Path newest = null;
      for (Path file : (Iterable<Path>) files.filter(Files::isRegularFile)::iterator) {
        if (newest == null
            || Files.getLastModifiedTime(file).compareTo(Files.getLastModifiedTime(newest)) > 0) {
          newest = file;
        }
      }
      return newest;
    }
  }

  @Test
  void sparkWithoutBeamWritesThemToo() throws IOException {
    Path out = folder.resolve("out");
    WebShards.Run run = WebShards.run(CapFiltSparkJob::run, web.options(out));
    assertEquals(1, run.status(), run.err());
    assertEquals(expected, WebShards.content(out));
    WebShards.Run wrong =
        WebShards.run(CapFiltSparkJob::run, web.options(out, "--sparkMaster=local"));
    assertEquals(2, wrong.status());
    assertTrue(wrong.err().contains("--sparkMaster=local is not an option"), wrong.err());
  }

  @Test
  void whatOneBeginsTheOtherEnds() throws IOException {
    Path first = folder.resolve("first");
    assertEquals(0, web.plain(first, "--shards", "0-1").status());
    WebShards.Run rest = beam(first, "--runner=DirectRunner");
    assertEquals(1, rest.status(), rest.err());
    assertEquals(expected, WebShards.content(first));

    Path second = folder.resolve("second");
    WebShards.Run begun = beam(second, "--runner=DirectRunner", "--shards", "1-3");
    assertEquals(1, begun.status(), begun.err());
    assertTrue(begun.out().contains("37 records of 3 shards, 1 unreadable"), begun.out());
    assertFalse(Files.exists(second.resolve("_SUCCESS")));
    assertEquals(1, web.plain(second).status());
    assertEquals(expected, WebShards.content(second));
  }

  /** What can be evicted is computed again, if something asks for it twice. */
  @Test
  void sparkJudgesEachRecordOnceThoughItMayKeepNothing() throws IOException {
    Path out = folder.resolve("out");
    long[] records = new long[1];
    WebShards.Run run =
        WebShards.run(
            (streams, args) ->
                EngineCommand.run(
                    streams,
                    rest ->
                        job -> {
                          Pipeline pipeline = Pipeline.create(CapFiltPipeline.options(rest));
                          ShardStages.finish(ShardStages.blocks(pipeline, job), job.work());
                          PipelineResult result = pipeline.run();
                          result.waitUntilFinish();
                          records[0] = records(result);
                          return true;
                        },
                    args),
            web.options(out, (SPARK + " --storageLevel=NONE --block-records=5").split(" ")));
    assertEquals(1, run.status(), run.err());
    assertEquals(expected, WebShards.content(out));
    assertEquals(WebShards.RECORDS, records[0]);
  }

  private static long records(PipelineResult result) {
    MetricsFilter filter =
        MetricsFilter.builder().addNameFilter(MetricNameFilter.named("capfilt", "records")).build();
    return result.metrics().queryMetrics(filter).getCounters().iterator().next().getAttempted();
  }

  /** Fails the first two times, in whatever instance. */
  static final class FailTwice extends DoFn<CapFiltBlocks.Block, CapFiltBlocks.Block> {
    private static final long serialVersionUID = 1L;
    static final AtomicInteger CALLS = new AtomicInteger();

    @ProcessElement
    public void process(
        @Element CapFiltBlocks.Block block, OutputReceiver<CapFiltBlocks.Block> blocks) {
      int call = CALLS.getAndIncrement();
      if (call == 3 || call == 7) {
        throw new IllegalStateException("injected");
      }
      blocks.output(block);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {FLINK, "--runner=SparkRunner --sparkMaster=local[2,4]"})
  void tasksThatFailAreTriedAgain(String runner) throws IOException {
    Path config = Files.createDirectories(folder.resolve("flink"));
    Files.writeString(
        config.resolve("config.yaml"),
        """
        restart-strategy:
          type: fixed-delay
          fixed-delay:
            attempts: 3
            delay: 100 ms
        """);
    String more = runner.equals(FLINK) ? " --flinkConfDir=" + config : "";
    FailTwice.CALLS.set(0);
    Path out = folder.resolve("out");
    WebShards.Run run =
        WebShards.run(
            (streams, args) ->
                EngineCommand.run(
                    streams,
                    rest ->
                        job -> {
                          Pipeline pipeline = Pipeline.create(CapFiltPipeline.options(rest));
                          ShardStages.finish(
                              ShardStages.blocks(pipeline, job)
                                  .apply("Fail", ParDo.of(new FailTwice())),
                              job.work());
                          return pipeline.run().waitUntilFinish() == PipelineResult.State.DONE;
                        },
                    args),
            web.options(out, (runner + more + " --block-records=5").split(" ")));
    assertEquals(1, run.status(), run.err());
    assertTrue(FailTwice.CALLS.get() > 8, FailTwice.CALLS + " calls");
    assertEquals(expected, WebShards.content(out));
  }

  @Test
  void modelsAreOpenedOnceForAllInstancesAndClosedAfterwards()
      throws IOException, InterruptedException {
    awaitClosed();
    int loads = ModelHost.loads();
    String[] options = (SPARK + " --block-records=4 --threads=1").split(" ");
    WebShards.Run run = beam(folder.resolve("out"), options);
    assertEquals(1, run.status(), run.err());
    assertEquals(1, ModelHost.loads() - loads);
    awaitClosed();
  }

  private static void awaitClosed() throws InterruptedException {
    long end = System.nanoTime() + 4_000_000_000L * ModelHost.IDLE_SECONDS;
    while (ModelHost.open() > 0) {
      assertTrue(System.nanoTime() < end, "models stay open");
      Thread.sleep(100);
    }
  }

  private void refuses(String message, String... options) {
    Path out = folder.resolve("refused");
    WebShards.Run run = beam(out, options);
    assertEquals(2, run.status(), run.err());
    assertEquals(1, run.err().lines().count(), run.err());
    assertTrue(run.err().contains(message), run.err());
    assertFalse(Files.exists(out), "nothing must be written");
  }

  @Test
  void whatIsWrongIsSaidBeforeAnythingIsSubmitted() throws IOException {
    refuses("paralelism", "--runner=FlinkRunner", "--paralelism=2");
    refuses("NoRunner", "--runner=NoRunner");
    refuses("--block-records 0", "--block-records", "0");
    refuses("several devices", "--device", "gpu:0,1");
    refuses("keep-top 2 of 1 candidates", "--keep-top", "2");
    WebShards.Run run =
        WebShards.run(
            CapFiltPipeline::run,
            "--data",
            shared.resolve("web").toString(),
            "--out",
            folder.resolve("refused").toString(),
            "--captioner",
            shared.resolve("nowhere").toString());
    assertEquals(2, run.status());
    assertTrue(run.err().contains("nowhere: no such file or folder"), run.err());
    String filter = shared.resolve("filter").toString();
    WebShards.Run worker =
        WebShards.run(
            CapFiltPipeline::run,
            "--data=" + shared.resolve("web"),
            "--out=" + folder.resolve("failed"),
            "--captioner=" + filter,
            "--filter=" + filter);
    assertEquals(2, worker.status(), worker.err());
    assertTrue(worker.err().contains("gives no captions"), worker.err());
    assertEquals(1, worker.err().lines().count(), worker.err());
    WebShards.Run help = WebShards.run(CapFiltPipeline::run, "--help");
    assertEquals(0, help.status());
    assertTrue(help.out().contains("--captioner"), help.out());
  }
}
