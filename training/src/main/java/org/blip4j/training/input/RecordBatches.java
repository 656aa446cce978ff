package org.blip4j.training.input;

import com.google.common.hash.Hashing;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;
import org.blip4j.data.pipeline.Cursor;
import org.blip4j.data.pipeline.DamagePolicy;
import org.blip4j.data.pipeline.Pair;
import org.blip4j.data.pipeline.PairBatch;
import org.blip4j.data.pipeline.PipelineOptions;
import org.blip4j.data.pipeline.SamplePipeline;
import org.blip4j.data.pipeline.SourceOptions;
import org.blip4j.data.stream.Prefetch;
import org.blip4j.data.text.CaptionText;
import org.blip4j.data.text.TokenBatch;
import org.blip4j.data.text.WordPieceTokenizer;
import org.blip4j.graph.config.Task;
import org.blip4j.graph.config.TextSettings;
import org.blip4j.training.config.ImageInput;
import org.blip4j.training.config.RunConfig;
import org.blip4j.training.config.RunPlan;

/**
 * Batches from TFRecord shards: pairs in a seeded order, texts cleaned and tokenised, images
 * decoded and augmented.
 *
 * <p>Where damaged images are skipped, the row of one is filled with the next good pair of its
 * batch, so that batches keep their size and later ones do not shift.
 */
public final class RecordBatches implements Prefetch.Source<TrainingBatch> {
  private final RunConfig config;
  private final WordPieceTokenizer tokenizer;
  private final Prefetch<PairBatch> pairs;
  private final PreparedPixels images;
  private final Consumer<String> problems;
  private final Set<String> named = new HashSet<>();
  private final int rowSize;

  private RecordBatches(RunPlan plan, Prefetch<PairBatch> pairs, Consumer<String> problems) {
    this.config = plan.config();
    this.tokenizer = new WordPieceTokenizer(plan.vocabulary());
    this.pairs = pairs;
    this.problems = problems;
    int size = config.architecture().vision().imageSize();
    this.rowSize = size * size * 3;
    this.images = new PreparedPixels(config.images(), size, plan.inputs().session());
  }

  /**
   * The records of a run in their seeded order.
   *
   * @param problems told of each damaged record that is skipped
   */
  public static SamplePipeline pipeline(RunPlan plan, Consumer<String> problems) {
    RunConfig config = plan.config();
    DamagePolicy policy =
        config.images().damaged() == ImageInput.Damaged.FAIL
            ? DamagePolicy.raise()
            : DamagePolicy.skip(damaged -> problems.accept(damaged.reason()));
    return new SamplePipeline(
        plan.inputs().data(),
        SourceOptions.strict().withCodec(plan.inputs().codec()).withDamage(policy),
        PipelineOptions.of(config.seed(), config.duration().batch()));
  }

  public static RecordBatches open(
      RunPlan plan, SamplePipeline pipeline, Cursor from, Consumer<String> problems) {
    return new RecordBatches(plan, pipeline.open(from), problems);
  }

  @Override
  public TrainingBatch next() throws IOException {
    PairBatch batch = pairs.next();
    PreparedPixels.Prepared prepared = images.prepare(batch.pairs(), batch.seeds(config.seed()));
    int[] rows = usableRows(batch, prepared.problems());
    float[] pixels = prepared.pixels();
    for (int row = 0; row < rows.length; row++) {
      if (rows[row] != row) {
        System.arraycopy(pixels, rows[row] * rowSize, pixels, row * rowSize, rowSize);
      }
    }
    List<Pair> used = Arrays.stream(rows).mapToObj(row -> batch.pairs().get(row)).toList();
    List<String> texts = used.stream().map(pair -> text(pair.text())).toList();
    TokenBatch tokens =
        tokenizer.encode(texts, config.text().asPadding(), config.text().maxTokens());
    long[] identities = new long[rows.length];
    for (int row = 0; row < rows.length; row++) {
      identities[row] = identity(used.get(row), texts.get(row));
    }
    return new TrainingBatch(pixels, tokens, identities, batch.end());
  }

  @Override
  public void close() {
    try (images) {
      pairs.close();
    }
  }

  private String text(String raw) {
    TextSettings settings = config.textSettings();
    String cleaned = CaptionText.cleanCaption(raw, settings.maxWords());
    return config.task() == Task.CAPTION ? settings.prompt() + cleaned : cleaned;
  }

  private long identity(Pair pair, String text) {
    String of = config.identity() == ImageInput.Identity.TEXT ? text : pair.id().key();
    return Hashing.murmur3_128().hashString(of, StandardCharsets.UTF_8).asLong() & Long.MAX_VALUE;
  }

  /** For each row the row whose pair it takes: its own, or the next good one. */
  private int[] usableRows(PairBatch batch, List<String> found) throws IOException {
    int size = batch.size();
    int[] rows = new int[size];
    for (int row = 0; row < size; row++) {
      int use = row;
      if (!found.get(row).isEmpty()) {
        report(batch.pairs().get(row).id().key(), found.get(row));
        for (int i = 1; i < size && !found.get(use).isEmpty(); i++) {
          use = (row + i) % size;
        }
        if (!found.get(use).isEmpty()) {
          throw new IOException(
              "no image of a batch of %d could be decoded; the last was %s: %s"
                  .formatted(size, batch.pairs().get(row).id().key(), found.get(row)));
        }
      }
      rows[row] = use;
    }
    return rows;
  }

  private void report(String key, String problem) throws IOException {
    if (config.images().damaged() == ImageInput.Damaged.FAIL) {
      throw new IOException(
          "image %s: %s; remove it, or set images.damaged to SKIP".formatted(key, problem));
    }
    if (named.add(key)) {
      problems.accept("image %s left out: %s".formatted(key, problem));
    }
  }
}
