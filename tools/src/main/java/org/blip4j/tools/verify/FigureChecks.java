package org.blip4j.tools.verify;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.MissingNode;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.function.ToDoubleFunction;
import org.blip4j.ops.core.GraphContext;
import org.blip4j.ops.core.Mode;
import org.blip4j.ops.decode.ScoreProcessors;
import org.blip4j.ops.decode.Warping;
import org.blip4j.training.optimize.AlphaRamp;
import org.blip4j.training.optimize.LearningRateSchedule;
import org.blip4j.training.optimize.RunPosition;
import org.tensorflow.Operand;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TInt64;

/** Goldens without a model: schedules of training, and a step of sampling. */
final class FigureChecks {
  private static final JsonNode NONE = MissingNode.getInstance();
  private static final double RELATIVE = 1e-12;

  /** Passes over the data until alpha is reached (blip-spec 5.3, 7.1). */
  private static final int PRETRAIN_RAMP = 2;

  private static final int RETRIEVAL_RAMP = 1;

  private FigureChecks() {}

  /** Learning rates and alpha of every row, a check for each figure of each run. */
  static void schedules(GoldenRun run) throws IOException {
    JsonNode file = Golden.readJson(run.golden().path());
    for (Map.Entry<String, JsonNode> section : file.properties()) {
      int number = 0;
      for (JsonNode one : section.getValue().path(0).has("rows") ? section.getValue() : NONE) {
        JsonNode config = one.path("config");
        String check = section.getKey() + " " + one.path("name").asText("" + number++);
        double peak = config.path("init_lr").asDouble();
        double floor = config.path("min_lr").asDouble();
        switch (section.getKey()) {
          case "pretrain" -> {
            LearningRateSchedule rate =
                new LearningRateSchedule.WarmupDecay(
                    peak,
                    floor,
                    config.path("warmup_lr").asDouble(),
                    config.path("warmup_steps").asLong(),
                    config.path("lr_decay_rate").asDouble());
            AlphaRamp alpha = AlphaRamp.ofEpochs(PRETRAIN_RAMP);
            double full = config.path("alpha").asDouble();
            rows(run, check + " learning rate", one, 2, rate::rate);
            rows(run, check + " alpha", one, 3, at -> alpha.alpha(full, at));
          }
          case "cosine" ->
              rows(run, check, one, 1, new LearningRateSchedule.EpochCosine(peak, floor)::rate);
          case "retrieval_alpha" -> {
            AlphaRamp alpha = AlphaRamp.ofEpochs(RETRIEVAL_RAMP);
            rows(run, check, one, 2, at -> alpha.alpha(one.path("alpha").asDouble(), at));
          }
          default -> run.failed(check, "no check for this kind of schedule");
        }
      }
    }
  }

  /** Compares a column of rows that begin with epoch and, where the epoch has more, step. */
  private static void rows(
      GoldenRun run, String check, JsonNode one, int column, ToDoubleFunction<RunPosition> figure) {
    long steps = one.path("steps_per_epoch").asLong(1);
    long last = one.path("rows").path(one.path("rows").size() - 1).path(0).asLong();
    long epochs = one.path("config").path("max_epoch").asLong(last + 1);
    List<Double> found = new ArrayList<>();
    List<Double> expected = new ArrayList<>();
    for (JsonNode row : one.path("rows")) {
      long step = row.path(0).asLong() * steps + (column > 1 ? row.path(1).asLong() : 0);
      found.add(figure.applyAsDouble(RunPosition.of(step, steps, epochs * steps)));
      expected.add(row.path(column).asDouble(Double.NaN));
    }
    if (expected.isEmpty()) {
      run.failed(check, "has no rows");
      return;
    }
    double[] bounds = expected.stream().mapToDouble(x -> RELATIVE * Math.abs(x)).toArray();
    Values wanted = Values.vector(expected);
    run.row(CheckRow.compare(run.golden().name(), check, Values.vector(found), wanted, bounds));
  }

  /**
   * One step of nucleus sampling in every setting: the scores that are left, their probabilities
   * and how many there are.
   */
  static void sampling(GoldenRun run) throws IOException {
    JsonNode steps = run.cases().path("steps");
    try (GoldenGraph graph = new GoldenGraph(run, Mode.INFER)) {
      for (Map.Entry<String, JsonNode> step : steps.properties()) {
        String name = step.getKey();
        JsonNode settings = step.getValue().path("settings");
        GraphContext ctx = graph.ctx().in(name);
        Values logits = run.inputs().get(name + ".logits");
        Values ids = run.inputs().get(name + ".ids");
        Operand<TFloat32> processed =
            new ScoreProcessors(
                    settings.path("repetition_penalty").asDouble(1),
                    settings.path("min_length").asInt(0),
                    step.getValue().path("eos_token_id").asLong())
                .apply(
                    ctx,
                    graph.feed(TFloat32.class, logits, -1, logits.shape()[1]),
                    graph.feed(TInt64.class, ids, -1, -1),
                    ctx.tf().constant((int) ids.shape()[1]));
        Operand<TFloat32> kept =
            new Warping(
                    settings.path("temperature").asDouble(1),
                    settings.path("top_k").asInt(0),
                    settings.path("top_p").asDouble(1))
                .apply(ctx, processed)
                .dense(ctx);
        graph.fetch(name + ".scores", kept);
        graph.fetch(name + ".probs", ctx.tf().nn.softmax(kept));
      }
      Map<String, Values> computed = graph.compute();
      for (Map.Entry<String, JsonNode> step : steps.properties()) {
        Values scores = computed.get(step.getKey() + ".scores");
        List<Long> kept = new ArrayList<>();
        for (int row = 0; row < scores.shape()[0]; row++) {
          kept.add(
              Arrays.stream(scores.row(row).data()).filter(x -> !Double.isInfinite(x)).count());
        }
        run.add(step.getKey() + ".kept", Values.vector(kept));
        String said = step.getValue().path("kept").toString();
        String found = kept.toString().replace(" ", "");
        run.exact(
            step.getKey() + " kept",
            said.equals(found) ? null : found + ", cases.json says " + said);
      }
    }
    run.report();
  }
}
