package org.blip4j.training.input;

import com.google.common.collect.ImmutableList;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import org.blip4j.data.pipeline.Batch;
import org.blip4j.data.pipeline.DataIndex;
import org.blip4j.data.pipeline.SamplePipeline;
import org.blip4j.data.pipeline.SourceOptions;
import org.blip4j.data.sample.Sample;
import org.blip4j.data.sample.SampleException;
import org.blip4j.data.stream.Prefetch;
import org.blip4j.training.config.ImageInput;
import org.blip4j.training.config.RunConfig;
import org.blip4j.training.config.RunPlan;

/**
 * Batches from TFRecord shards: samples of the task's kind in a seeded order, texts cleaned and
 * tokenised, images decoded and augmented.
 *
 * <p>Where damaged images are skipped, the row of one is filled with the next good sample of its
 * batch, so that batches keep their size and later ones do not shift. Above 1 % of all samples (and
 * above {@value #FEW}) the run ends: then it is not some damage, the data are not what was meant.
 *
 * @param <S> the kind
 */
public final class RecordBatches<S extends Sample> implements Prefetch.Source<TrainingBatch> {
  private static final int FEW = 10;

  private final RunConfig config;
  private final Data<S> data;
  private final Prefetch<Batch<S>> samples;
  private final PreparedPixels images;
  private final Set<String> named = new HashSet<>();
  private long seen;
  private long replaced;

  /**
   * The records of a run.
   *
   * @param content what a step takes of them
   * @param index where they lie
   * @param source how they are read
   * @param options seed and batch
   * @param problems told of each damaged record that is skipped
   */
  public record Data<S extends Sample>(
      BatchContent<S> content,
      DataIndex index,
      SourceOptions source,
      SamplePipeline.Options options,
      Consumer<String> problems) {

    /**
     * Makes the index of a run's data, or takes what there is of it; nothing is written.
     *
     * @param kept where {@link DataIndex#save} keeps it
     */
    public static Data<?> open(RunPlan plan, Path kept, Consumer<String> problems)
        throws IOException {
      return open(plan, BatchContent.of(plan), kept, problems);
    }

    private static <S extends Sample> Data<S> open(
        RunPlan plan, BatchContent<S> content, Path kept, Consumer<String> problems)
        throws IOException {
      RunConfig config = plan.config();
      SourceOptions.DamagePolicy policy =
          config.images().damaged() == ImageInput.Damaged.FAIL
              ? SourceOptions.DamagePolicy.raise()
              : SourceOptions.DamagePolicy.skip(damaged -> problems.accept(damaged.reason()));
      SourceOptions source =
          SourceOptions.strict().withCodec(plan.inputs().codec()).withDamage(policy);
      DataIndex index =
          DataIndex.open(plan.inputs().data(), content.kind(), source, Optional.of(kept), problems);
      SamplePipeline.Options options =
          SamplePipeline.Options.of(config.seed(), config.duration().batch());
      return new Data<>(content, index, source, options, problems);
    }

    /** The samples in their seeded order. */
    public SamplePipeline<S> pipeline() {
      return new SamplePipeline<>(content.kind(), index, source, options);
    }

    /** Starts at a place. */
    public RecordBatches<S> batches(RunPlan plan, SamplePipeline.Cursor from) throws IOException {
      Prefetch<Batch<S>> samples = pipeline().open(from);
      try {
        return new RecordBatches<>(plan, this, samples);
      } catch (RuntimeException | Error e) {
        samples.close();
        throw e;
      }
    }
  }

  private RecordBatches(RunPlan plan, Data<S> data, Prefetch<Batch<S>> samples) {
    this.config = plan.config();
    this.data = data;
    this.samples = samples;
    int size = plan.architecture().vision().imageSize();
    this.images = PreparedPixels.open(config.images(), size, plan.session());
  }

  @Override
  public TrainingBatch next() throws IOException {
    Batch<S> batch = samples.next();
    long[] seeds = batch.seeds(config.seed());
    String[] problems = new String[batch.size()];
    List<Batch.Item<S>> visits = visits(batch, seeds, problems);
    DecodedRows<S> decoded = new DecodedRows<>(images, visits, seeds, problems);
    try {
      decoded.decode(data.content().own);
      return filled(visits, decoded, batch.end());
    } catch (IOException | RuntimeException | Error e) {
      decoded.close();
      throw e;
    }
  }

  /** The samples as this visit sees them; what cannot be trained on is named in its row. */
  private List<Batch.Item<S>> visits(Batch<S> batch, long[] seeds, String[] problems) {
    List<Batch.Item<S>> visits = new ArrayList<>(batch.size());
    for (int row = 0; row < batch.size(); row++) {
      Batch.Item<S> item = batch.items().get(row);
      problems[row] = "";
      try {
        S seen = data.content().visit(item.sample(), seeds[row]);
        visits.add(new Batch.Item<>(item.id(), item.epoch(), item.shard(), item.offset(), seen));
      } catch (SampleException e) {
        problems[row] = e.getMessage();
        visits.add(item);
      }
    }
    return visits;
  }

  private TrainingBatch filled(
      List<Batch.Item<S>> items, DecodedRows<S> decoded, SamplePipeline.Cursor end)
      throws IOException {
    BatchContent.Rows own = data.content().own;
    List<Batch.Item<S>> used = new ArrayList<>(items);
    int standIns = 0;
    seen += items.size();
    for (int row = own.first(); row < own.end(); row++) {
      int use = usable(row, items, decoded);
      if (use != row) {
        standIns++;
        used.set(row, items.get(use));
        decoded.copy(use, row);
      }
    }
    requireMostlyGood();
    return new TrainingBatch(
        decoded.named(data.content().images()),
        data.content().tensors(items, used),
        used.stream().map(item -> item.id().image()).collect(ImmutableList.toImmutableList()),
        standIns,
        end);
  }

  @Override
  public void close() {
    try (images) {
      samples.close();
    }
  }

  /** The row whose sample a row takes: its own, or the next good one of the whole batch. */
  private int usable(int row, List<Batch.Item<S>> items, DecodedRows<S> decoded)
      throws IOException {
    String problem = decoded.problem(row);
    if (problem.isEmpty()) {
      return row;
    }
    String where = items.get(row).where();
    report(where, problem);
    for (int i = 1; i < items.size(); i++) {
      int use = (row + i) % items.size();
      if (decoded.problem(use).isEmpty()) {
        return use;
      }
    }
    throw new IOException(
        "nothing in a batch of %d could be used; the last was %s: %s"
            .formatted(items.size(), where, problem));
  }

  private void report(String where, String problem) throws IOException {
    if (config.images().damaged() == ImageInput.Damaged.FAIL) {
      throw new IOException(
          "image %s: %s; remove it, or set images.damaged to SKIP".formatted(where, problem));
    }
    if (named.add(where)) {
      data.problems().accept("image %s left out: %s".formatted(where, problem));
    }
    replaced++;
  }

  private void requireMostlyGood() throws IOException {
    SourceOptions.DamagePolicy damage = data.source().damage();
    long all = replaced * config.duration().batch() / data.content().own.size();
    all += damage.replaced();
    long of = Math.max(seen, damage.items()); // read ahead of what was decoded
    if (all > FEW && all * 100 > of) {
      throw new IOException(
          "%d of %d images could not be used and were replaced by others, more than 1 %%; see which"
                  .formatted(all, of)
              + " were named, mend or remove them");
    }
  }
}
