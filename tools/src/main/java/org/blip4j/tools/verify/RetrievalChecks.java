package org.blip4j.tools.verify;

import com.fasterxml.jackson.databind.JsonNode;
import com.google.common.collect.ImmutableList;
import com.google.common.primitives.ImmutableIntArray;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.UnaryOperator;
import java.util.stream.IntStream;
import org.blip4j.data.metric.RecallAtK;
import org.blip4j.data.text.CaptionText;
import org.blip4j.savedmodel.evaluate.Gallery;
import org.blip4j.savedmodel.evaluate.RankedSide;
import org.blip4j.savedmodel.evaluate.RetrievalProtocol;
import org.blip4j.savedmodel.evaluate.VideoProtocol;
import org.blip4j.savedmodel.open.ModelSource;
import org.blip4j.savedmodel.predict.PredictorOptions;
import org.blip4j.savedmodel.predict.StagedModel;
import org.tensorflow.Result;
import org.tensorflow.Tensor;
import org.tensorflow.types.TFloat32;

/** The published evaluation of retrieval, by the protocol that {@code evaluate retrieval} runs. */
final class RetrievalChecks {
  private static final Tolerance RECALL = new Tolerance(1e-9, 0);

  /**
   * One direction of retrieval, and what goldens call it.
   *
   * @param name of its tensors
   * @param truth of the right items
   * @param kind of what is found
   */
  private record Side(String name, String truth, String kind) {}

  private static final Side IMAGE_TO_TEXT = new Side("i2t", "img2txt", "txt");
  private static final Side TEXT_TO_IMAGE = new Side("t2i", "txt2img", "img");
  private static final Side VIDEO_TO_TEXT = new Side("v2t", "video2txt", "txt");
  private static final Side TEXT_TO_VIDEO = new Side("t2v", "txt2video", "vid");

  private RetrievalChecks() {}

  /**
   * Compares features, similarities and logits of all pairs; for each number of candidates the
   * matrices of scores, with the stated score for all other pairs; ranks and recalls for each set
   * of right pairs; and recalls of given matrices. Where a recall depends on the order of equal
   * scores, the lowest is ours, since ties are behind.
   */
  static void protocol(GoldenRun run) throws IOException {
    GoldenModel golden = GoldenModel.of(run);
    List<String> texts = run.strings("captions");
    run.own(Values.ids(golden.encode(run, "captions", "text_ids")), "text_ids");
    run.own(Values.mask(golden.encode(run, "captions", "text_ids")), "text_mask");
    Values image = run.image();
    try (StagedModel model = open(run, golden);
        Tensor pixels = image.channelsLast().tensor(TFloat32.class);
        Result states = model.encode(pixels)) {
      run.add("visual_feats", Values.read(states.get(0)));
      Gallery gallery =
          new Gallery(
              (first, block) -> block.pixels(0, pixels), // nothing was finished before
              ImmutableList.copyOf(texts),
              right(run.cases().path("ground_truth").path("true").path("img2txt")));
      all(run, measure(model, gallery, texts.size() + gallery.size()));
      for (JsonNode k : run.cases().path("k_test")) {
        RetrievalProtocol.Found found = measure(model, gallery, k.asInt());
        candidates(run, "k" + k.asInt(), IMAGE_TO_TEXT, found.toText());
        candidates(run, "k" + k.asInt(), TEXT_TO_IMAGE, found.toImage());
      }
    }
    for (Side side : List.of(IMAGE_TO_TEXT, TEXT_TO_IMAGE)) {
      standalone(run, side);
    }
    run.report();
  }

  /** The same of videos, whose frames are given, with the median rank of the right video. */
  static void videos(GoldenRun run) throws IOException {
    GoldenModel golden = GoldenModel.of(run);
    List<String> texts = run.strings("captions_raw");
    int words = run.cases().path("caption_max_words").intValue();
    List<String> cleaned = texts.stream().map(t -> CaptionText.cleanCaption(t, words)).toList();
    run.texts("captions", cleaned, run.cases().path("captions"));
    run.own(Values.ids(golden.encode(run, "captions", "text_ids")), "text_ids");
    run.own(Values.mask(golden.encode(run, "captions", "text_ids")), "text_mask");
    Values video = run.inputs().get("video");
    long[] shape = video.shape(); // [V, F, C, H, W]
    int count = (int) shape[0];
    int frames = (int) shape[1];
    Values image = video.reshape(shape[0] * shape[1], shape[2], shape[3], shape[4]);
    try (StagedModel model = open(run, golden);
        Tensor pixels = image.channelsLast().tensor(TFloat32.class);
        Result states = model.encode(pixels);
        TFloat32 whole = VideoProtocol.concatenated(states.get(0), frames)) {
      Values projected = matrix(model.projectImages(states.get(0)));
      run.add("frame_proj", projected.reshape(count, frames, projected.shape()[1]));
      run.add("visual_feats", Values.read(whole));
      Gallery gallery =
          new Gallery(
              (first, block) -> block.pixels(0, pixels), // nothing was finished before
              frames,
              ImmutableList.copyOf(texts),
              right(run.cases().path("ground_truth").path("identity").path(VIDEO_TO_TEXT.truth())));
      all(run, measure(model, gallery, texts.size() + count));
      for (JsonNode k : run.cases().path("k_test")) {
        RetrievalProtocol.Found found = measure(model, gallery, k.asInt());
        candidates(run, "k" + k.asInt(), VIDEO_TO_TEXT, found.toText());
        candidates(run, "k" + k.asInt(), TEXT_TO_VIDEO, found.toImage());
      }
    }
    run.report();
  }

  private static StagedModel open(GoldenRun run, GoldenModel golden) throws IOException {
    PredictorOptions options =
        new PredictorOptions(
            run.machine().session(),
            UnaryOperator.identity(),
            run.machine().kernels(),
            PredictorOptions.USUAL_BUDGET);
    return StagedModel.open(
        ModelSource.resolve(golden.weights().toString()), options, UnaryOperator.identity());
  }

  private static RetrievalProtocol.Found measure(StagedModel model, Gallery gallery, int candidates)
      throws IOException {
    return new RetrievalProtocol(
            model, gallery, candidates, Optional.empty(), (stage, done, total, before) -> {})
        .measure();
  }

  private static void all(GoldenRun run, RetrievalProtocol.Found found) {
    run.add("visual_embeds", matrix(found.imageFeatures()));
    run.add("text_embeds", matrix(found.textFeatures()));
    RankedSide side = found.toText();
    float[][] cosines = new float[side.queries()][];
    List<float[]> logits = new ArrayList<>();
    for (int i = 0; i < cosines.length; i++) {
      RankedSide byCosine =
          new RankedSide(
              side.candidates(), side.cosines(), side.cosines(), side.right(), side.items());
      cosines[i] = byCosine.row(i, Float.NaN);
      logits.addAll(List.of(found.logits()[i]));
    }
    run.add("sims", matrix(cosines));
    run.add(
        "itm_logits",
        matrix(logits.toArray(float[][]::new)).reshape(side.queries(), side.items(), 2));
  }

  private static void candidates(GoldenRun run, String name, Side of, RankedSide found)
      throws IOException {
    float none = (float) run.golden().config().path("non_candidate_score").asDouble(-100);
    int[] queries = IntStream.range(0, found.queries()).toArray();
    float[][] scores =
        IntStream.of(queries).mapToObj(q -> found.row(q, none)).toArray(float[][]::new);
    run.add(name + "/score_" + of.name(), matrix(scores));
    long[] items =
        IntStream.of(queries)
            .flatMap(q -> IntStream.of(found.candidates()[q]))
            .asLongStream()
            .toArray();
    run.add(
        name + "/candidates_" + of.name(),
        Values.of(items, queries.length, items.length / queries.length));
    for (Map.Entry<String, JsonNode> truth : run.cases().path("ground_truth").properties()) {
      String check = name + "_" + truth.getKey();
      JsonNode expected = run.cases().path("evaluation").path(check);
      if (expected.isMissingNode()) {
        continue;
      }
      RankedSide side = found.withRight(right(truth.getValue().path(of.truth())));
      long[] ranks =
          IntStream.of(queries).mapToLong(q -> side.reached(q) ? side.rank(q) : -1).toArray();
      run.add(name + "/" + truth.getKey() + "_rank_" + of.name(), Values.of(ranks, ranks.length));
      recalls(
          run,
          check + " " + of.kind(),
          side.recall(),
          k -> expected.path(of.kind() + "_recall_lowest_highest").path("r" + k).path(0));
      median(run, check, side, expected.path("upstream").path(of.kind() + "_mdR"));
    }
  }

  /** The median rank, which the order of equal scores may make smaller than ours. */
  private static void median(GoldenRun run, String check, RankedSide side, JsonNode expected) {
    if (expected.isMissingNode()) {
      return;
    }
    int[] lowest =
        IntStream.range(0, side.queries())
            .map(q -> side.reached(q) ? side.rank(q) : side.candidates()[q].length)
            .toArray();
    double least = RecallAtK.ofRanks(lowest).medianRank();
    double most = side.recall().medianRank();
    double wanted = expected.asDouble(Double.NaN);
    run.exact(
        check + " median rank",
        wanted >= least && wanted <= most
            ? null
            : "%s to %s, expected %s".formatted(least, most, wanted));
  }

  private interface Expected {
    JsonNode recall(int k);
  }

  private static void recalls(GoldenRun run, String check, RecallAtK found, Expected expected) {
    for (int k : new int[] {1, 5, 10}) {
      double wanted = expected.recall(k).asDouble(Double.NaN);
      run.compare(check + "_r" + k, found.percent(k), wanted, RECALL);
    }
  }

  private static void standalone(GoldenRun run, Side side) throws IOException {
    Values scores = run.inputs().get("standalone_score_" + side.name());
    ImmutableList<ImmutableIntArray> right =
        right(run.cases().path("ground_truth").path("standalone").path(side.truth()));
    float[][] rows =
        IntStream.range(0, right.size())
            .mapToObj(row -> scores.row(row).floats())
            .toArray(float[][]::new);
    RecallAtK recall = RecallAtK.of(rows, right.stream().map(ImmutableIntArray::toArray).toList());
    long[] ranks = IntStream.of(recall.ranks()).asLongStream().toArray();
    run.add("standalone_rank_" + side.name(), Values.of(ranks, ranks.length));
    JsonNode expected = run.cases().path("standalone_evaluation");
    recalls(run, "standalone " + side.kind(), recall, k -> expected.path(side.kind() + "_r" + k));
    run.compare(
        "standalone " + side.kind() + "_r_mean",
        recall.meanPercent(),
        expected.path(side.kind() + "_r_mean").asDouble(Double.NaN),
        RECALL);
  }

  /** The items that belong to each query: a list or one, by the query's number. */
  private static ImmutableList<ImmutableIntArray> right(JsonNode byQuery) {
    ImmutableList.Builder<ImmutableIntArray> all = ImmutableList.builder();
    for (int query = 0; query < byQuery.size(); query++) {
      JsonNode items =
          byQuery.isArray() ? byQuery.path(query) : byQuery.path(String.valueOf(query));
      ImmutableIntArray.Builder own = ImmutableIntArray.builder();
      if (items.isArray()) {
        items.forEach(item -> own.add(item.intValue()));
      } else {
        own.add(items.intValue());
      }
      all.add(own.build());
    }
    return all.build();
  }

  private static Values matrix(float[][] rows) {
    int columns = rows[0].length;
    float[] flat = new float[rows.length * columns];
    for (int row = 0; row < rows.length; row++) {
      System.arraycopy(rows[row], 0, flat, row * columns, columns);
    }
    return Values.of(flat, rows.length, columns);
  }
}
