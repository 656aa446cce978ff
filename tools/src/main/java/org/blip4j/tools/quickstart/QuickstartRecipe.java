package org.blip4j.tools.quickstart;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.blip4j.data.text.Vocabulary;
import org.blip4j.graph.config.BlipConfig;
import org.blip4j.graph.config.ObjectiveConfig;
import org.blip4j.graph.config.Task;
import org.blip4j.graph.config.TextConfig;
import org.blip4j.graph.config.TextSettings;
import org.blip4j.graph.config.VitConfig;
import org.blip4j.ops.core.Initializer;
import org.blip4j.savedmodel.capfilt.CapFiltPolicy;
import org.blip4j.savedmodel.capfilt.CapFiltSettings;
import org.blip4j.tools.bootstrap.BootstrapConfig;
import org.blip4j.tools.scenes.Scene;
import org.blip4j.tools.scenes.SceneData;
import org.blip4j.tools.scenes.SceneVocabulary;
import org.blip4j.training.config.ImageInput;
import org.blip4j.training.config.RunConfig;
import org.blip4j.training.config.TaskConfig;
import org.blip4j.training.config.TextInput;
import org.blip4j.training.optimize.AdamW;
import org.blip4j.training.optimize.AlphaRamp;
import org.blip4j.training.optimize.DecayScope;
import org.blip4j.training.optimize.GradientClip;
import org.blip4j.training.optimize.LearningRateSchedule;

/**
 * The quickstart's models and how they are trained: a BLIP of a third of a million parameters, wide
 * enough for scenes of 32 pixels, at learning rates and with an initialisation that fit this width.
 *
 * <p>Texts of the sets have openings of their own ("there is", "a picture of"), so there is no
 * prompt. Two pictures of the same text are no negatives of each other.
 */
final class QuickstartRecipe {
  private static final int PATCH = 8;

  /** Where captions tell a part, a patch is an object: what goes together need not be learned. */
  private static final int PATCH_OF_MANY = 16;

  private static final int WIDTH = 64;
  private static final int VISION_LAYERS = 3;
  private static final int TEXT_LAYERS = 2;
  private static final int HEADS = 4;
  private static final int EMBEDDING = 32;
  private static final int QUEUE = 1024;
  private static final int POSITIONS = 16;
  private static final int SHORTEST_CAPTION = 5;
  private static final int MAX_WORDS = 30;
  private static final double PRETRAIN_RATE = 4.5e-3;
  private static final double CAPTIONER_RATE = 1.5e-3;
  private static final double FILTER_RATE = 3e-3;
  private static final double FLOOR = 0.02;
  private static final double TEMPERATURE_RATE = 0.02;
  private static final double SECOND_MOMENT = 0.98;
  private static final double MOMENTUM = 0.995;
  private static final double ALPHA = 0.4;
  private static final double TEMPERATURE = 0.07;
  private static final double SMOOTHING = 0.1;

  /** Where captions tell a part, the nearest texts are often right about other pictures, too. */
  private static final double HARDNESS_OF_MANY = 0.5;

  private static final int CAPFILT_BATCH = 128;

  private final Quickstart.Plan plan;
  private final SceneData data;

  QuickstartRecipe(Quickstart.Plan plan, SceneData data) {
    this.plan = plan;
    this.data = data;
  }

  /** The stages' configuration. */
  BootstrapConfig config() throws IOException {
    return new BootstrapConfig(
        patterns(SceneData.Split.HUMAN),
        patterns(SceneData.Split.WEB),
        run(
            Task.PRETRAIN,
            plan.pretrainSteps(),
            schedule(PRETRAIN_RATE, plan.pretrainSteps() / 16)),
        run(Task.CAPTION, plan.captionerSteps(), schedule(CAPTIONER_RATE, 10)),
        run(Task.RETRIEVAL, plan.filterSteps(), schedule(FILTER_RATE, 10)),
        new CapFiltSettings(
            CapFiltPolicy.published(),
            new CapFiltSettings.Generation(
                1, 0, 0.9, 1, SHORTEST_CAPTION, SceneVocabulary.LONGEST_TEXT),
            plan.data().seed()),
        CAPFILT_BATCH);
  }

  private boolean many() {
    return data.plan().density() == Scene.Density.MANY;
  }

  private List<String> patterns(SceneData.Split set) {
    return data.shards(set).stream().map(Path::toString).toList();
  }

  private static LearningRateSchedule schedule(double peak, int warmup) {
    return new LearningRateSchedule.StepCosine(peak, warmup, FLOOR);
  }

  private RunConfig run(Task task, int steps, LearningRateSchedule schedule) throws IOException {
    boolean scratch = task == Task.PRETRAIN;
    ObjectiveConfig objective =
        new ObjectiveConfig(
            QUEUE, MOMENTUM, ALPHA, TEMPERATURE, SMOOTHING, true, many() ? HARDNESS_OF_MANY : 1);
    AlphaRamp ramp = AlphaRamp.ofSteps(steps);
    TaskConfig part =
        switch (task) {
          case PRETRAIN -> new TaskConfig.Pretrain(objective, ramp);
          case RETRIEVAL -> new TaskConfig.Retrieval(objective, ramp, TaskConfig.Identity.TEXT);
          default -> new TaskConfig.Caption(new TaskConfig.Language(SMOOTHING));
        };
    return new RunConfig(
        part,
        scratch ? Optional.of(architecture()) : Optional.empty(),
        scratch ? Optional.of(data.vocabulary().toString()) : Optional.empty(),
        scratch ? Optional.of(texts()) : Optional.empty(),
        new TextInput(SceneVocabulary.LONGEST_TEXT, TextInput.Width.MAXIMUM),
        ImageInput.plainly(),
        new AdamW.Settings(
            0.9,
            SECOND_MOMENT,
            1e-8,
            0.05,
            DecayScope.MATRICES,
            Optional.of(1.0),
            GradientClip.Scope.WITHOUT_SCALARS,
            TEMPERATURE_RATE),
        schedule,
        RunConfig.Duration.ofSteps(plan.batch(), steps),
        new RunConfig.Keeping(Math.max(1, steps / 40), Math.max(1, steps / 2), 1),
        plan.data().seed());
  }

  private static TextSettings texts() {
    return new TextSettings(
        "",
        MAX_WORDS,
        SceneVocabulary.LONGEST_TEXT,
        SHORTEST_CAPTION,
        SceneVocabulary.LONGEST_TEXT);
  }

  private BlipConfig architecture() throws IOException {
    Vocabulary words = Vocabulary.read(data.vocabulary());
    TextConfig.SpecialTokens tokens = TextConfig.SpecialTokens.of(words);
    return new BlipConfig(
        new VitConfig(
            data.plan().density().size(),
            many() ? PATCH_OF_MANY : PATCH,
            WIDTH,
            VISION_LAYERS,
            HEADS,
            4,
            1e-6,
            0),
        new TextConfig(
            words.size(), WIDTH, TEXT_LAYERS, HEADS, 4 * WIDTH, POSITIONS, 1e-12, 0, tokens),
        EMBEDDING,
        Initializer.Scheme.WIDTH_SCALED);
  }
}
