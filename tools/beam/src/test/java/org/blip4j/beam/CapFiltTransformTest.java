package org.blip4j.beam;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.json.JsonMapper;
import com.google.common.hash.Hashing;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.apache.beam.sdk.Pipeline;
import org.apache.beam.sdk.PipelineResult;
import org.apache.beam.sdk.options.PipelineOptionsFactory;
import org.apache.beam.sdk.testing.PAssert;
import org.apache.beam.sdk.transforms.Create;
import org.apache.beam.sdk.transforms.DoFn;
import org.apache.beam.sdk.transforms.MapElements;
import org.apache.beam.sdk.transforms.ParDo;
import org.apache.beam.sdk.transforms.WithTimestamps;
import org.apache.beam.sdk.transforms.windowing.FixedWindows;
import org.apache.beam.sdk.transforms.windowing.Window;
import org.apache.beam.sdk.values.KV;
import org.apache.beam.sdk.values.PCollection;
import org.apache.beam.sdk.values.PCollectionTuple;
import org.apache.beam.sdk.values.TypeDescriptors;
import org.blip4j.data.sample.ExampleCodec;
import org.blip4j.data.sample.Sample;
import org.blip4j.data.sample.SampleException;
import org.blip4j.ops.kernel.Precision;
import org.blip4j.savedmodel.capfilt.CapFiltModels;
import org.blip4j.savedmodel.capfilt.CapFiltRecord;
import org.blip4j.savedmodel.capfilt.CapFiltSettings;
import org.blip4j.savedmodel.capfilt.CapFiltStep;
import org.blip4j.savedmodel.open.ModelSource;
import org.blip4j.savedmodel.predict.PredictorOptions;
import org.blip4j.tools.console.RunSettings;
import org.joda.time.Duration;
import org.joda.time.Instant;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The step in a pipeline, against the step on a list. */
class CapFiltTransformTest {
  private static final int RECORDS = 150;

  @TempDir private static Path folder;
  private static CapFiltModels models;
  private static CapFiltSettings settings;
  private static final List<KV<String, byte[]>> RECORDS_IN = new ArrayList<>();
  private static final Map<String, String> KEPT = new TreeMap<>();
  private static final Map<String, String> SCORES = new TreeMap<>();

  @BeforeAll
  static void judgeAll() throws IOException, SampleException {
    WebShards.write(folder);
    models = new CapFiltModels(model("captioner"), model("filter"));
    settings = models.published(3);
    settings = settings.withPolicy(settings.policy().withThreshold(0.001));
    List<Sample.ImageText> samples = new ArrayList<>();
    for (int i = 0; i < RECORDS; i++) {
      byte[] record = WebShards.record("r" + i, "web text " + i);
      RECORDS_IN.add(KV.of("r" + i, record));
      samples.add(ExampleCodec.standard().imageText(record, ""));
    }
    PredictorOptions options = PredictorOptions.of(run().sessionConfig(), Precision.FLOAT32);
    try (CapFiltStep step = CapFiltStep.open(models, settings, options)) {
      for (CapFiltRecord record : step.apply(samples)) {
        SCORES.put(record.key(), new JsonMapper().writeValueAsString(record.texts()));
        record
            .keptSample()
            .ifPresent(kept -> KEPT.put(record.key(), hash(ExampleCodec.standard().encode(kept))));
      }
    }
    assertTrue(KEPT.size() > 10 && KEPT.size() < RECORDS - 10, KEPT.size() + " kept");
    RECORDS_IN.add(RECORDS / 2, KV.of("broken", new byte[] {7, 7, 7}));
  }

  private static RunSettings run() {
    return new RunSettings("cpu", 0, Precision.FLOAT32);
  }

  private static Optional<ModelSource> model(String name) throws IOException {
    return Optional.of(ModelSource.resolve(folder.resolve(name).toString()));
  }

  private static String hash(byte[] record) {
    return Hashing.sha256().hashBytes(record).toString();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "--runner=DirectRunner",
        "--runner=FlinkRunner",
        "--runner=SparkRunner --sparkMaster=local[2]"
      })
  void decidesAsTheStepAloneWhateverTheBundles(String runner) throws IOException {
    System.setProperty("spark.ui.enabled", "false");
    Pipeline pipeline =
        Pipeline.create(PipelineOptionsFactory.fromArgs(runner.split(" ")).create());
    check(pipeline.apply(Create.of(RECORDS_IN)));
    assertEquals(PipelineResult.State.DONE, pipeline.run().waitUntilFinish());
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 4, 1000})
  void recordsKeepTheirTimesAndWindows(int windows) throws IOException {
    Pipeline pipeline = Pipeline.create();
    Instant start = Instant.ofEpochMilli(0);
    PCollection<KV<String, byte[]>> records =
        pipeline
            .apply(Create.of(RECORDS_IN))
            .apply(
                WithTimestamps.of(
                    record -> start.plus(Duration.standardSeconds(second(record.getKey())))))
            .apply(Window.into(FixedWindows.of(Duration.standardSeconds(windows))));
    PCollectionTuple decided = records.apply(CapFiltTransform.of(models, settings, run()));
    PCollection<KV<String, String>> late =
        decided.get(CapFiltTransform.SCORES).apply(ParDo.of(new Late()));
    PAssert.that(late).empty();
    check(decided);
    assertEquals(PipelineResult.State.DONE, pipeline.run().waitUntilFinish());
  }

  static int second(String key) {
    return Hashing.murmur3_32_fixed().hashString(key, StandardCharsets.UTF_8).asInt() & 7;
  }

  /** Passes on what has another time than it came with. */
  static final class Late extends DoFn<KV<String, String>, KV<String, String>> {
    private static final long serialVersionUID = 1L;

    @ProcessElement
    public void process(
        @Element KV<String, String> scores,
        @Timestamp Instant time,
        OutputReceiver<KV<String, String>> late) {
      if (time.getMillis() != 1000L * second(scores.getKey())) {
        late.output(scores);
      }
    }
  }

  private static void check(PCollection<KV<String, byte[]>> records) throws IOException {
    check(records.apply(CapFiltTransform.of(models, settings, run())));
  }

  private static void check(PCollectionTuple decided) {
    PCollection<KV<String, String>> kept =
        decided
            .get(CapFiltTransform.KEPT)
            .apply(
                MapElements.into(
                        TypeDescriptors.kvs(TypeDescriptors.strings(), TypeDescriptors.strings()))
                    .via(pair -> KV.of(pair.getKey(), hash(pair.getValue()))));
    PAssert.that(kept).containsInAnyOrder(pairs(KEPT));
    PAssert.that(decided.get(CapFiltTransform.SCORES)).containsInAnyOrder(pairs(SCORES));
    PAssert.that(decided.get(CapFiltTransform.UNREADABLE))
        .satisfies(
            problems -> {
              KV<String, String> problem = problems.iterator().next();
              assertEquals("broken", problem.getKey());
              assertTrue(problem.getValue().contains("Example"), problem.getValue());
              return null;
            });
  }

  private static List<KV<String, String>> pairs(Map<String, String> map) {
    return map.entrySet().stream().map(entry -> KV.of(entry.getKey(), entry.getValue())).toList();
  }
}
