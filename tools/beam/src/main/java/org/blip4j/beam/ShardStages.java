package org.blip4j.beam;

import com.google.common.collect.ImmutableList;
import com.google.common.collect.Iterables;
import java.io.IOException;
import java.io.Serializable;
import org.apache.beam.sdk.Pipeline;
import org.apache.beam.sdk.coders.SerializableCoder;
import org.apache.beam.sdk.metrics.Counter;
import org.apache.beam.sdk.metrics.Distribution;
import org.apache.beam.sdk.metrics.Metrics;
import org.apache.beam.sdk.transforms.Create;
import org.apache.beam.sdk.transforms.DoFn;
import org.apache.beam.sdk.transforms.GroupByKey;
import org.apache.beam.sdk.transforms.ParDo;
import org.apache.beam.sdk.transforms.Reshuffle;
import org.apache.beam.sdk.transforms.WithKeys;
import org.apache.beam.sdk.values.KV;
import org.apache.beam.sdk.values.PCollection;
import org.apache.beam.sdk.values.TypeDescriptors;
import org.blip4j.savedmodel.capfilt.CapFiltStep;
import org.blip4j.tools.capfilt.CapFiltBlocks;
import org.blip4j.tools.capfilt.CapFiltPlan;

/**
 * The stages of CapFilt over shards:
 *
 * <pre>
 * shards -> blocks of records -> scores -> by shard -> shard written -> all together -> finished
 *           (headers read)       (models)              (read again)
 * </pre>
 *
 * <p>No image travels between workers: blocks are places in a file, scores are text. The stage with
 * the models has one output with a grouping right behind it, so that no engine computes it twice
 * for want of memory. Workers share the file system; every stage may be started again.
 */
final class ShardStages {
  private ShardStages() {}

  /** The blocks of all shards, spread over the workers. */
  static PCollection<CapFiltBlocks.Block> blocks(Pipeline pipeline, EngineCommand.Job job) {
    return pipeline
        .apply(
            "Shards",
            Create.of(job.shards()).withCoder(SerializableCoder.of(CapFiltPlan.Shard.class)))
        .apply("SpreadShards", Reshuffle.viaRandomKey())
        .apply("ListBlocks", ParDo.of(new ListBlocks(job.work(), job.blockRecords())))
        .apply("SpreadBlocks", Reshuffle.viaRandomKey());
  }

  /** Scores blocks, writes the shards and finishes the folder. */
  static PCollection<String> finish(
      PCollection<CapFiltBlocks.Block> blocks, EngineCommand.Work work) {
    return blocks
        .apply("Score", ParDo.of(new Score(work)))
        .apply("ByShard", GroupByKey.create())
        .apply("WriteShard", ParDo.of(new WriteShard(work)))
        .apply(
            "Together", WithKeys.<String, String>of("all").withKeyType(TypeDescriptors.strings()))
        .apply("AllShards", GroupByKey.create())
        .apply("Finish", ParDo.of(new Finish(work)));
  }

  /**
   * Scores of a block and the shard that it is of.
   *
   * @param shard whose records were scored
   * @param scores of some of them
   */
  record Scored(CapFiltPlan.Shard shard, CapFiltBlocks.Scores scores) implements Serializable {}

  /** Parts a shard into blocks. */
  static final class ListBlocks extends DoFn<CapFiltPlan.Shard, CapFiltBlocks.Block> {
    private static final long serialVersionUID = 1L;

    private final EngineCommand.Work work;
    private final int records;

    ListBlocks(EngineCommand.Work work, int records) {
      this.work = work;
      this.records = records;
    }

    @ProcessElement
    public void process(
        @Element CapFiltPlan.Shard shard, OutputReceiver<CapFiltBlocks.Block> blocks)
        throws IOException {
      work.join().blocks(shard, records).forEach(blocks::output);
    }
  }

  /** Asks the models. */
  static final class Score extends DoFn<CapFiltBlocks.Block, KV<String, Scored>> {
    private static final long serialVersionUID = 1L;

    private final EngineCommand.Work work;
    private final Counter records = Metrics.counter("capfilt", "records");
    private final Counter unreadable = Metrics.counter("capfilt", "unreadable");
    private final Distribution millis = Metrics.distribution("capfilt", "block_ms");
    private transient CapFiltStep step;
    private transient CapFiltBlocks blocks;

    Score(EngineCommand.Work work) {
      this.work = work;
    }

    @Setup
    public void setup() throws IOException {
      blocks = work.join();
      step = ModelHost.acquire(work.models());
    }

    @ProcessElement
    public void process(
        @Element CapFiltBlocks.Block block, OutputReceiver<KV<String, Scored>> scored)
        throws IOException {
      CapFiltBlocks.Scores scores = blocks.score(block, step, work.batchSize());
      records.inc(scores.records());
      unreadable.inc(scores.unreadable());
      millis.update(Math.round(1000 * scores.seconds()));
      scored.output(KV.of(block.shard().name(), new Scored(block.shard(), scores)));
    }

    @Teardown
    public void teardown() {
      if (step != null) {
        step = null;
        ModelHost.release(work.models());
      }
    }
  }

  /** Writes a shard from the scores of its blocks, and gives its name. */
  static final class WriteShard extends DoFn<KV<String, Iterable<Scored>>, String> {
    private static final long serialVersionUID = 1L;

    private final EngineCommand.Work work;

    WriteShard(EngineCommand.Work work) {
      this.work = work;
    }

    @ProcessElement
    public void process(@Element KV<String, Iterable<Scored>> shard, OutputReceiver<String> written)
        throws IOException {
      ImmutableList<Scored> parts = ImmutableList.copyOf(shard.getValue());
      work.join().write(parts.get(0).shard(), Iterables.transform(parts, Scored::scores));
      written.output(shard.getKey());
    }
  }

  /** Writes the totals and {@code _SUCCESS}, if no shards are left to others. */
  static final class Finish extends DoFn<KV<String, Iterable<String>>, String> {
    private static final long serialVersionUID = 1L;

    private final EngineCommand.Work work;

    Finish(EngineCommand.Work work) {
      this.work = work;
    }

    @ProcessElement
    public void process(
        @Element KV<String, Iterable<String>> shards, OutputReceiver<String> finished)
        throws IOException {
      work.join().finish().ifPresent(stats -> finished.output(stats.text()));
    }
  }
}
