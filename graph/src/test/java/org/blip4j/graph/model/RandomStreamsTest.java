package org.blip4j.graph.model;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import org.blip4j.graph.config.BlipConfig;
import org.blip4j.graph.config.Task;
import org.blip4j.graph.loss.HardNegatives;
import org.blip4j.graph.loss.ItmLoss;
import org.blip4j.graph.loss.LmLoss;
import org.blip4j.graph.text.Attended;
import org.blip4j.graph.text.Tokens;
import org.blip4j.graph.vision.ImageStates;
import org.blip4j.ops.core.GraphContext;
import org.blip4j.ops.core.Mode;
import org.blip4j.ops.core.Randomness;
import org.blip4j.ops.testing.GraphTest;
import org.junit.jupiter.api.Test;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.op.core.Placeholder;
import org.tensorflow.proto.NodeDef;
import org.tensorflow.types.TFloat32;

/** Random numbers of a pre-training step: each place has its own, whatever scopes are called. */
final class RandomStreamsTest extends GraphTest {
  private static final BlipConfig CONFIG =
      new BlipConfig(
          BlipConfig.tiny().vision().withDropPath(0.1),
          BlipConfig.tiny().text().withDropout(0.1),
          BlipConfig.tiny().embedDim(),
          BlipConfig.tiny().initialization());

  private final Blip blip = Blip.create(vars, CONFIG, Task.PRETRAIN);

  @Test
  void everyDrawOfAStepHasItsOwnStream() {
    List<Long> streams = streamsOfAStep("step");
    assertEquals(streams.size(), Set.copyOf(streams).size());
    int text = 1 + 3 * 2; // embeddings; attention weights, its output and feed-forward of 2 layers
    int cross = 2 * 2; // attention weights and output of 2 layers
    int paths = 2; // those of the second block; the first has a rate of 0
    int pairs = 2; // attention weights of each layer once more, for wrong images
    assertEquals(paths + text + 2 * (text + cross) + pairs + 2, streams.size());
  }

  @Test
  void scopesMayBeRenamedAndPartsComputedAgain() {
    List<Long> first = streamsOfAStep("step");
    List<Long> second = streamsOfAStep("renamed");
    assertEquals(new TreeSet<>(first), new TreeSet<>(second.subList(first.size(), second.size())));
  }

  /** Adds a step; the streams of all random operations of the graph, in their order. */
  private List<Long> streamsOfAStep(String scope) {
    GraphContext train =
        ctx.in(scope).as(Mode.TRAIN).with(new Randomness(3, ctx.tf().constant(0L)));
    Tokens tokens =
        new Tokens(
            longs(Shape.of(2, 3), 101, 7, 102, 101, 9, 102),
            longs(Shape.of(2, 3), 1, 1, 1, 1, 1, 1));
    ImageStates images =
        blip.vision()
            .apply(
                train,
                ctx.tf().placeholder(TFloat32.class, Placeholder.shape(Shape.of(-1, 32, 32, 3))));
    blip.matching().dual().features(train, images, tokens);
    var grounded = blip.matching().grounded();
    Attended attended = grounded.stack().project(train, images.attended());
    var square = ctx.fill(ctx.tf().constant(new int[] {2, 2}), 1f);
    HardNegatives negatives =
        HardNegatives.draw(train, new HardNegatives.Weights(square, square), Optional.empty());
    ItmLoss.Pairs pairs = ItmLoss.Pairs.of(train, tokens, attended, negatives);
    ItmLoss.compute(train, grounded, blip.matching().head(), pairs);
    LmLoss.compute(train, blip.decoder(), tokens, attended, new LmLoss.Settings(0, 0.1));
    return streams();
  }

  private List<Long> streams() {
    Map<String, NodeDef> nodes = new HashMap<>();
    List<NodeDef> all = ctx.graph().toGraphDef().getNodeList();
    all.forEach(node -> nodes.put(node.getName(), node));
    return all.stream()
        .filter(node -> node.getOp().matches("StatelessRandomUniform.*"))
        .filter(node -> !node.getName().startsWith("init"))
        .map(node -> nodes.get(node.getInput(node.getInputCount() - 1)))
        .map(seed -> nodes.get(seed.getInput(0)))
        .map(stream -> stream.getAttrOrThrow("value").getTensor().getInt64Val(0))
        .toList();
  }
}
