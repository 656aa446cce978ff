package org.blip4j.graph.model;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.util.Map;
import java.util.TreeMap;
import org.blip4j.graph.config.BlipConfig;
import org.blip4j.graph.config.Task;
import org.blip4j.graph.generate.CaptionGenerator;
import org.blip4j.graph.vision.ImageStates;
import org.blip4j.ops.core.GraphContext;
import org.blip4j.ops.core.Shapes;
import org.blip4j.ops.decode.DecodingSettings;
import org.blip4j.ops.decode.Prompt;
import org.blip4j.ops.kernel.Kernels;
import org.blip4j.ops.testing.GraphTest;
import org.junit.jupiter.api.Test;
import org.tensorflow.Operand;
import org.tensorflow.Result;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.op.core.Placeholder;
import org.tensorflow.proto.GraphDef;
import org.tensorflow.proto.NodeDef;
import org.tensorflow.proto.RunOptions;
import org.tensorflow.types.TFloat32;

/**
 * What the platform's optimiser makes of an inference graph (x86-64 with oneDNN): biases, GELU and
 * residual sums disappear into their kernels, and layer norms where the graph keeps to the CPU. If
 * this fails after a change of a layer, speed is lost and no other test notices.
 */
final class FusionTest extends GraphTest {
  private static final BlipConfig CONFIG = BlipConfig.tiny();

  @Test
  void captioningRunsOnFusedKernels() {
    int blocks = CONFIG.vision().layers();
    int layers = CONFIG.text().layers();
    Map<String, Integer> kernels = ofCaptioning(ctx);
    String all = kernels.toString();
    assertEquals(null, kernels.get("_MklLayerNorm"), "no GPU has it: " + all);
    assertEquals(
        blocks + 2 * (layers + 1), // text layers and head stand before the loop and in it
        kernels.get("_MklNativeFusedMatMul[BiasAdd, GeluExact]"),
        all);
    assertTrue(kernels.get("_MklNativeFusedMatMul[BiasAdd, Add]") >= 2 * blocks + layers, all);
    assertEquals(null, kernels.get("Erf"), all);
    assertEquals(null, kernels.get("MatMul"), all);
    assertEquals(null, kernels.get("BiasAdd"), all);
  }

  @Test
  void layerNormIsOneKernelWhereTheGraphKeepsToTheCpu() {
    assumeTrue(Kernels.packedAvailable());
    Map<String, Integer> kernels = ofCaptioning(Kernels.PACKED_BFLOAT16.on(ctx));
    int norms = 2 * CONFIG.vision().layers() + 1; // a text is begun like the loop that goes on
    assertEquals(norms, kernels.get("_MklLayerNorm"), kernels.toString());
  }

  @Test
  void smallOperationsOfAPackedLoopStayOnOneThread() {
    assumeTrue(Kernels.packedAvailable());
    int blocks = CONFIG.vision().layers();
    int layers = CONFIG.text().layers();
    Map<String, Integer> kernels = ofCaptioning(Kernels.PACKED.on(ctx));
    String all = kernels.toString();
    int norms = 3 * layers + 2; // of a step, with those of embeddings and head
    assertEquals(2 * layers, kernels.get("BatchMatMulV3"), all);
    assertEquals(2 * layers, kernels.get("Transpose"), all);
    assertEquals(blocks + 2 * layers + layers, kernels.get("_MklSoftmax"), all);
    assertEquals(2 * blocks + 1 + norms, kernels.get("_MklLayerNorm"), all);
    assertEquals(2 * norms, kernels.get("Mean"), all);
  }

  /** The kernels of a caption's graph that is built in the given context. */
  private Map<String, Integer> ofCaptioning(GraphContext search) {
    Blip blip = Blip.create(vars, CONFIG, Task.CAPTION);
    Operand<TFloat32> pixels =
        ctx.tf().placeholder(TFloat32.class, Placeholder.shape(Shape.of(-1, 32, 32, 3)));
    ImageStates images = blip.vision().apply(search, pixels);
    Operand<?> ids =
        CaptionGenerator.of(blip, 1)
            .search(
                search,
                images,
                Prompt.same(ctx, Shapes.dim(ctx, images.hidden(), 0), 118, 5, 6),
                DecodingSettings.Beams.captions())
            .ids();
    return kernels(pixels, ids);
  }

  /** Kinds of the nodes that are executed, those of the inlined loop included. */
  private Map<String, Integer> kernels(Operand<TFloat32> pixels, Operand<?> fetched) {
    RunOptions options = RunOptions.newBuilder().setOutputPartitionGraphs(true).build();
    Map<String, Integer> kernels = new TreeMap<>();
    try (TFloat32 fed = TFloat32.tensorOf(Shape.of(1, 32, 32, 3));
        Result result =
            session()
                .runner()
                .fetch(fetched)
                .feed(pixels, fed)
                .setOptions(options)
                .runAndFetchMetadata()) {
      for (GraphDef graph : result.getMetadata().orElseThrow().getPartitionGraphsList()) {
        graph.getNodeList().forEach(node -> kernels.merge(kind(node), 1, Integer::sum));
      }
    }
    return kernels;
  }

  private static String kind(NodeDef node) {
    return node.containsAttr("fused_ops")
        ? node.getOp()
            + node.getAttrOrThrow("fused_ops").getList().getSList().stream()
                .map(name -> name.toStringUtf8())
                .toList()
        : node.getOp();
  }
}
