package org.blip4j.graph.vision;

import java.util.ArrayList;
import java.util.List;
import org.blip4j.graph.config.VitConfig;
import org.blip4j.ops.core.GraphContext;
import org.blip4j.ops.core.Initializer;
import org.blip4j.ops.core.KernelSet;
import org.blip4j.ops.core.Section;
import org.blip4j.ops.core.Shapes;
import org.blip4j.ops.core.Variable;
import org.blip4j.ops.core.VariableScope;
import org.blip4j.ops.layer.LayerNorm;
import org.tensorflow.Operand;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.op.Ops;
import org.tensorflow.types.TFloat32;

/**
 * The image encoder: x0 = [cls ; patches] + positions, pre-norm blocks, final normalisation over
 * all tokens (Dosovitskiy et al. 2021; blip-spec 2.2).
 *
 * <ul>
 *   <li>input: normalised pixels {@code [B, S, S, 3]}
 *   <li>output: {@code [B, P, W]}, class token first, patches row by row
 * </ul>
 */
public final class VisionTransformer {
  private final VitConfig config;
  private final Variable<TFloat32> classToken;
  private final Variable<TFloat32> positions;
  private final Variable<TFloat32> patchKernel;
  private final Variable<TFloat32> patchBias;
  private final List<VitBlock> blocks;
  private final LayerNorm norm;

  private VisionTransformer(VariableScope vars, VitConfig config) {
    int width = config.width();
    int patch = config.patchSize();
    this.config = config;
    Initializer embedding = vars.scheme().embedding();
    this.classToken = vars.create("cls_token", Shape.of(1, 1, width), embedding);
    this.positions = vars.create("pos_embed", Shape.of(1, config.tokens(), width), embedding);
    Initializer uniform = Initializer.fanInUniform(3L * patch * patch);
    VariableScope projection = vars.child("patch_embed").child("proj");
    this.patchKernel = projection.create("kernel", Shape.of(patch, patch, 3, width), uniform);
    this.patchBias = projection.create("bias", Shape.of(width), uniform);
    List<VitBlock> list = new ArrayList<>();
    for (int i = 0; i < config.layers(); i++) {
      list.add(VitBlock.create(vars.child("blocks").child(Integer.toString(i)), config, i));
    }
    this.blocks = List.copyOf(list);
    this.norm = LayerNorm.create(vars.child("norm"), width, config.layerNormEpsilon());
  }

  /** Creates the encoder; the scope is {@code visual_encoder} in every published model. */
  public static VisionTransformer create(VariableScope vars, VitConfig config) {
    return new VisionTransformer(vars, config);
  }

  /** The sizes. */
  public VitConfig config() {
    return config;
  }

  /**
   * Images after one application.
   *
   * @param states after the final normalisation
   * @param beforeLast what entered the last block, {@code [B*P, W]}
   */
  public record Encoded(ImageStates states, Operand<TFloat32> beforeLast) {}

  /** Encodes pixels {@code [B, S, S, 3]}. */
  public ImageStates apply(GraphContext ctx, Operand<TFloat32> pixels) {
    return encode(ctx, pixels).states();
  }

  /** Encodes pixels {@code [B, S, S, 3]} and keeps what {@link #classStates} needs. */
  public Encoded encode(GraphContext outer, Operand<TFloat32> pixels) {
    GraphContext ctx = outer.in("vision");
    Operand<TFloat32> beforeLast = beforeLast(ctx, pixels);
    Operand<TFloat32> x = block(ctx, blocks.size() - 1, beforeLast);
    Operand<TFloat32> states =
        Section.keep(ctx, sequence(ctx, norm.apply(ctx.in("norm"), x))); // [B, P, W]
    return new Encoded(new ImageStates(ctx.trace("states", states)), beforeLast);
  }

  /** What enters the last block, {@code [B*P, W]}. */
  private Operand<TFloat32> beforeLast(GraphContext ctx, Operand<TFloat32> pixels) {
    Operand<TFloat32> patches = ctx.trace("patches", patches(ctx.in("patches"), pixels));
    Operand<TFloat32> embedded =
        ctx.trace("embedded", embed(ctx.in("embed"), patches)); // [B, P, W]
    Operand<TFloat32> x = ctx.reshape(embedded, -1, config.width()); // [B*P, W]
    for (int i = 0; i < blocks.size() - 1; i++) {
      x = Section.keep(ctx, block(ctx, i, x));
    }
    return x;
  }

  private Operand<TFloat32> block(GraphContext ctx, int index, Operand<TFloat32> x) {
    Operand<TFloat32> y = blocks.get(index).apply(ctx.in("block" + index), x);
    if (ctx.traces()) {
      ctx.trace("block" + index, sequence(ctx, y));
    }
    return y;
  }

  /**
   * The class states alone, {@code [B, W]}: the last block computes nothing else. For features;
   * what else of an encoding is not asked for costs nothing.
   */
  public Operand<TFloat32> classStates(GraphContext outer, Encoded encoded) {
    return classOf(outer.in("vision"), encoded.beforeLast());
  }

  /** The class states {@code [B, W]} of pixels {@code [B, S, S, 3]}, and no others. */
  public Operand<TFloat32> classStates(GraphContext outer, Operand<TFloat32> pixels) {
    GraphContext ctx = outer.in("vision");
    return classOf(ctx, beforeLast(ctx, pixels));
  }

  private Operand<TFloat32> classOf(GraphContext ctx, Operand<TFloat32> beforeLast) {
    Operand<TFloat32> state =
        blocks.get(blocks.size() - 1).applyToClass(ctx.in("class_block"), beforeLast); // [B, W]
    return norm.apply(ctx.in("class_norm"), state);
  }

  private Operand<TFloat32> patches(GraphContext ctx, Operand<TFloat32> pixels) {
    int size = config.imageSize();
    int patch = config.patchSize();
    int grid = config.grid();
    Shapes.require(pixels, "pixels", -1, size, size, 3);
    Operand<TFloat32> tiles = ctx.reshape(pixels, -1, grid, patch, grid, patch, 3);
    Operand<TFloat32> rows =
        ctx.reshape(
            ctx.transpose(tiles, 0, 1, 3, 2, 4, 5), -1, 3L * patch * patch); // [B*(P-1), p*p*3]
    Operand<TFloat32> kernel =
        ctx.reshape(ctx.read(patchKernel), 3L * patch * patch, config.width());
    Operand<TFloat32> projected =
        ctx.kernels()
            .linear(ctx, rows, KernelSet.Weight.of(kernel), ctx.read(patchBias)); // [B*(P-1), W]
    return ctx.reshape(projected, -1, (long) grid * grid, config.width());
  }

  private Operand<TFloat32> embed(GraphContext ctx, Operand<TFloat32> patches) {
    Ops tf = ctx.tf();
    Operand<TFloat32> cls =
        tf.tile(
            ctx.read(classToken),
            Shapes.of(
                ctx, Shapes.sizeOf(ctx, patches, 0), Shapes.size(1), Shapes.size(1))); // [B, 1, W]
    Operand<TFloat32> tokens = ctx.concat(1, cls, patches); // [B, P, W]
    return ctx.add(tokens, ctx.read(positions));
  }

  private Operand<TFloat32> sequence(GraphContext ctx, Operand<TFloat32> rows) {
    return ctx.reshape(rows, -1, config.tokens(), config.width());
  }
}
