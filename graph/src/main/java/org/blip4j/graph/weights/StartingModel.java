package org.blip4j.graph.weights;

import com.google.common.collect.ImmutableList;
import java.io.IOException;
import java.util.List;
import java.util.Objects;
import org.blip4j.data.text.Vocabulary;
import org.blip4j.data.weights.WeightFile;
import org.blip4j.graph.config.ModelConfig;
import org.blip4j.graph.config.ModelFolder;
import org.blip4j.graph.config.Task;

/**
 * A model of any form that another one starts from: what it is, and its weights, opened when they
 * are asked for.
 *
 * <p>A start fills what it can by the published rules: a decoder takes what pre-training shares
 * with its encoder (paper, section 3.2), position embeddings are interpolated to another image
 * size, momentum copies begin as copies, and both cross-attentions of the two-image model begin as
 * the only one of pre-training (blip-spec 7.5). What a task begins anew is listed here; every other
 * variable without a tensor, and every tensor that is unknown, is an error.
 *
 * <pre>{@code
 * StartingModel start = StartingModel.of(new ModelFolder(folder));
 * try (WeightFile file = start.weights().open()) {
 *   WeightImporter values = StartingModel.plan(file, Task.CAPTION, variables);
 *   values.copyTo(sink); // values.report() tells what was derived and what stays as initialised
 * }
 * }</pre>
 *
 * @param name how the user named it, for messages and records of a run
 * @param config architecture, task and how texts are prepared
 * @param vocabulary its word pieces
 * @param weights its weights
 */
public record StartingModel(
    String name, ModelConfig config, Vocabulary vocabulary, Weights weights) {
  private static final WeightRule.NamePattern TEMPERATURE = new WeightRule.NamePattern("temp");
  private static final WeightRule.NamePattern QUEUES =
      new WeightRule.NamePattern("(image_queue|text_queue|idx_queue|ptr_queue|queue_ptr)");

  /** Weights in any container and under any published names, opened anew at each call. */
  @FunctionalInterface
  public interface Weights {
    /** Opens them; the caller closes. */
    WeightFile open() throws IOException;
  }

  public StartingModel {
    Objects.requireNonNull(name, "name");
    Objects.requireNonNull(config, "config");
    Objects.requireNonNull(vocabulary, "vocabulary");
    Objects.requireNonNull(weights, "weights");
  }

  /**
   * A model folder of ours.
   *
   * @throws IOException if a file is missing or damaged
   */
  public static StartingModel of(ModelFolder folder) throws IOException {
    return new StartingModel(
        folder.path().toString(),
        folder.readConfig(),
        Vocabulary.read(folder.vocabularyFile()),
        () -> CheckpointWeights.open(folder.variables()));
  }

  /**
   * Finds a value for every variable of a model that starts from a file.
   *
   * @param task what the new model is for
   * @param wanted its variables, in the order in which values are to be handed out
   * @throws IOException in one line that lists every variable without a tensor that fits and every
   *     unknown tensor
   */
  public static WeightImporter plan(WeightFile file, Task task, List<VariableValues.Wanted> wanted)
      throws IOException {
    return WeightImporter.plan(
        file,
        WeightImporter.names(file, task == Task.PRETRAIN),
        file instanceof UnimodalWeights start
            ? ImportPlanner.Request.unimodal(wanted, start)
            : ImportPlanner.Request.starting(wanted, fresh(task)));
  }

  /** The families of variables that may keep their initial values. */
  static ImmutableList<WeightRule.NamePattern> fresh(Task task) {
    return switch (task) {
      case CAPTION, DIALOGUE -> ImmutableList.of();
      case PRETRAIN, RETRIEVAL -> ImmutableList.of(TEMPERATURE, QUEUES);
      // Answers attend the question, not the image: these fit only where both widths agree.
      case VQA ->
          ImmutableList.of(
              new WeightRule.NamePattern(
                  "text_decoder/bert/encoder/layer/#/crossattention/self/(key|value)/(kernel|bias)"));
      case NLVR ->
          ImmutableList.of(
              new WeightRule.NamePattern(
                  "text_encoder/encoder/layer/#/crossattention/output/merge_layer/(kernel|bias)"),
              new WeightRule.NamePattern("cls_head/#/(kernel|bias)"));
    };
  }
}
