package org.blip4j.training.optimize;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.google.common.io.Resources;
import java.io.IOException;
import java.util.Optional;
import org.blip4j.graph.config.BlipConfig;
import org.blip4j.training.config.Recipe;
import org.blip4j.training.config.RunConfig;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Learning rates and alpha against the published scripts, as IEEE doubles. */
final class ScheduleTest {
  private static final double RELATIVE = 1e-12;

  @Test
  void warmupAndDecayAreThePublishedOnes() throws IOException {
    int rows = 0;
    for (JsonNode run : golden().get("pretrain")) {
      JsonNode config = run.get("config");
      LearningRateSchedule schedule =
          new LearningRateSchedule.WarmupDecay(
              config.get("init_lr").asDouble(),
              config.get("min_lr").asDouble(),
              config.get("warmup_lr").asDouble(),
              config.get("warmup_steps").asLong(),
              config.get("lr_decay_rate").asDouble());
      AlphaRamp ramp = AlphaRamp.ofEpochs(2);
      for (JsonNode row : run.get("rows")) {
        RunPosition position = position(run, row, config.get("max_epoch").asLong());
        assertRelative(row.get(2).asDouble(), schedule.rate(position), row);
        assertRelative(
            row.get(3).asDouble(), ramp.alpha(config.get("alpha").asDouble(), position), row);
        rows++;
      }
    }
    assertTrue(rows > 50, "rows compared: " + rows);
  }

  @Test
  void cosineOverEpochsIsThePublishedOne() throws IOException {
    int rows = 0;
    for (JsonNode run : golden().get("cosine")) {
      JsonNode config = run.get("config");
      long epochs = config.get("max_epoch").asLong();
      LearningRateSchedule schedule =
          new LearningRateSchedule.EpochCosine(
              config.get("init_lr").asDouble(), config.get("min_lr").asDouble());
      for (JsonNode row : run.get("rows")) {
        long step = row.get(0).asLong() * 7 + 3;
        assertRelative(
            row.get(1).asDouble(), schedule.rate(RunPosition.of(step, 7, epochs * 7)), row);
        rows++;
      }
    }
    assertTrue(rows > 5, "rows compared: " + rows);
  }

  /**
   * Every recipe, from the size of the model that its run starts from to the rate of each epoch.
   */
  @ParameterizedTest
  @CsvSource({
    "CAPTION_COCO, caption_coco base",
    "CAPTION_COCO, caption_coco large",
    "RETRIEVAL_COCO, retrieval_coco base",
    "RETRIEVAL_COCO, retrieval_coco large",
    "RETRIEVAL_FLICKR, retrieval_flickr base",
    "VQA, vqa",
    "NLVR, nlvr",
  })
  void recipesOfFineTuningHaveThePublishedRates(Recipe recipe, String published)
      throws IOException {
    BlipConfig start = published.endsWith("large") ? BlipConfig.large(224) : BlipConfig.base(224);
    RunConfig config = recipe.config(Optional.of(start));
    JsonNode run = null;
    for (JsonNode one : golden().get("cosine")) {
      run = one.get("name").asText().equals(published) ? one : run;
    }
    long epochs = config.duration().epochs().orElseThrow();
    assertEquals(run.get("rows").size(), epochs);
    for (JsonNode row : run.get("rows")) {
      RunPosition position = RunPosition.of(row.get(0).asLong() * 7 + 6, 7, epochs * 7);
      assertRelative(row.get(1).asDouble(), config.schedule().rate(position), row);
    }
  }

  /** The large model goes to two thirds of the rate of base after the same warm-up (paper). */
  @Test
  void recipesOfPreTrainingHaveThePublishedRatesAndAlpha() throws IOException {
    RunConfig base = Recipe.PRETRAIN_BASE.config(Optional.empty());
    RunConfig large = Recipe.PRETRAIN_LARGE.config(Optional.empty());
    int rows = 0;
    for (JsonNode run : golden().get("pretrain")) {
      long epochs = run.get("config").get("max_epoch").asLong();
      if (run.get("config").get("warmup_steps").asLong() != 3000) {
        continue;
      }
      assertEquals(epochs, base.duration().epochs().orElseThrow());
      for (JsonNode row : run.get("rows")) {
        RunPosition position = position(run, row, epochs);
        double rate = row.get(2).asDouble();
        assertRelative(rate, base.schedule().rate(position), row);
        assertRelative(row.get(3).asDouble(), base.part().alpha(position), row);
        double expected =
            position.epoch() == 0
                ? Math.min(2e-4, 1e-6 + (2e-4 - 1e-6) * position.iteration() / 3000)
                : rate / 3e-4 * 2e-4;
        assertRelative(expected, large.schedule().rate(position), row);
        rows++;
      }
    }
    assertTrue(rows > 100, "rows compared: " + rows);
  }

  @Test
  void alphaOfRetrievalRampsOverOneEpoch() throws IOException {
    int rows = 0;
    AlphaRamp ramp = AlphaRamp.ofEpochs(1);
    for (JsonNode run : golden().get("retrieval_alpha")) {
      for (JsonNode row : run.get("rows")) {
        double alpha = ramp.alpha(run.get("alpha").asDouble(), position(run, row, 6));
        assertRelative(row.get(2).asDouble(), alpha, row);
        rows++;
      }
    }
    assertTrue(rows > 20, "rows compared: " + rows);
  }

  @Test
  void stepCosineWarmsUpAndEndsAtItsFraction() {
    LearningRateSchedule schedule = new LearningRateSchedule.StepCosine(2e-3, 50, 0.02);

    assertEquals(2e-3 / 50, schedule.rate(RunPosition.of(0, 10, 800)), 1e-15);
    assertEquals(2e-3, schedule.rate(RunPosition.of(49, 10, 800)), 1e-15);
    assertEquals(2e-3 * 0.51, schedule.rate(RunPosition.of(425, 10, 800)), 1e-15);
    assertEquals(2e-3 * 0.02, schedule.rate(RunPosition.of(800, 10, 800)), 1e-15);
  }

  @Test
  void impossibleValuesAreRefusedByName() {
    String message =
        assertThrows(IllegalArgumentException.class, () -> new LearningRateSchedule.Constant(0))
            .getMessage();
    assertEquals("schedule.rate is 0.0; it must be positive", message);
    assertThrows(
        IllegalArgumentException.class, () -> new AlphaRamp(Optional.of(2.0), Optional.of(10L)));
    assertThrows(
        IllegalArgumentException.class, () -> new AlphaRamp(Optional.empty(), Optional.empty()));
  }

  private static RunPosition position(JsonNode run, JsonNode row, long epochs) {
    long perEpoch = run.get("steps_per_epoch").asLong();
    return RunPosition.of(
        row.get(0).asLong() * perEpoch + row.get(1).asLong(), perEpoch, epochs * perEpoch);
  }

  private static void assertRelative(double expected, double actual, JsonNode row) {
    assertEquals(expected, actual, Math.abs(expected) * RELATIVE, () -> "row " + row);
  }

  private static JsonNode golden() throws IOException {
    return new JsonMapper().readTree(Resources.getResource("schedules/schedules.json"));
  }
}
