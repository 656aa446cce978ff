package org.blip4j.beam;

import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.beam.sdk.coders.ByteArrayCoder;
import org.apache.beam.sdk.coders.KvCoder;
import org.apache.beam.sdk.coders.SerializableCoder;
import org.apache.beam.sdk.coders.StringUtf8Coder;
import org.apache.beam.sdk.transforms.DoFn;
import org.apache.beam.sdk.transforms.PTransform;
import org.apache.beam.sdk.transforms.ParDo;
import org.apache.beam.sdk.transforms.Reshuffle;
import org.apache.beam.sdk.transforms.windowing.BoundedWindow;
import org.apache.beam.sdk.values.KV;
import org.apache.beam.sdk.values.PCollection;
import org.apache.beam.sdk.values.PCollectionTuple;
import org.apache.beam.sdk.values.TupleTag;
import org.apache.beam.sdk.values.TupleTagList;
import org.blip4j.data.sample.ExampleCodec;
import org.blip4j.data.sample.Sample;
import org.blip4j.data.sample.SampleException;
import org.blip4j.savedmodel.capfilt.CapFiltModels;
import org.blip4j.savedmodel.capfilt.CapFiltRecord;
import org.blip4j.savedmodel.capfilt.CapFiltSettings;
import org.blip4j.savedmodel.capfilt.CapFiltStep;
import org.blip4j.tools.console.RunSettings;
import org.joda.time.Duration;
import org.joda.time.Instant;

/**
 * CapFilt as a step of other people's Beam pipelines: keys with serialized {@code
 * tf.train.Example}s in (as {@code TFRecordIO} reads them), decided records out.
 *
 * <p>What becomes of a record is what the plain command makes of it, whatever its batch or worker;
 * a record without a key of its own has that of its pair. The outputs are in <b>no order</b>. No
 * state is kept: batches are gathered within a bundle, and small bundles make small batches.
 *
 * <pre>{@code
 * PCollectionTuple decided = records.apply(CapFiltTransform.of(models, models.published(1), run));
 * decided.get(CapFiltTransform.KEPT).apply(Values.create()).apply(TFRecordIO.write().to("kept"));
 * }</pre>
 */
public final class CapFiltTransform
    extends PTransform<PCollection<KV<String, byte[]>>, PCollectionTuple> {
  /** Records of the new set, as {@link CapFiltRecord#keptSample} makes them. */
  public static final TupleTag<KV<String, byte[]>> KEPT = new TupleTag<>("kept") {};

  /** For each record that could be used, kept or not, its judged texts as a JSON array. */
  public static final TupleTag<KV<String, String>> SCORES = new TupleTag<>("scores") {};

  /** For each record that could not be used, why. */
  public static final TupleTag<KV<String, String>> UNREADABLE = new TupleTag<>("unreadable") {};

  private static final long serialVersionUID = 1L;
  private static final int BATCH = 32;

  private final ModelHost.Spec models;

  private CapFiltTransform(ModelHost.Spec models) {
    this.models = models;
  }

  /**
   * The step with models that lie where all workers see them under the same path.
   *
   * @param run what a worker computes with, such as {@code new RunSettings("cpu", 0,
   *     Precision.FLOAT32)}
   * @throws IOException if a model cannot be read
   */
  public static CapFiltTransform of(CapFiltModels models, CapFiltSettings settings, RunSettings run)
      throws IOException {
    return new CapFiltTransform(ModelHost.Spec.of(models, settings, run));
  }

  /** The step moves each kept record once, so that no engine asks the models twice. */
  @Override
  public PCollectionTuple expand(PCollection<KV<String, byte[]>> records) {
    PCollectionTuple decided =
        records
            .apply("Judge", ParDo.of(new Judge(models)))
            .setCoder(SerializableCoder.of(Decided.class))
            .apply("Keep", Reshuffle.viaRandomKey())
            .apply(
                "Part",
                ParDo.of(new Part()).withOutputTags(KEPT, TupleTagList.of(SCORES).and(UNREADABLE)));
    decided.get(KEPT).setCoder(KvCoder.of(StringUtf8Coder.of(), ByteArrayCoder.of()));
    decided.get(SCORES).setCoder(KvCoder.of(StringUtf8Coder.of(), StringUtf8Coder.of()));
    decided.get(UNREADABLE).setCoder(KvCoder.of(StringUtf8Coder.of(), StringUtf8Coder.of()));
    return decided;
  }

  /**
   * What became of a record.
   *
   * @param key of its pair
   * @param kept the new record; null if no text stays
   * @param scores JSON; null if it could not be used
   * @param problem why, otherwise empty
   */
  @SuppressWarnings("ArrayRecordComponent") // never compared
  record Decided(String key, byte[] kept, String scores, String problem) implements Serializable {}

  /**
   * A record that waits for its batch.
   *
   * @param key of its pair
   * @param sample what it holds
   * @param time of the element
   */
  private record Waiting(String key, Sample.ImageText sample, Instant time) {}

  /** Judges records in batches, for each window its own. */
  static final class Judge extends DoFn<KV<String, byte[]>, Decided> {
    private static final long serialVersionUID = 1L;

    private final ModelHost.Spec models;
    private transient CapFiltStep step;
    private transient Map<BoundedWindow, List<Waiting>> waiting;
    private transient ExampleCodec codec;
    private transient JsonMapper json;
    private transient int batch;

    Judge(ModelHost.Spec models) {
      this.models = models;
    }

    @Setup
    public void setup() throws IOException {
      step = ModelHost.acquire(models);
      codec = ExampleCodec.standard();
      json = JsonMapper.builder().build();
      batch = step.fullRuns(BATCH);
    }

    @StartBundle
    public void start() {
      waiting = new HashMap<>();
    }

    @ProcessElement
    public void process(
        @Element KV<String, byte[]> record,
        @Timestamp Instant time,
        BoundedWindow window,
        OutputReceiver<Decided> decided)
        throws IOException {
      Sample.ImageText sample;
      try {
        sample = codec.imageText(record.getValue(), record.getKey());
      } catch (SampleException e) {
        decided.output(new Decided(record.getKey(), null, null, e.getMessage()));
        return;
      }
      List<Waiting> own = waiting.computeIfAbsent(window, unused -> new ArrayList<>());
      own.add(new Waiting(record.getKey(), sample, time));
      if (own.size() >= batch) {
        waiting.remove(window);
        List<Decided> done = judge(own);
        for (int i = 0; i < done.size(); i++) {
          decided.outputWithTimestamp(done.get(i), own.get(i).time());
        }
      }
    }

    @FinishBundle
    public void finish(FinishBundleContext context) throws IOException {
      for (Map.Entry<BoundedWindow, List<Waiting>> rest : waiting.entrySet()) {
        List<Decided> done = judge(rest.getValue());
        for (int i = 0; i < done.size(); i++) {
          context.output(done.get(i), rest.getValue().get(i).time(), rest.getKey());
        }
      }
      waiting.clear();
    }

    private List<Decided> judge(List<Waiting> records) throws IOException {
      List<CapFiltRecord> judged = step.apply(records.stream().map(Waiting::sample).toList());
      List<Decided> done = new ArrayList<>();
      for (int i = 0; i < records.size(); i++) {
        CapFiltRecord record = judged.get(i);
        String key = records.get(i).key();
        Optional<Sample.ImageText> kept = record.keptSample();
        done.add(
            record.usable()
                ? new Decided(
                    key,
                    kept.map(codec::encode).orElse(null),
                    json.writeValueAsString(record.texts()),
                    "")
                : new Decided(key, null, null, record.problem()));
      }
      return done;
    }

    /** A record's time is its own, also where later ones were met meanwhile. */
    @Override
    @SuppressWarnings("deprecation") // nothing else allows it within a bundle
    public Duration getAllowedTimestampSkew() {
      return Duration.millis(Long.MAX_VALUE);
    }

    @Teardown
    public void teardown() {
      if (step != null) {
        step = null;
        ModelHost.release(models);
      }
    }
  }

  /** Tells the outputs apart. */
  static final class Part extends DoFn<Decided, KV<String, byte[]>> {
    private static final long serialVersionUID = 1L;

    @ProcessElement
    public void process(@Element Decided decided, MultiOutputReceiver outputs) {
      if (!decided.problem().isEmpty()) {
        outputs.get(UNREADABLE).output(KV.of(decided.key(), decided.problem()));
        return;
      }
      outputs.get(SCORES).output(KV.of(decided.key(), decided.scores()));
      if (decided.kept() != null) {
        outputs.get(KEPT).output(KV.of(decided.key(), decided.kept()));
      }
    }
  }
}
