package org.blip4j.training.config;

import org.blip4j.graph.config.BlipConfig;
import org.blip4j.graph.config.ObjectiveConfig;
import org.blip4j.graph.config.Task;
import org.blip4j.graph.loss.LmLoss;
import org.blip4j.graph.task.CaptionModel;
import org.blip4j.graph.task.ImageTextBatch;
import org.blip4j.graph.task.PretrainModel;
import org.blip4j.graph.task.RetrievalModel;
import org.blip4j.graph.task.TaskModel;
import org.blip4j.ops.core.VariableScope;

/** Creates the model of a task. */
public final class TaskModels {
  private TaskModels() {}

  /**
   * Creates the variables.
   *
   * @param promptTokens first tokens of a caption that are given, for captioning
   */
  public static TaskModel<ImageTextBatch> create(
      VariableScope vars,
      Task task,
      BlipConfig architecture,
      ObjectiveConfig objective,
      int promptTokens) {
    return switch (task) {
      case PRETRAIN -> PretrainModel.create(vars, architecture, objective);
      case RETRIEVAL -> RetrievalModel.create(vars, architecture, objective);
      case CAPTION ->
          CaptionModel.create(
              vars, architecture, new LmLoss.Settings(promptTokens, objective.labelSmoothing()));
      case VQA, NLVR -> throw untrained(task);
    };
  }

  /** What to say of a task that no run configuration has data for. */
  static IllegalArgumentException untrained(Task task) {
    return new IllegalArgumentException(
        "task is %s; runs train PRETRAIN, CAPTION or RETRIEVAL".formatted(task));
  }
}
