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
import org.blip4j.savedmodel.evaluate.Gallery;
import org.blip4j.savedmodel.evaluate.RankedSide;
import org.blip4j.savedmodel.evaluate.RetrievalProtocol;
import org.blip4j.savedmodel.open.ModelSource;
import org.blip4j.savedmodel.predict.PredictorOptions;
import org.blip4j.savedmodel.predict.StagedModel;
import org.tensorflow.Result;
import org.tensorflow.Tensor;
import org.tensorflow.types.TFloat32;

/** The published evaluation of retrieval, by the protocol that {@code evaluate retrieval} runs. */
final class RetrievalChecks {
  private static final Tolerance RECALL = new Tolerance(1e-9, 0);
  private static final Map<String, String> SIDES = Map.of("i2t", "img2txt", "t2i", "txt2img");

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
    PredictorOptions options =
        new PredictorOptions(
            run.machine().session(), UnaryOperator.identity(), run.machine().kernels());
    Values image = run.image();
    try (StagedModel model =
            StagedModel.open(
                ModelSource.resolve(golden.weights().toString()),
                options,
                UnaryOperator.identity());
        Tensor pixels = image.channelsLast().tensor(TFloat32.class);
        Result states = model.encode(pixels)) {
      run.add("visual_feats", Values.read(states.get(0)));
      Gallery gallery =
          new Gallery(
              (first, block) -> block.pixels(0, pixels), // nothing was finished before
              ImmutableList.copyOf(texts),
              right(run.cases().path("ground_truth").path("true").path("img2txt")));
      all(run, model, states.get(0), measure(model, gallery, texts.size() + gallery.size()));
      for (JsonNode k : run.cases().path("k_test")) {
        candidates(run, "k" + k.asInt(), measure(model, gallery, k.asInt()));
      }
    }
    standalone(run);
    run.report();
  }

  private static RetrievalProtocol.Found measure(StagedModel model, Gallery gallery, int candidates)
      throws IOException {
    return new RetrievalProtocol(
            model, gallery, candidates, Optional.empty(), (stage, done, total, before) -> {})
        .measure();
  }

  private static void all(
      GoldenRun run, StagedModel model, Tensor states, RetrievalProtocol.Found found) {
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

  private static void candidates(GoldenRun run, String name, RetrievalProtocol.Found found)
      throws IOException {
    float none = (float) run.golden().config().path("non_candidate_score").asDouble(-100);
    Map<String, RankedSide> sides = Map.of("i2t", found.toText(), "t2i", found.toImage());
    sides.forEach(
        (direction, side) -> {
          int[] queries = IntStream.range(0, side.queries()).toArray();
          float[][] scores =
              IntStream.of(queries).mapToObj(q -> side.row(q, none)).toArray(float[][]::new);
          run.add(name + "/score_" + direction, matrix(scores));
          long[] items =
              IntStream.of(queries)
                  .flatMap(q -> IntStream.of(side.candidates()[q]))
                  .asLongStream()
                  .toArray();
          run.add(
              name + "/candidates_" + direction,
              Values.of(items, queries.length, items.length / queries.length));
        });
    for (Map.Entry<String, JsonNode> truth : run.cases().path("ground_truth").properties()) {
      JsonNode expected = run.cases().path("evaluation").path(name + "_" + truth.getKey());
      if (expected.isMissingNode()) {
        continue;
      }
      for (String direction : SIDES.keySet()) {
        RankedSide side =
            sides.get(direction).withRight(right(truth.getValue().path(SIDES.get(direction))));
        long[] ranks =
            IntStream.range(0, side.queries())
                .mapToLong(q -> side.reached(q) ? side.rank(q) : -1)
                .toArray();
        run.add(name + "/" + truth.getKey() + "_rank_" + direction, Values.of(ranks, ranks.length));
        String kind = direction.equals("i2t") ? "txt" : "img";
        recalls(
            run,
            name + "_" + truth.getKey() + " " + kind,
            side.recall(),
            k -> expected.path(kind + "_recall_lowest_highest").path("r" + k).path(0));
      }
    }
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

  private static void standalone(GoldenRun run) throws IOException {
    for (String direction : SIDES.keySet()) {
      Values scores = run.inputs().get("standalone_score_" + direction);
      ImmutableList<ImmutableIntArray> right =
          right(run.cases().path("ground_truth").path("standalone").path(SIDES.get(direction)));
      float[][] rows =
          IntStream.range(0, right.size())
              .mapToObj(row -> scores.row(row).floats())
              .toArray(float[][]::new);
      RecallAtK recall =
          RecallAtK.of(rows, right.stream().map(ImmutableIntArray::toArray).toList());
      long[] ranks = IntStream.of(recall.ranks()).asLongStream().toArray();
      run.add("standalone_rank_" + direction, Values.of(ranks, ranks.length));
      String kind = direction.equals("i2t") ? "txt" : "img";
      JsonNode expected = run.cases().path("standalone_evaluation");
      recalls(run, "standalone " + kind, recall, k -> expected.path(kind + "_r" + k));
      run.compare(
          "standalone " + kind + "_r_mean",
          recall.meanPercent(),
          expected.path(kind + "_r_mean").asDouble(Double.NaN),
          RECALL);
    }
  }

  /** The items that belong to each query: a list or one, by the query's number. */
  private static ImmutableList<ImmutableIntArray> right(JsonNode byQuery) {
    ImmutableList.Builder<ImmutableIntArray> all = ImmutableList.builder();
    for (int query = 0; query < byQuery.size(); query++) {
      JsonNode items = byQuery.path(String.valueOf(query));
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
