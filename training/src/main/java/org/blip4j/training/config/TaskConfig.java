package org.blip4j.training.config;

import com.fasterxml.jackson.annotation.JsonSubTypes;
import com.fasterxml.jackson.annotation.JsonTypeInfo;
import java.util.Objects;
import org.blip4j.graph.config.BlipConfig;
import org.blip4j.graph.config.Meaning;
import org.blip4j.graph.config.ObjectiveConfig;
import org.blip4j.graph.config.Task;
import org.blip4j.graph.loss.LmLoss;
import org.blip4j.graph.task.CaptionModel;
import org.blip4j.graph.task.DialogueModel;
import org.blip4j.graph.task.NlvrModel;
import org.blip4j.graph.task.PretrainModel;
import org.blip4j.graph.task.RetrievalModel;
import org.blip4j.graph.task.TaskModel;
import org.blip4j.graph.task.VqaModel;
import org.blip4j.ops.core.VariableScope;
import org.blip4j.training.optimize.AlphaRamp;
import org.blip4j.training.optimize.RunPosition;

/** What a run trains, and what only that task has. In JSON, {@code task} names it. */
@JsonTypeInfo(use = JsonTypeInfo.Id.NAME, property = "task")
@JsonSubTypes({
  @JsonSubTypes.Type(value = TaskConfig.Pretrain.class, name = "PRETRAIN"),
  @JsonSubTypes.Type(value = TaskConfig.Retrieval.class, name = "RETRIEVAL"),
  @JsonSubTypes.Type(value = TaskConfig.Caption.class, name = "CAPTION"),
  @JsonSubTypes.Type(value = TaskConfig.Vqa.class, name = "VQA"),
  @JsonSubTypes.Type(value = TaskConfig.Nlvr.class, name = "NLVR"),
  @JsonSubTypes.Type(value = TaskConfig.Dialogue.class, name = "DIALOGUE")
})
public sealed interface TaskConfig {

  /** Which images of a batch count as the same one. */
  enum Identity {
    /** Those of one record. */
    IMAGE,
    /** Those with the same text. */
    TEXT
  }

  /** The task. */
  Task task();

  /**
   * Checks a batch against the objectives.
   *
   * @throws IllegalArgumentException naming what fits
   */
  default void requireBatch(int batch) {}

  /** Entries of the feature queues, which a batch must divide; 0 where there are none. */
  default long queueSize() {
    return 0;
  }

  /** Label smoothing of the decoder's training; the published one where there is no decoder. */
  default double labelSmoothing() {
    return ObjectiveConfig.published().labelSmoothing();
  }

  /** Weight of the momentum encoders' soft targets at a step; 0 where there are none. */
  default double alpha(RunPosition position) {
    return 0;
  }

  /**
   * Creates the variables of the task's model.
   *
   * @param promptTokens first tokens of a caption that are given, for captioning
   */
  TaskModel<?> model(VariableScope vars, BlipConfig architecture, int promptTokens);

  /** What pre-training and retrieval have: contrast with queues, and soft targets that ramp up. */
  sealed interface Contrastive extends TaskConfig {
    /** Constants of the losses. */
    ObjectiveConfig objective();

    /** Growth of the soft targets' weight. */
    AlphaRamp alphaRamp();

    @Override
    default void requireBatch(int batch) {
      objective().requireBatch(batch);
    }

    @Override
    default long queueSize() {
      return objective().queueSize();
    }

    @Override
    default double alpha(RunPosition position) {
      return alphaRamp().alpha(objective().alpha(), position);
    }

    private static void require(ObjectiveConfig objective, AlphaRamp alphaRamp) {
      Objects.requireNonNull(objective, "objective is missing");
      Objects.requireNonNull(alphaRamp, "alphaRamp is missing");
    }
  }

  /** Contrast, matching and language modelling (paper section 3.2). */
  record Pretrain(
      @Meaning("constants of the losses") ObjectiveConfig objective,
      @Meaning("growth of the soft targets' weight") AlphaRamp alphaRamp)
      implements Contrastive {

    /** Checks that all is there. */
    public Pretrain {
      Contrastive.require(objective, alphaRamp);
    }

    @Override
    public Task task() {
      return Task.PRETRAIN;
    }

    @Override
    public double labelSmoothing() {
      return objective.labelSmoothing();
    }

    @Override
    public TaskModel<?> model(VariableScope vars, BlipConfig architecture, int promptTokens) {
      return PretrainModel.create(vars, architecture, objective);
    }
  }

  /** Contrast and matching, where pairs of one image know each other (blip-spec 7.1). */
  record Retrieval(
      @Meaning("constants of the losses; labelSmoothing has no use here") ObjectiveConfig objective,
      @Meaning("growth of the soft targets' weight") AlphaRamp alphaRamp,
      @Meaning(
              "which images count as the same one: IMAGE = those of one record, TEXT = those with"
                  + " the same text")
          Identity identity)
      implements Contrastive {

    /** Checks that all is there. */
    public Retrieval {
      Contrastive.require(objective, alphaRamp);
      Objects.requireNonNull(identity, "identity is missing; use IMAGE or TEXT");
    }

    @Override
    public Task task() {
      return Task.RETRIEVAL;
    }

    @Override
    public TaskModel<?> model(VariableScope vars, BlipConfig architecture, int promptTokens) {
      return RetrievalModel.create(vars, architecture, objective);
    }
  }

  /** Constants of language modelling. */
  record Language(
      @Meaning("share of the uniform distribution in the targets") double labelSmoothing) {
    /** Checks the range. */
    public Language {
      if (!(labelSmoothing >= 0 && labelSmoothing < 1)) {
        throw new IllegalArgumentException(
            "objective.labelSmoothing is " + labelSmoothing + "; it must be in [0, 1)");
      }
    }

    /** The published value. */
    public static Language published() {
      return new Language(ObjectiveConfig.published().labelSmoothing());
    }
  }

  /** Language modelling after a prompt (blip-spec 7.2). */
  record Caption(@Meaning("constants of the loss") Language objective) implements TaskConfig {

    /** Checks that all is there. */
    public Caption {
      Objects.requireNonNull(objective, "objective is missing");
    }

    @Override
    public Task task() {
      return Task.CAPTION;
    }

    @Override
    public double labelSmoothing() {
      return objective.labelSmoothing();
    }

    @Override
    public TaskModel<?> model(VariableScope vars, BlipConfig architecture, int promptTokens) {
      return CaptionModel.create(
          vars, architecture, new LmLoss.Settings(promptTokens, objective.labelSmoothing()));
    }
  }

  /** Language modelling of the answers to a question about an image (blip-spec 7.4). */
  record Vqa(@Meaning("constants of the loss") Language objective) implements TaskConfig {

    /** Checks that all is there. */
    public Vqa {
      Objects.requireNonNull(objective, "objective is missing");
    }

    @Override
    public Task task() {
      return Task.VQA;
    }

    @Override
    public double labelSmoothing() {
      return objective.labelSmoothing();
    }

    @Override
    public TaskModel<?> model(VariableScope vars, BlipConfig architecture, int promptTokens) {
      return VqaModel.create(vars, architecture, objective.labelSmoothing());
    }
  }

  /** Whether a statement about two images is true (NLVR2, blip-spec 7.5). */
  record Nlvr(
      @Meaning(
              "whether half of the pairs are exchanged, with left and right in their statements, as"
                  + " published")
          boolean exchange)
      implements TaskConfig {

    @Override
    public Task task() {
      return Task.NLVR;
    }

    @Override
    public TaskModel<?> model(VariableScope vars, BlipConfig architecture, int promptTokens) {
      return NlvrModel.create(vars, architecture);
    }
  }

  /** Which answer goes on with a dialogue about an image (VisDial, blip-spec 7.6). */
  record Dialogue(
      @Meaning("wrong answers that stand beside each true one, drawn from its options")
          int negatives)
      implements TaskConfig {

    /** Checks that there is one. */
    public Dialogue {
      if (negatives < 1) {
        throw new IllegalArgumentException(
            "negatives is " + negatives + "; a true answer needs at least 1 wrong one");
      }
    }

    @Override
    public Task task() {
      return Task.DIALOGUE;
    }

    @Override
    public TaskModel<?> model(VariableScope vars, BlipConfig architecture, int promptTokens) {
      return DialogueModel.create(vars, architecture, negatives);
    }
  }
}
