package org.blip4j.savedmodel.capfilt;

import com.google.common.collect.ImmutableList;
import com.google.protobuf.ByteString;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.locks.ReadWriteLock;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import org.blip4j.data.sample.EncodedImage;
import org.blip4j.data.sample.Sample;
import org.blip4j.data.sample.SampleException;
import org.blip4j.ops.kernel.Kernels;
import org.blip4j.savedmodel.predict.PredictorOptions;
import org.tensorflow.exceptions.TFResourceExhaustedException;

/**
 * CapFilt's step (paper section 3.3): samples in, samples with judged texts out. It knows no files
 * and no shards; the command calls it as any program can.
 *
 * <p>What becomes of a sample depends on the settings, the models and the sample alone: not on the
 * samples beside it, how many there are, their order, or who works. The captioner's seed is made of
 * the run's seed, the sample's key and its image's bytes (so records of one key with different
 * images are told apart, and a record that is there twice gets the same text twice), and the models
 * always compute the same number of rows ({@link CaptionerAndFilter#rows}; missing ones are filled
 * with black images), since sums over rows of another number differ in their last digits, and with
 * them what is drawn and what passes the threshold.
 *
 * <pre>{@code
 * CapFiltModels models = new CapFiltModels(Optional.of(captioner), Optional.of(filter));
 * try (CapFiltStep step = CapFiltStep.open(models, models.published(1), options)) {
 *   step.apply(samples).forEach(record -> record.keptSample().ifPresent(this::write));
 * }
 * }</pre>
 *
 * <p>Calls may come from several threads; closing waits for those that run.
 */
public final class CapFiltStep implements AutoCloseable {
  private final CapFiltSettings settings;
  private final Optional<CaptionerAndFilter> models;
  private final ReadWriteLock use = new ReentrantReadWriteLock();
  private boolean closed;

  private CapFiltStep(CapFiltSettings settings, Optional<CaptionerAndFilter> models) {
    this.settings = settings;
    this.models = models;
  }

  /**
   * Opens the models that the settings need.
   *
   * @param options devices and kernels; of the models' settings, what the step does not settle
   * @throws IllegalArgumentException if one is missing or was trained for something else, or if
   *     kernels were chosen whose rows depend on each other
   */
  public static CapFiltStep open(
      CapFiltModels models, CapFiltSettings settings, PredictorOptions options) throws IOException {
    if (options.kernels() == Kernels.INT8) {
      throw new IllegalArgumentException(
          "in eight bits a text's score depends on the images beside it; take other kernels for"
              + " CapFilt");
    }
    boolean needed = settings.captions() || settings.scores();
    return new CapFiltStep(
        settings,
        needed ? Optional.of(StagedModels.open(models, settings, options)) : Optional.empty());
  }

  /** A step over models that are open already; it closes them. */
  public static CapFiltStep of(CapFiltSettings settings, CaptionerAndFilter models) {
    return new CapFiltStep(settings, Optional.of(models));
  }

  /** What decides the result. */
  public CapFiltSettings settings() {
    return settings;
  }

  /** The least number of samples, from {@code wanted} up, of which a call wastes no row. */
  public int fullRuns(int wanted) {
    int rows = models.map(CaptionerAndFilter::rows).orElse(1);
    return (wanted + rows - 1) / rows * rows;
  }

  /**
   * Judges samples; the records come in their order. A run for which the device has no room is
   * halved and tried again, and the size kept.
   */
  public List<CapFiltRecord> apply(List<Sample.ImageText> samples) {
    use.readLock().lock();
    try {
      if (closed) {
        throw new IllegalStateException("the step is closed; open another one");
      }
      ImmutableList.Builder<CapFiltRecord> records = ImmutableList.builder();
      int done = 0;
      while (done < samples.size()) {
        int rows = models.map(CaptionerAndFilter::rows).orElse(samples.size());
        List<Sample.ImageText> some = samples.subList(done, Math.min(done + rows, samples.size()));
        try {
          records.addAll(judge(some));
          done += some.size();
        } catch (TFResourceExhaustedException e) {
          if (!models.map(all -> all.halve(rows)).orElse(false)) {
            throw e;
          }
        }
      }
      return records.build();
    } finally {
      use.readLock().unlock();
    }
  }

  private List<CapFiltRecord> judge(List<Sample.ImageText> samples) {
    List<Draft> drafts = samples.stream().map(Draft::new).toList();
    List<Draft> usable = drafts.stream().filter(draft -> draft.problem.isEmpty()).toList();
    if (models.isPresent() && !usable.isEmpty()) {
      List<ByteString> files = usable.stream().map(draft -> draft.image).toList();
      try (CaptionerAndFilter.Images images = models.get().read(files)) {
        for (int row = 0; row < usable.size(); row++) {
          usable.get(row).problem = images.problems().get(row);
        }
        if (settings.captions()) {
          caption(images, usable);
        }
        if (settings.scores()) {
          score(images, usable);
        }
      }
    }
    return drafts.stream().map(Draft::finish).toList();
  }

  private void caption(CaptionerAndFilter.Images images, List<Draft> drafts) {
    for (int candidate = 0; candidate < settings.generation().candidates(); candidate++) {
      int number = candidate;
      long[] seeds =
          drafts.stream().mapToLong(draft -> settings.seed(draft.sample, number)).toArray();
      List<String> texts = images.captions(seeds);
      for (int row = 0; row < drafts.size(); row++) {
        drafts.get(row).add(texts.get(row), CapFiltText.Source.SYNTHETIC);
      }
    }
  }

  private static void score(CaptionerAndFilter.Images images, List<Draft> drafts) {
    List<Integer> rows = new ArrayList<>();
    List<CapFiltText> texts = new ArrayList<>();
    for (int row = 0; row < drafts.size(); row++) {
      Draft draft = drafts.get(row);
      if (draft.problem.isEmpty()) {
        for (CapFiltText text : draft.texts) {
          rows.add(row);
          texts.add(text);
        }
        draft.texts.clear();
      }
    }
    List<CapFiltText> scored =
        images.scored(rows.stream().mapToInt(Integer::intValue).toArray(), texts);
    for (int i = 0; i < scored.size(); i++) {
      drafts.get(rows.get(i)).texts.add(scored.get(i));
    }
  }

  @Override
  public void close() {
    use.writeLock().lock();
    try {
      if (!closed) {
        closed = true;
        models.ifPresent(CaptionerAndFilter::close);
      }
    } finally {
      use.writeLock().unlock();
    }
  }

  /** A sample while its texts are gathered and scored. */
  private final class Draft {
    private final Sample.ImageText sample;
    private final List<CapFiltText> texts = new ArrayList<>();
    private ByteString image = ByteString.EMPTY; // as the graph reads it
    private String problem = "";
    private CapFiltPicture picture;

    Draft(Sample.ImageText sample) {
      this.sample = sample;
      try {
        EncodedImage encoded = EncodedImage.of(sample.image());
        image = encoded.bytes();
        picture =
            CapFiltPicture.of(
                encoded,
                sample.image().size(),
                settings.policy().rules().repeats().uniquePictures());
      } catch (SampleException e) {
        problem = e.getMessage();
      }
      if (settings.policy().texts().includes(CapFiltText.Source.WEB)) {
        sample.texts().forEach(text -> add(text, CapFiltText.Source.WEB));
      }
    }

    void add(String text, CapFiltText.Source source) {
      texts.add(CapFiltText.of(text, source));
    }

    CapFiltRecord finish() {
      return problem.isEmpty()
          ? CapFiltRecord.of(sample.key(), sample)
              .withPicture(picture)
              .withTexts(settings.policy().decide(texts, Optional.of(picture)))
          : CapFiltRecord.unusable(sample.key(), problem);
    }
  }
}
