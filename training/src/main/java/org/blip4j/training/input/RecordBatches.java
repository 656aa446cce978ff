package org.blip4j.training.input;

import com.google.common.hash.Hashing;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import org.blip4j.data.pipeline.Batch;
import org.blip4j.data.pipeline.DataIndex;
import org.blip4j.data.pipeline.SampleKind;
import org.blip4j.data.pipeline.SamplePipeline;
import org.blip4j.data.pipeline.SourceOptions;
import org.blip4j.data.sample.Sample;
import org.blip4j.data.stream.Prefetch;
import org.blip4j.data.text.CaptionText;
import org.blip4j.data.text.TokenBatch;
import org.blip4j.data.text.WordPieceTokenizer;
import org.blip4j.graph.config.Task;
import org.blip4j.graph.config.TextSettings;
import org.blip4j.training.config.ImageInput;
import org.blip4j.training.config.RunConfig;
import org.blip4j.training.config.RunPlan;
import org.blip4j.training.config.TaskConfig;

/**
 * Batches from TFRecord shards: pairs in a seeded order, texts cleaned and tokenised, images
 * decoded and augmented.
 *
 * <p>Where damaged images are skipped, the row of one is filled with the next good pair of its
 * batch, so that batches keep their size and later ones do not shift. Above 1 % of all images (and
 * above {@value #FEW}) the run ends: then it is not some damage, the data are not what was meant.
 */
public final class RecordBatches implements Prefetch.Source<TrainingBatch> {
  private static final int FEW = 10;

  private final RunConfig config;
  private final TextSettings settings;
  private final WordPieceTokenizer tokenizer;
  private final Prefetch<Batch<Sample.ImageText>> pairs;
  private final PreparedPixels images;
  private final Data data;
  private final Set<String> named = new HashSet<>();
  private long seen;
  private long replaced;

  /**
   * The records of a run.
   *
   * @param index where they lie
   * @param source how they are read
   * @param options seed and batch
   * @param problems told of each damaged record that is skipped
   */
  public record Data(
      DataIndex index,
      SourceOptions source,
      SamplePipeline.Options options,
      Consumer<String> problems) {

    /**
     * Makes the index of a run's data, or takes what there is of it; nothing is written.
     *
     * @param kept where {@link DataIndex#save} keeps it
     */
    public static Data open(RunPlan plan, Path kept, Consumer<String> problems) throws IOException {
      RunConfig config = plan.config();
      SourceOptions.DamagePolicy policy =
          config.images().damaged() == ImageInput.Damaged.FAIL
              ? SourceOptions.DamagePolicy.raise()
              : SourceOptions.DamagePolicy.skip(damaged -> problems.accept(damaged.reason()));
      SourceOptions source =
          SourceOptions.strict().withCodec(plan.inputs().codec()).withDamage(policy);
      DataIndex index =
          DataIndex.open(
              plan.inputs().data(), SampleKind.IMAGE_TEXT, source, Optional.of(kept), problems);
      SamplePipeline.Options options =
          SamplePipeline.Options.of(config.seed(), config.duration().batch());
      return new Data(index, source, options, problems);
    }

    /** The batches in their seeded order. */
    public SamplePipeline<Sample.ImageText> pipeline() {
      return new SamplePipeline<>(SampleKind.IMAGE_TEXT, index, source, options);
    }
  }

  private RecordBatches(RunPlan plan, Data data, Prefetch<Batch<Sample.ImageText>> pairs) {
    this.config = plan.config();
    this.settings = plan.textSettings();
    this.tokenizer = new WordPieceTokenizer(plan.vocabulary());
    this.pairs = pairs;
    this.data = data;
    int size = plan.architecture().vision().imageSize();
    this.images = new PreparedPixels(config.images(), size, plan.session());
  }

  /** Starts at a place. */
  public static RecordBatches open(RunPlan plan, Data data, SamplePipeline.Cursor from)
      throws IOException {
    Prefetch<Batch<Sample.ImageText>> pairs = data.pipeline().open(from);
    try {
      return new RecordBatches(plan, data, pairs);
    } catch (RuntimeException | Error e) {
      pairs.close();
      throw e;
    }
  }

  @Override
  public TrainingBatch next() throws IOException {
    Batch<Sample.ImageText> batch = pairs.next();
    PreparedPixels.Prepared prepared = images.prepare(batch.images(), batch.seeds(config.seed()));
    try {
      return prepared(batch, prepared);
    } catch (IOException | RuntimeException | Error e) {
      prepared.close();
      throw e;
    }
  }

  private TrainingBatch prepared(Batch<Sample.ImageText> batch, PreparedPixels.Prepared prepared)
      throws IOException {
    int[] rows = usableRows(batch, prepared.problems());
    for (int row = 0; row < rows.length; row++) {
      if (rows[row] != row) {
        prepared.copyRow(rows[row], row);
      }
    }
    List<Batch.Item<Sample.ImageText>> used =
        Arrays.stream(rows).mapToObj(row -> batch.items().get(row)).toList();
    List<String> texts = used.stream().map(item -> text(item.sample().texts().get(0))).toList();
    TokenBatch tokens =
        tokenizer.encode(texts, config.text().asPadding(), config.text().maxTokens());
    long[] identities = new long[rows.length];
    for (int row = 0; row < rows.length; row++) {
      identities[row] = identity(used.get(row).id(), texts.get(row));
    }
    return new TrainingBatch(prepared, tokens, identities, batch.end());
  }

  @Override
  public void close() {
    try (images) {
      pairs.close();
    }
  }

  private String text(String raw) {
    String cleaned = CaptionText.cleanCaption(raw, settings.maxWords());
    return config.task() == Task.CAPTION ? settings.prompt() + cleaned : cleaned;
  }

  private long identity(Batch.SampleId id, String text) {
    boolean byText =
        config.part() instanceof TaskConfig.Retrieval retrieval
            && retrieval.identity() == TaskConfig.Identity.TEXT;
    String of = byText ? text : id.image();
    return Hashing.murmur3_128().hashString(of, StandardCharsets.UTF_8).asLong() & Long.MAX_VALUE;
  }

  /** For each row the row whose pair it takes: its own, or the next good one. */
  private int[] usableRows(Batch<Sample.ImageText> batch, List<String> found) throws IOException {
    int size = batch.size();
    int[] rows = new int[size];
    seen += size;
    for (int row = 0; row < size; row++) {
      int use = row;
      if (!found.get(row).isEmpty()) {
        String where = batch.items().get(row).where();
        report(where, found.get(row));
        for (int i = 1; i < size && !found.get(use).isEmpty(); i++) {
          use = (row + i) % size;
        }
        if (!found.get(use).isEmpty()) {
          throw new IOException(
              "no image of a batch of %d could be decoded; the last was %s: %s"
                  .formatted(size, where, found.get(row)));
        }
      }
      rows[row] = use;
    }
    requireMostlyGood();
    return rows;
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
    long all = replaced + damage.replaced();
    long of = Math.max(seen, damage.items()); // read ahead of what was decoded
    if (all > FEW && all * 100 > of) {
      throw new IOException(
          "%d of %d images could not be used and were replaced by others, more than 1 %%; see which"
                  .formatted(all, of)
              + " were named, mend or remove them");
    }
  }
}
