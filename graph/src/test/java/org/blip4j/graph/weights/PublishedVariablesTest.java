package org.blip4j.graph.weights;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.BiConsumer;
import org.blip4j.graph.config.BlipConfig;
import org.blip4j.graph.config.ObjectiveConfig;
import org.blip4j.graph.config.Task;
import org.blip4j.graph.model.Blip;
import org.blip4j.graph.task.NlvrModel;
import org.blip4j.graph.task.PretrainModel;
import org.blip4j.graph.task.RetrievalModel;
import org.blip4j.graph.task.VqaModel;
import org.blip4j.ops.core.GraphContext;
import org.blip4j.ops.core.Mode;
import org.blip4j.ops.core.Variable;
import org.blip4j.ops.core.VariableScope;
import org.junit.jupiter.api.Test;
import org.tensorflow.Graph;
import org.tensorflow.ndarray.Shape;

/** Full-size models have exactly the variables of the published state dicts. */
final class PublishedVariablesTest {

  @Test
  void pretraining() throws IOException {
    check(
        "pretrain-base",
        true,
        BlipConfig.base(224),
        (vars, config) -> PretrainModel.create(vars, config, ObjectiveConfig.published()));
    check(
        "pretrain-large",
        true,
        BlipConfig.large(224),
        (vars, config) -> PretrainModel.create(vars, config, ObjectiveConfig.published()));
  }

  @Test
  void retrieval() throws IOException {
    check(
        "retrieval-base",
        false,
        BlipConfig.base(384),
        (vars, config) -> RetrievalModel.create(vars, config, ObjectiveConfig.published()));
  }

  @Test
  void captioning() throws IOException {
    check(
        "caption-base",
        false,
        BlipConfig.base(384),
        (vars, config) -> Blip.create(vars, config, Task.CAPTION));
  }

  @Test
  void matching() throws IOException {
    check(
        "itm-base",
        false,
        BlipConfig.base(384),
        (vars, config) -> Blip.create(vars, config, Task.RETRIEVAL));
  }

  @Test
  void questionAnswering() throws IOException {
    check(
        "vqa-base",
        false,
        BlipConfig.base(480),
        (vars, config) -> VqaModel.create(vars, config, 0.1));
    check(
        "vqa-large",
        false,
        BlipConfig.large(480),
        (vars, config) -> VqaModel.create(vars, config, 0.1));
  }

  @Test
  void reasoningAboutTwoImages() throws IOException {
    check("nlvr-base", false, BlipConfig.base(384), NlvrModel::create);
  }

  private static void check(
      String list,
      boolean sharedDecoder,
      BlipConfig config,
      BiConsumer<VariableScope, BlipConfig> create)
      throws IOException {
    WeightNames names = WeightNames.of(PublishedForm.OFFICIAL, sharedDecoder);
    Map<String, Shape> published = new TreeMap<>();
    KeyList.shapes(list)
        .forEach(
            (name, shape) ->
                names
                    .target(name)
                    .ifPresent(
                        target -> published.put(target.variable(), target.layout().toOurs(shape))));
    Map<String, Shape> created = new TreeMap<>();
    try (Graph graph = new Graph()) {
      VariableScope vars = VariableScope.root(GraphContext.create(graph, Mode.TRAIN), 1);
      create.accept(vars, config);
      for (Variable<?> variable : vars.all()) {
        created.put(variable.name(), variable.shape());
      }
    }
    assertEquals(published, created);
  }
}
