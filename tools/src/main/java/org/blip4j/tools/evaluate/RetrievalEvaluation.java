package org.blip4j.tools.evaluate;

import com.google.common.hash.Hasher;
import com.google.common.hash.Hashing;
import com.google.protobuf.ByteString;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.blip4j.data.pipeline.SampleKind;
import org.blip4j.data.sample.Sample;
import org.blip4j.savedmodel.capfilt.CapFiltModels;
import org.blip4j.savedmodel.evaluate.Gallery;
import org.blip4j.savedmodel.evaluate.LabelledRecords;
import org.blip4j.savedmodel.evaluate.RetrievalProtocol;
import org.blip4j.savedmodel.evaluate.VideoProtocol;
import org.blip4j.savedmodel.open.ModelSource;
import org.blip4j.savedmodel.predict.PredictorOptions;
import org.blip4j.savedmodel.predict.StagedModel;
import org.blip4j.tools.console.Console;
import org.blip4j.tools.console.Progress;
import picocli.CommandLine.Option;

/**
 * Images found by texts and texts by images (COCO, Flickr30k; blip-spec 7.1), or videos (MSRVTT;
 * 7.7).
 *
 * @param kind what is found beside texts
 * @param candidates of each image and text
 * @param work where finished images are kept, if they are
 */
record RetrievalEvaluation(
    Kind kind, int candidates, Optional<Path> work, EvaluationOptions out, Console console) {
  /** What is found beside texts. */
  enum Kind {
    /** One picture. */
    IMAGE(Sample.ImageText.class, "img", 256),
    /** Frames. */
    VIDEO(Sample.Video.class, "vid", VideoProtocol.CANDIDATES);

    private final Class<? extends Sample> type;
    private final String figures;
    private final int candidates;

    Kind(Class<? extends Sample> type, String figures, int candidates) {
      this.type = type;
      this.figures = figures;
      this.candidates = candidates;
    }

    /** The records. */
    Class<? extends Sample> type() {
      return type;
    }

    /** What figures of finding it begin with. */
    String figures() {
      return figures;
    }

    /** What one is called. */
    String one() {
      return name().toLowerCase(Locale.ROOT);
    }

    Map<String, Double> recalls(RetrievalProtocol.Found found) {
      return this == VIDEO
          ? VideoProtocol.figures(found.toText(), found.toImage())
          : found.recalls();
    }
  }

  /** How many candidates there are and where the work is kept. */
  static final class Options {
    @Option(
        names = "--candidates",
        paramLabel = "K",
        description =
            "Match each image with its K nearest texts, and each text with its K nearest images"
                + " (256, as published for COCO; 128 for Flickr30k, and the default of videos).")
    private Integer candidates;

    @Option(
        names = "--work",
        paramLabel = "DIR",
        description =
            "Keep what is computed here, for another start to go on with (FILE.work beside"
                + " --predictions FILE, until it is finished).")
    private Path work;

    RetrievalEvaluation with(Kind kind, EvaluationOptions out, Console console) {
      int most = candidates == null ? kind.candidates : candidates;
      if (most < 1) {
        throw new IllegalArgumentException(
            "--candidates %d is less than 1; %d are usual".formatted(most, kind.candidates));
      }
      Optional<Path> beside =
          out.predictions().map(file -> Path.of(file + ".work")).filter(any -> work == null);
      return new RetrievalEvaluation(
          kind, most, beside.or(() -> Optional.ofNullable(work)), out, console);
    }

    /** Whether any was given. */
    boolean given() {
      return candidates != null || work != null;
    }

    /** Whether the work is to stay when it is finished. */
    boolean keeps() {
      return work != null;
    }
  }

  /** Shows progress and takes the time of the matches. */
  private static final class Clock implements RetrievalProtocol.Watch, AutoCloseable {
    private final Console console;
    private RetrievalProtocol.Stage stage;
    private Progress progress;
    private long shown;
    private long pairs;
    private long earlier;
    private long start;
    private long end;

    Clock(Console console) {
      this.console = console;
    }

    @Override
    public void at(RetrievalProtocol.Stage now, long done, long total, long before) {
      if (now != stage) {
        finish();
        stage = now;
        progress = console.progress(now.name().toLowerCase(Locale.ROOT), total - before);
        shown = before;
        start = System.nanoTime();
        if (before > 0) {
          console.note(
              "%d of %d %s were finished before",
              before, total, now.name().toLowerCase(Locale.ROOT));
        }
      }
      progress.advance(done - shown);
      shown = done;
      pairs = done;
      earlier = before;
      end = System.nanoTime();
    }

    double seconds() {
      return (end - start) * 1e-9;
    }

    @Override
    public void close() {
      finish();
    }

    void finish() {
      if (progress != null) {
        progress.close();
        progress = null;
      }
    }
  }

  /** Measures a model. */
  void run(LabelledRecords records, ModelSource source, PredictorOptions options, boolean keep)
      throws IOException {
    try (StagedModel model = StagedModel.open(source, options, own -> own)) {
      run(records, model, source, options, keep);
    }
  }

  /** Measures a model that is open already. */
  void run(
      LabelledRecords records,
      StagedModel model,
      ModelSource source,
      PredictorOptions options,
      boolean keep)
      throws IOException {
    if (!model.matches()) {
      throw new IllegalArgumentException(
          "%s matches no %ss with texts; give a retrieval or pre-trained model"
              .formatted(source.path(), kind.one()));
    }
    List<String> keys = new ArrayList<>();
    Hasher hasher = Hashing.murmur3_128().newHasher();
    Gallery gallery = gallery(records, model, keys, hasher);
    RetrievalWork.Begun begun =
        new RetrievalWork.Begun(
            work.isEmpty() ? "" : CapFiltModels.Identity.of(source.path()).sha256(),
            hasher.hash().toString(),
            options.kernels().name());
    RetrievalPlan plan = RetrievalPlan.of(model.model(), gallery, candidates);
    double rate =
        plan.isLarge() ? RetrievalPlan.matrixRate(options.session(), options.kernels()) : 0;
    console.note("%s", plan.line(rate));
    try (RetrievalWork folder = RetrievalWork.begin(work, begun);
        Clock clock = new Clock(console)) {
      RetrievalProtocol.Found found =
          new RetrievalProtocol(model, gallery, candidates, folder.folder(), clock).measure();
      clock.finish();
      RetrievalResults results = new RetrievalResults(kind, found, gallery, keys);
      if (out.predictions().isPresent()) {
        results.write(out.predictions().get());
      }
      tell(found, gallery, plan, clock, rate);
      if (out.report().isPresent()) {
        results.report(records).write(out.report().get());
      }
      if (!keep) {
        folder.remove();
      }
    }
  }

  private Gallery gallery(
      LabelledRecords records, StagedModel model, List<String> keys, Hasher hasher)
      throws IOException {
    if (kind == Kind.VIDEO) {
      return new VideoProtocol(model, records)
          .gallery(video -> add(video, video.texts(), keys, hasher));
    }
    return records.gallery(
        model,
        samples -> {
          for (Sample.ImageText sample : samples) {
            add(sample, sample.texts(), keys, hasher);
          }
        });
  }

  private static void add(Sample sample, List<String> texts, List<String> keys, Hasher hasher) {
    keys.add(sample.key());
    hasher.putUnencodedChars(sample.key());
    for (ByteString image : SampleKind.images(sample)) {
      hasher.putBytes(image.asReadOnlyByteBuffer());
    }
    texts.forEach(text -> hasher.putInt(text.length()).putUnencodedChars(text));
  }

  private void tell(
      RetrievalProtocol.Found found, Gallery gallery, RetrievalPlan plan, Clock clock, double rate)
      throws IOException {
    Map<String, Object> row = new LinkedHashMap<>();
    Map<String, Double> recalls = kind.recalls(found);
    row.put("task", kind == Kind.VIDEO ? "video" : "retrieval");
    row.put(kind.one() + "s", gallery.size());
    row.put("texts", gallery.texts().size());
    row.put("candidates", candidates);
    row.put("pairs", clock.pairs);
    row.putAll(recalls);
    StringBuilder text =
        new StringBuilder(
            "%d %ss, %d texts".formatted(gallery.size(), kind.one(), gallery.texts().size()));
    recalls.forEach(
        (name, value) -> text.append(String.format(Locale.ROOT, "\n  %-10s %.2f", name, value)));
    if (rate > 0 && clock.earlier == 0) {
      double operations = plan.matching(clock.pairs);
      double reached = operations / clock.seconds();
      row.put("operations", operations);
      row.put("seconds", clock.seconds());
      row.put("pairs_per_second", clock.pairs / clock.seconds());
      row.put("gflops", reached * 1e-9);
      row.put("matmul_gflops", rate * 1e-9);
      row.put("share", reached / rate);
      console.note(
          "matched %d pairs in %.1f s, encoding included: %.1f pairs/s, %.3g operations, %.0f of"
              + " %.0f Gflop/s (%.0f %%)",
          clock.pairs,
          clock.seconds(),
          clock.pairs / clock.seconds(),
          operations,
          reached * 1e-9,
          rate * 1e-9,
          100 * reached / rate);
    }
    console.result(row, text.toString());
  }
}
