package org.blip4j.graph.model;

import java.util.ArrayList;
import java.util.List;
import org.blip4j.graph.config.BlipConfig;
import org.blip4j.graph.loss.ItcLoss;
import org.blip4j.graph.text.MedStack;
import org.blip4j.graph.text.TextEncoder;
import org.blip4j.graph.text.Tokens;
import org.blip4j.graph.vision.ImageStates;
import org.blip4j.graph.vision.VisionTransformer;
import org.blip4j.ops.core.GraphContext;
import org.blip4j.ops.core.Variable;
import org.blip4j.ops.core.VariableScope;
import org.blip4j.ops.layer.Linear;
import org.blip4j.ops.layer.Normalize;
import org.tensorflow.Operand;
import org.tensorflow.types.TFloat32;

/**
 * The two encoders of ITC with their projections into one space; the momentum twin is a second one
 * under other names.
 */
public final class DualEncoder {
  private final VisionTransformer vision;
  private final MedStack text;
  private final Linear visionProjection;
  private final Linear textProjection;
  private final List<Variable<TFloat32>> variables;

  private DualEncoder(VariableScope vars, BlipConfig config, String suffix) {
    int before = vars.all().size();
    this.vision = VisionTransformer.create(vars.child("visual_encoder" + suffix), config.vision());
    this.text =
        MedStack.create(
            vars.child("text_encoder" + suffix), config.text(), config.vision().width());
    this.visionProjection =
        Linear.createFanIn(
            vars.child("vision_proj" + suffix), config.vision().width(), config.embedDim());
    this.textProjection =
        Linear.createFanIn(
            vars.child("text_proj" + suffix), config.text().width(), config.embedDim());
    List<Variable<TFloat32>> created = new ArrayList<>();
    for (Variable<?> variable : vars.all().subList(before, vars.all().size())) {
      created.add(vars.get(variable.name()));
    }
    this.variables = List.copyOf(created);
  }

  static DualEncoder create(VariableScope vars, BlipConfig config) {
    return new DualEncoder(vars, config, "");
  }

  static DualEncoder createMomentum(VariableScope vars, BlipConfig config) {
    return new DualEncoder(vars.frozen(), config, "_m");
  }

  /** The image encoder. */
  public VisionTransformer vision() {
    return vision;
  }

  /** The text layers. */
  public MedStack text() {
    return text;
  }

  /** All variables in the order of their creation; a twin has them in the same order. */
  public List<Variable<TFloat32>> variables() {
    return variables;
  }

  /** ItcLoss.Features {@code [B, E]} of encoded images, of length 1. */
  public Operand<TFloat32> imageFeatures(GraphContext ctx, ImageStates states) {
    return imageFeatures(ctx, states.classState(ctx.in("image_features")));
  }

  /** The same from class states {@code [B, W]}. */
  public Operand<TFloat32> imageFeatures(GraphContext ctx, Operand<TFloat32> classStates) {
    GraphContext inner = ctx.in("image_features");
    return inner.trace(
        "normal", Normalize.apply(inner, visionProjection.apply(inner, classStates))); // [B, E]
  }

  /**
   * Projected class states {@code [B, E]} before normalisation, as video retrieval averages them.
   */
  public Operand<TFloat32> projectedImages(GraphContext ctx, ImageStates states) {
    return visionProjection.apply(ctx.in("image_features"), states.classState(ctx));
  }

  /** ItcLoss.Features {@code [B, E]} of texts that begin with [CLS], of length 1. */
  public Operand<TFloat32> textFeatures(GraphContext ctx, Tokens tokens) {
    GraphContext inner = ctx.in("text_features");
    Operand<TFloat32> state = new TextEncoder(text).sentenceStates(inner, tokens);
    return inner.trace(
        "normal", Normalize.apply(inner, textProjection.apply(inner, state))); // [B, E]
  }

  /** Both features of a batch of pairs. */
  public ItcLoss.Features features(GraphContext ctx, ImageStates images, Tokens tokens) {
    return new ItcLoss.Features(imageFeatures(ctx, images), textFeatures(ctx, tokens));
  }
}
