package org.blip4j.training.config;

import com.fasterxml.jackson.annotation.JsonUnwrapped;
import java.util.Objects;
import java.util.Optional;
import org.blip4j.graph.config.BlipConfig;
import org.blip4j.graph.config.Meaning;
import org.blip4j.graph.config.Task;
import org.blip4j.graph.config.TextSettings;
import org.blip4j.training.optimize.AdamW;
import org.blip4j.training.optimize.LearningRateSchedule;

/**
 * Everything that decides what a run computes, apart from the data and the weights it starts from:
 * what all tasks have, and the part of one task. The meaning of a field is its annotation, which
 * {@code --print-config} shows, too.
 *
 * <pre>{@code
 * RunConfig config = RunConfig.published(Task.CAPTION).withBatch(8).withSteps(1000);
 * }</pre>
 */
public record RunConfig(
    @JsonUnwrapped TaskConfig part,
    @Meaning(
            "sizes of the model; left out: those of the model that the run starts from, or base at"
                + " 224 pixels in pre-training")
        Optional<BlipConfig> architecture,
    @Meaning("path of a vocab.txt; left out: that of the model that the run starts from, or BERT's")
        Optional<String> vocabulary,
    @Meaning(
            "how texts are cleaned, and the prompt; left out: those of the model that the run"
                + " starts from, or the published ones")
        Optional<TextSettings> textSettings,
    @Meaning("how texts are cut and padded") TextInput text,
    @Meaning("how images are prepared") ImageInput images,
    @Meaning("constants of AdamW") AdamW.Settings optimizer,
    @Meaning("learning rate of each step") LearningRateSchedule schedule,
    @Meaning("batch and length") Duration duration,
    @Meaning("logs and checkpoints") Keeping keeping,
    @Meaning("seed of everything random") long seed) {

  /** How long a run is: passes over the data, or steps. */
  public record Duration(
      @Meaning("pairs in a step") int batch,
      @Meaning(
              value =
                  "parts of the batch that are computed one after the other, for as little memory"
                      + " as one part takes; losses and gradients are those of the whole batch",
              absent = "1")
          int accumulate,
      @Meaning(
              value =
                  "whether layers are computed a second time in the backward pass instead of held"
                      + " for it: much less memory, a quarter more time, the same losses",
              absent = "false")
          boolean recompute,
      @Meaning("passes over the data; instead of steps") Optional<Long> epochs,
      @Meaning("steps; instead of epochs") Optional<Long> steps) {

    /** Checks that one length is given. */
    public Duration {
      if (batch < 1) {
        throw new IllegalArgumentException("duration.batch is " + batch + "; it must be positive");
      }
      if (accumulate < 1 || batch % accumulate != 0) {
        throw new IllegalArgumentException(
            "duration.accumulate is %d; it must divide duration.batch %d"
                .formatted(accumulate, batch));
      }
      if (epochs.isPresent() == steps.isPresent()) {
        throw new IllegalArgumentException(
            epochs.isPresent()
                ? "duration has epochs %d and steps %d; give one of them"
                    .formatted(epochs.get(), steps.get())
                : "duration has neither epochs nor steps; give one of them");
      }
      positive("duration.epochs", epochs.orElse(1L));
      positive("duration.steps", steps.orElse(1L));
    }

    /** So many passes over the data. */
    public static Duration ofEpochs(int batch, long epochs) {
      return new Duration(batch, 1, false, Optional.of(epochs), Optional.empty());
    }

    /** So many steps. */
    public static Duration ofSteps(int batch, long steps) {
      return new Duration(batch, 1, false, Optional.empty(), Optional.of(steps));
    }

    /** The same with steps as its length. */
    public Duration withSteps(long other) {
      return new Duration(batch, accumulate, recompute, Optional.empty(), Optional.of(other));
    }

    /** The same with passes over the data as its length. */
    public Duration withEpochs(long other) {
      return new Duration(batch, accumulate, recompute, Optional.of(other), Optional.empty());
    }

    /** The same with another batch, computed in one part. */
    public Duration withBatch(int other) {
      return new Duration(other, 1, recompute, epochs, steps);
    }

    /** Steps of the whole run. */
    public long totalSteps(long stepsPerEpoch) {
      return steps.isPresent() ? steps.get() : Math.multiplyExact(epochs.get(), stepsPerEpoch);
    }
  }

  /** How often a run logs and stores itself. */
  public record Keeping(
      @Meaning("steps between log lines; each tells means since the one before") long logEvery,
      @Meaning("steps between checkpoints; the last step always has one") long checkpointEvery,
      @Meaning("how many of the newest checkpoints are kept") int checkpoints) {

    /** Checks the ranges. */
    public Keeping {
      positive("keeping.logEvery", logEvery);
      positive("keeping.checkpointEvery", checkpointEvery);
      positive("keeping.checkpoints", checkpoints);
    }

    /** What a recipe has. */
    static Keeping usual() {
      return new Keeping(50, 1000, 3);
    }
  }

  /** Checks the parts that must be there and those that must fit each other. */
  public RunConfig {
    Objects.requireNonNull(part, "task is missing");
    Objects.requireNonNull(text, "text is missing");
    Objects.requireNonNull(images, "images is missing");
    Objects.requireNonNull(optimizer, "optimizer is missing");
    Objects.requireNonNull(schedule, "schedule is missing");
    Objects.requireNonNull(duration, "duration is missing");
    Objects.requireNonNull(keeping, "keeping is missing");
    part.requireBatch(duration.batch());
  }

  /** What is trained. */
  public Task task() {
    return part.task();
  }

  /** The published recipe of a task, see {@link Recipe}. */
  public static RunConfig published(Task task) {
    return Recipe.of(task).config(Optional.empty());
  }

  /** The same with what the model decides that the run starts from. */
  public RunConfig resolved(BlipConfig model, TextSettings texts) {
    return new RunConfig(
        part,
        Optional.of(model),
        vocabulary,
        Optional.of(texts),
        text,
        images,
        optimizer,
        schedule,
        duration,
        keeping,
        seed);
  }

  /** The same of another length, logged and kept in another way. */
  public RunConfig withDuration(Duration other, Keeping kept) {
    return new RunConfig(
        part,
        architecture,
        vocabulary,
        textSettings,
        text,
        images,
        optimizer,
        schedule,
        other,
        kept,
        seed);
  }

  /** The same of so many steps, of batches as before. */
  public RunConfig withSteps(long steps) {
    return withDuration(duration.withSteps(steps), keeping);
  }

  /** The same of so many passes over the data, of batches as before. */
  public RunConfig withEpochs(long epochs) {
    return withDuration(duration.withEpochs(epochs), keeping);
  }

  /** The same with so many pairs in a step, computed in one part. */
  public RunConfig withBatch(int batch) {
    return withDuration(duration.withBatch(batch), keeping);
  }

  /** The same with another learning rate. */
  public RunConfig withSchedule(LearningRateSchedule other) {
    return new RunConfig(
        part,
        architecture,
        vocabulary,
        textSettings,
        text,
        images,
        optimizer,
        other,
        duration,
        keeping,
        seed);
  }

  /** The same, logged and kept in another way. */
  public RunConfig withKeeping(Keeping other) {
    return withDuration(duration, other);
  }

  /** The same with another seed of everything random. */
  public RunConfig withSeed(long other) {
    return new RunConfig(
        part,
        architecture,
        vocabulary,
        textSettings,
        text,
        images,
        optimizer,
        schedule,
        duration,
        keeping,
        other);
  }

  private static void positive(String field, long value) {
    if (value < 1) {
      throw new IllegalArgumentException(field + " is " + value + "; it must be positive");
    }
  }
}
