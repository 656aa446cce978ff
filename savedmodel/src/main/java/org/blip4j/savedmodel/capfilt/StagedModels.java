package org.blip4j.savedmodel.capfilt;

import com.google.common.collect.Lists;
import com.google.protobuf.ByteString;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.blip4j.graph.config.VitConfig;
import org.blip4j.ops.decode.DecodingSettings;
import org.blip4j.savedmodel.open.ModelSource;
import org.blip4j.savedmodel.predict.Caption;
import org.blip4j.savedmodel.predict.PredictorOptions;
import org.blip4j.savedmodel.predict.StagedModel;
import org.blip4j.savedmodel.signature.ServingSettings;
import org.tensorflow.Result;
import org.tensorflow.Tensor;

/**
 * Captioner and filter as TensorFlow graphs. An image is decoded once and encoded once a model, or
 * once for both if their image encoders have equal weights; a model that is both is open once.
 *
 * <p>Every run has the same number of images, {@link #rows()}, and twice as many pairs, whatever
 * there is to do. A row's result is then the same to the last bit wherever it stands and whatever
 * is beside it: the kernels add up each row by itself, in an order that the number of rows may
 * change, and nothing else. The number follows from the models' sizes alone, unless the device has
 * no room for it.
 */
final class StagedModels implements CaptionerAndFilter {
  /** Images of a run of large models: enough that the rows of a step fill the kernels' blocks. */
  private static final int FEWEST = 8;

  /** Images of a run of small models, for which starting a run is what costs. */
  private static final int MOST = 64;

  /** States of image patches that a run may have beyond {@link #FEWEST} images, in numbers. */
  private static final long STATES = 1 << 21;

  private final StagedModel captioner;
  private final StagedModel filter;
  private final boolean searches;
  private final boolean onePass;
  private volatile int rows;

  private StagedModels(StagedModel captioner, StagedModel filter, boolean searches) {
    this.captioner = captioner;
    this.filter = filter;
    this.searches = searches;
    this.onePass =
        captioner != null
            && filter != null
            && (captioner == filter || captioner.encodesLike(filter));
    this.rows =
        Stream.of(Optional.ofNullable(captioner), Optional.ofNullable(filter))
            .flatMap(Optional::stream)
            .mapToInt(model -> rows(model.vision()))
            .min()
            .orElse(FEWEST);
  }

  /** The images of a run, a power of two. */
  private static int rows(VitConfig vision) {
    long fitting = STATES / ((long) vision.tokens() * vision.width());
    return (int) Long.highestOneBit(Math.max(FEWEST, Math.min(MOST, fitting)));
  }

  static StagedModels open(CapFiltModels models, CapFiltSettings settings, PredictorOptions options)
      throws IOException {
    StagedModel captioner = null;
    StagedModel filter = null;
    try {
      if (settings.captions()) {
        ModelSource source = models.requireCaptioner();
        captioner = StagedModel.open(source, options, own -> adjusted(own, settings.generation()));
        require(captioner.writes(), captioner, source, "captions");
      }
      if (settings.scores()) {
        ModelSource source = models.requireFilter();
        boolean same = captioner != null && source.equals(models.requireCaptioner());
        filter =
            same
                ? captioner
                : StagedModel.open(source, options, own -> own.withExpectedBatch(2 * FEWEST));
        require(filter.matches(), filter, source, "match scores");
      }
      return new StagedModels(captioner, filter, settings.generation().beams() > 0);
    } catch (IOException | RuntimeException | Error e) {
      close(captioner, filter == captioner ? null : filter);
      throw e;
    }
  }

  private static void require(boolean able, StagedModel model, ModelSource source, String what) {
    if (!able) {
      throw new IllegalArgumentException(
          "%s is a model for %s, it gives no %s; give another one"
              .formatted(source.path(), model.model().config().task(), what));
    }
  }

  private static ServingSettings adjusted(
      ServingSettings own, CapFiltSettings.Generation generation) {
    DecodingSettings.Lengths lengths =
        new DecodingSettings.Lengths(generation.minLength(), generation.maxLength());
    ServingSettings adjusted =
        generation.beams() > 0
            ? own.withSearch(
                own.search()
                    .withBeams(generation.beams())
                    .withLengths(lengths)
                    .withRepetitionPenalty(generation.repetitionPenalty()))
            : own.withSampling(
                DecodingSettings.Sampling.nucleus(generation.nucleus())
                    .withLengths(lengths)
                    .withRepetitionPenalty(generation.repetitionPenalty()));
    return adjusted.withExpectedBatch(FEWEST);
  }

  /** Whether one run of an image encoder serves both models. */
  boolean onePass() {
    return onePass;
  }

  @Override
  public int rows() {
    return rows;
  }

  @Override
  public synchronized boolean halve(int tried) {
    if (rows >= tried && tried > 1) {
      rows = tried / 2;
    }
    return rows < tried;
  }

  @Override
  public Images read(List<ByteString> files) {
    int all = Math.max(rows, files.size());
    List<byte[]> padded = new ArrayList<>();
    files.forEach(file -> padded.add(file.toByteArray()));
    padded.addAll(Collections.nCopies(all - files.size(), new byte[0]));
    StagedModel first = captioner != null ? captioner : filter;
    try (Result decoded = first.decode(padded)) {
      List<String> problems = StagedModel.strings(decoded.get(1)).subList(0, files.size());
      Result own = captioner == null ? null : captioner.encode(decoded.get(0));
      try {
        return new Encoded(all, problems, own, forFilter(padded, decoded.get(0), own));
      } catch (RuntimeException | Error e) {
        close(own);
        throw e;
      }
    }
  }

  /** The filter's states, if there is a filter. */
  private Result forFilter(List<byte[]> files, Tensor pixels, Result captioners) {
    if (filter == null || onePass) {
      return captioners;
    }
    if (captioner == null || captioner.decodesLike(filter)) {
      return filter.encode(pixels);
    }
    try (Result other = filter.decode(files)) {
      return filter.encode(other.get(0));
    }
  }

  private static void close(AutoCloseable... all) {
    for (AutoCloseable one : all) {
      if (one != null) {
        try {
          one.close();
        } catch (Exception e) {
          throw new IllegalStateException(e);
        }
      }
    }
  }

  @Override
  public void close() {
    close(captioner, filter == captioner ? null : filter);
  }

  /** States of as many images as a run has. */
  private final class Encoded implements Images {
    private final int all;
    private final List<String> problems;
    private final Result ofCaptioner;
    private final Result ofFilter;

    Encoded(int all, List<String> problems, Result ofCaptioner, Result ofFilter) {
      this.all = all;
      this.problems = problems;
      this.ofCaptioner = ofCaptioner;
      this.ofFilter = ofFilter;
    }

    @Override
    public List<String> problems() {
      return problems;
    }

    @Override
    public List<String> captions(long[] seeds) {
      Tensor states = ofCaptioner.get(0);
      List<Caption> written =
          searches
              ? captioner.captions(states)
              : captioner.captions(states, Arrays.copyOf(seeds, all));
      return written.stream().limit(seeds.length).map(Caption::text).toList();
    }

    @Override
    public List<CapFiltText> scored(int[] rows, List<CapFiltText> texts) {
      List<CapFiltText> scored = new ArrayList<>();
      int pairs = 2 * all; // a web text and a written one for each image
      int start = 0;
      for (List<CapFiltText> some : Lists.partition(texts, pairs)) {
        List<String> words = new ArrayList<>(some.stream().map(CapFiltText::text).toList());
        words.addAll(Collections.nCopies(pairs - some.size(), ""));
        int[] images = Arrays.copyOf(Arrays.copyOfRange(rows, start, start + some.size()), pairs);
        float[][] scores = filter.match(ofFilter.get(0), images, words);
        for (int i = 0; i < some.size(); i++) {
          scored.add(some.get(i).withScores(scores[0][i], scores[1][i]));
        }
        start += some.size();
      }
      return scored;
    }

    @Override
    public void close() {
      StagedModels.close(ofCaptioner, ofFilter == ofCaptioner ? null : ofFilter);
    }
  }
}
