package org.blip4j.training.config;

import java.util.Locale;
import java.util.Optional;
import org.blip4j.data.text.Dialogue;
import org.blip4j.graph.config.BlipConfig;
import org.blip4j.graph.config.ObjectiveConfig;
import org.blip4j.graph.config.Task;
import org.blip4j.training.optimize.AdamW;
import org.blip4j.training.optimize.AlphaRamp;
import org.blip4j.training.optimize.LearningRateSchedule;

/**
 * The published recipes, for one device: batches are those of each of the published devices
 * (blip-spec 5.6, 7.1 to 7.5 and 11).
 *
 * <p>The first recipe of a task is what a run of it begins with. Retrieval on COCO and on Flickr30K
 * differ in which devices negatives are drawn from, which makes no difference on one.
 *
 * <p>Pre-training and retrieval pad texts to the longest of a batch, the published code to the
 * limit. Nothing reads the padding, so losses are the same, and a step of pre-training takes a
 * sixth less.
 *
 * @see RunConfig
 */
public enum Recipe {
  /** Pre-training of the base model, on 8 devices of 75 pairs. */
  PRETRAIN_BASE(Task.PRETRAIN),
  /** Pre-training of the large model: a rate of 2e-4 (paper) and stochastic depth. */
  PRETRAIN_LARGE(Task.PRETRAIN),
  /** Captions, on 8 devices of 32. */
  CAPTION_COCO(Task.CAPTION),
  /** Retrieval, on 8 devices of 32. */
  RETRIEVAL_COCO(Task.RETRIEVAL),
  /** Retrieval, as on COCO. */
  RETRIEVAL_FLICKR(Task.RETRIEVAL),
  /** Questions, on 16 devices of 16. */
  VQA(Task.VQA),
  /** Statements about two images, on 16 devices of 16. */
  NLVR(Task.NLVR),
  /** Dialogues; the batch of 240 on, say, 8 devices of 30. */
  DIALOGUE(Task.DIALOGUE);

  private static final int PRETRAINING_SIZE = 224;
  private static final int LARGE_WIDTH = BlipConfig.large(PRETRAINING_SIZE).vision().width();

  private final Task task;

  Recipe(Task task) {
    this.task = task;
  }

  /** The recipe that runs of a task begin with. */
  public static Recipe of(Task task) {
    return switch (task) {
      case PRETRAIN -> PRETRAIN_BASE;
      case CAPTION -> CAPTION_COCO;
      case RETRIEVAL -> RETRIEVAL_COCO;
      case VQA -> VQA;
      case NLVR -> NLVR;
      case DIALOGUE -> DIALOGUE;
    };
  }

  /** What it trains. */
  public Task task() {
    return task;
  }

  /** Its name on the command line, such as {@code pretrain-base}. */
  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT).replace('_', '-');
  }

  /**
   * The configuration.
   *
   * @param start sizes of the model that the run starts from: captions and retrieval have other
   *     rates and batches where it is the large one
   */
  public RunConfig config(Optional<BlipConfig> start) {
    boolean large = start.filter(model -> model.vision().width() >= LARGE_WIDTH).isPresent();
    return switch (this) {
      case PRETRAIN_BASE -> pretrain(3e-4, Optional.empty());
      case PRETRAIN_LARGE -> pretrain(2e-4, Optional.of(BlipConfig.large(PRETRAINING_SIZE)));
      case RETRIEVAL_COCO, RETRIEVAL_FLICKR ->
          finetune(
              new TaskConfig.Retrieval(
                  ObjectiveConfig.published(), AlphaRamp.ofEpochs(1), TaskConfig.Identity.IMAGE),
              384,
              new TextInput(35, TextInput.Width.LONGEST),
              large ? 5e-6 : 1e-5,
              RunConfig.Duration.ofEpochs(large ? 16 : 32, 6));
      case CAPTION_COCO ->
          finetune(
              new TaskConfig.Caption(TaskConfig.Language.published()),
              384,
              new TextInput(40, TextInput.Width.LONGEST),
              large ? 2e-6 : 1e-5,
              RunConfig.Duration.ofEpochs(large ? 16 : 32, 5));
      case VQA ->
          finetune(
              new TaskConfig.Vqa(TaskConfig.Language.published()),
              480,
              new TextInput(35, TextInput.Width.LONGEST),
              2e-5,
              RunConfig.Duration.ofEpochs(16, 10));
      case NLVR ->
          finetune(
              new TaskConfig.Nlvr(true),
              384,
              new TextInput(512, TextInput.Width.LONGEST),
              3e-5,
              RunConfig.Duration.ofEpochs(16, 15));
      case DIALOGUE -> // 20 epochs over ten questions an image, one of them a visit
          finetune(
              new TaskConfig.Dialogue(3),
              384,
              new TextInput(Dialogue.MAX_TOKENS, TextInput.Width.LONGEST),
              2e-5,
              RunConfig.Duration.ofEpochs(30, 200));
    };
  }

  private static RunConfig pretrain(double rate, Optional<BlipConfig> architecture) {
    return new RunConfig(
        new TaskConfig.Pretrain(ObjectiveConfig.published(), AlphaRamp.ofEpochs(2)),
        architecture,
        Optional.empty(),
        Optional.empty(),
        new TextInput(30, TextInput.Width.LONGEST),
        images(Optional.empty(), 0.2),
        AdamW.Settings.published(),
        new LearningRateSchedule.WarmupDecay(rate, 1e-6, 1e-6, 3000, 0.9),
        RunConfig.Duration.ofEpochs(75, 20),
        RunConfig.Keeping.usual(),
        1);
  }

  private static RunConfig finetune(
      TaskConfig part, int size, TextInput text, double rate, RunConfig.Duration duration) {
    return new RunConfig(
        part,
        Optional.empty(),
        Optional.empty(),
        Optional.empty(),
        text,
        images(Optional.of(size), 0.5),
        AdamW.Settings.published(),
        new LearningRateSchedule.EpochCosine(rate, 0),
        duration,
        RunConfig.Keeping.usual(),
        1);
  }

  private static ImageInput images(Optional<Integer> size, double cropScale) {
    return new ImageInput(size, Optional.of(cropScale), true, 2, 5, ImageInput.Damaged.SKIP);
  }
}
