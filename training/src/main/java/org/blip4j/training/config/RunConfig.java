package org.blip4j.training.config;

import java.util.Objects;
import org.blip4j.graph.config.BlipConfig;
import org.blip4j.graph.config.ObjectiveConfig;
import org.blip4j.graph.config.Task;
import org.blip4j.graph.config.TextSettings;
import org.blip4j.training.optimize.AdamW;
import org.blip4j.training.optimize.AlphaRamp;
import org.blip4j.training.optimize.LearningRateSchedule;

/**
 * Everything that decides what a run computes, apart from the data and the weights it starts from.
 *
 * @param task what is trained
 * @param architecture sizes; null = those of the model that the run starts from
 * @param vocabulary path of a {@code vocab.txt}; null = that of the model that the run starts from,
 *     or BERT's
 * @param textSettings how texts are cleaned, and the prompt; null = those of the model that the run
 *     starts from, or the published ones
 * @param text how texts are cut and padded
 * @param images how images are prepared
 * @param identity which images count as the same one, in retrieval
 * @param objective constants of the losses
 * @param alphaRamp growth of the soft targets' weight
 * @param optimizer constants of AdamW
 * @param schedule learning rate
 * @param duration batch and length
 * @param keeping logs and checkpoints
 * @param seed of everything random
 */
public record RunConfig(
    Task task,
    BlipConfig architecture,
    String vocabulary,
    TextSettings textSettings,
    TextInput text,
    ImageInput images,
    ImageInput.Identity identity,
    ObjectiveConfig objective,
    AlphaRamp alphaRamp,
    AdamW.Settings optimizer,
    LearningRateSchedule schedule,
    Duration duration,
    Keeping keeping,
    long seed) {

  /** Checks the parts that must be there and those that must fit each other. */
  public RunConfig {
    Objects.requireNonNull(task, "task is missing");
    Objects.requireNonNull(text, "text is missing");
    Objects.requireNonNull(images, "images is missing");
    Objects.requireNonNull(identity, "identity is missing; use IMAGE or TEXT");
    Objects.requireNonNull(objective, "objective is missing");
    Objects.requireNonNull(alphaRamp, "alphaRamp is missing");
    Objects.requireNonNull(optimizer, "optimizer is missing");
    Objects.requireNonNull(schedule, "schedule is missing");
    Objects.requireNonNull(duration, "duration is missing");
    Objects.requireNonNull(keeping, "keeping is missing");
    if (task.matches()) {
      objective.requireBatch(duration.batch());
    }
  }

  /** The published recipe of a task for one device (blip-spec 5.6, 7.1, 7.2). */
  public static RunConfig published(Task task) {
    return switch (task) {
      case PRETRAIN ->
          of(
              task,
              new TextInput(30, TextInput.Width.MAXIMUM),
              0.2,
              new AlphaRamp(2, 0),
              new LearningRateSchedule.WarmupDecay(3e-4, 1e-6, 1e-6, 3000, 0.9),
              new Duration(75, 20, 0));
      case RETRIEVAL ->
          of(
              task,
              new TextInput(35, TextInput.Width.MAXIMUM),
              0.5,
              new AlphaRamp(1, 0),
              new LearningRateSchedule.EpochCosine(1e-5, 0),
              new Duration(32, 6, 0));
      case CAPTION ->
          of(
              task,
              new TextInput(40, TextInput.Width.LONGEST),
              0.5,
              new AlphaRamp(1, 0),
              new LearningRateSchedule.EpochCosine(1e-5, 0),
              new Duration(32, 5, 0));
      case VQA, NLVR -> throw TaskModels.untrained(task);
    };
  }

  private static RunConfig of(
      Task task,
      TextInput text,
      double cropScale,
      AlphaRamp ramp,
      LearningRateSchedule schedule,
      Duration duration) {
    BlipConfig architecture = task == Task.PRETRAIN ? BlipConfig.base(224) : null;
    int size = task == Task.PRETRAIN ? 0 : 384;
    return new RunConfig(
        task,
        architecture,
        null,
        null,
        text,
        new ImageInput(size, cropScale, true, 2, 5, ImageInput.Damaged.SKIP),
        ImageInput.Identity.IMAGE,
        ObjectiveConfig.published(),
        ramp,
        AdamW.Settings.published(),
        schedule,
        duration,
        new Keeping(50, 1000, 3),
        1);
  }
}
