package org.blip4j.tools.examples;

import org.blip4j.graph.config.BlipConfig;
import org.blip4j.graph.config.Task;
import org.blip4j.graph.model.Blip;
import org.blip4j.graph.text.Tokens;
import org.blip4j.graph.vision.ImageStates;
import org.blip4j.ops.core.GraphContext;
import org.blip4j.ops.core.Mode;
import org.blip4j.ops.core.VariableScope;
import org.blip4j.ops.kernel.Kernels;
import org.tensorflow.Graph;
import org.tensorflow.Operand;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.op.core.Placeholder;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TInt64;

/** Puts a BLIP model into a graph of one's own, down to matching logits. */
public final class BuildModel {
  private BuildModel() {}

  /** Adds a model with its inputs; returns the logits of "no match" and "match", {@code [B, 2]}. */
  public static Operand<TFloat32> build(Graph graph, BlipConfig config) {
    GraphContext ctx = Kernels.PORTABLE.on(GraphContext.create(graph, Mode.INFER));
    VariableScope vars = VariableScope.root(ctx, 1, config.initialization());
    Blip blip = Blip.create(vars, config, Task.RETRIEVAL); // creates every variable, once

    int size = config.vision().imageSize();
    Operand<TFloat32> pixels =
        ctx.tf()
            .withName("pixels")
            .placeholder(TFloat32.class, Placeholder.shape(Shape.of(-1, size, size, 3)));
    Operand<TInt64> ids =
        ctx.tf().withName("ids").placeholder(TInt64.class, Placeholder.shape(Shape.of(-1, -1)));
    Tokens tokens = new Tokens(ids, ctx.tf().onesLike(ids)); // begins with [ENC]

    ImageStates images = blip.vision().apply(ctx, pixels); // applies, any number of times
    return blip.matching().itmLogits(ctx, tokens, images);
  }
}
