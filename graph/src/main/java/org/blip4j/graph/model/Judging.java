package org.blip4j.graph.model;

import org.blip4j.graph.config.BlipConfig;
import org.blip4j.graph.text.Attended;
import org.blip4j.graph.text.ImageGroundedEncoder;
import org.blip4j.graph.text.MedStack;
import org.blip4j.graph.text.Tokens;
import org.blip4j.graph.vision.ImageStates;
import org.blip4j.ops.core.GraphContext;
import org.blip4j.ops.core.VariableScope;
import org.blip4j.ops.layer.Linear;
import org.tensorflow.Operand;
import org.tensorflow.framework.activations.ReLU;
import org.tensorflow.types.TFloat32;

/**
 * The parts that judge whether a statement holds for two images (NLVR2; paper section 5.4,
 * blip-spec 7.5): an image-grounded encoder whose layers attend both images, and a classifier of
 * its first state, a linear map, ReLU and another one.
 *
 * @param encoder reads the statement with both images
 * @param hidden first map of the classifier
 * @param output second map, to two logits; class 1 = the statement is true
 */
public record Judging(ImageGroundedEncoder encoder, Linear hidden, Linear output) {

  static Judging create(VariableScope vars, BlipConfig config) {
    int width = config.text().width();
    MedStack stack =
        MedStack.createPair(vars.child("text_encoder"), config.text(), config.vision().width());
    VariableScope head = vars.child("cls_head");
    return new Judging(
        new ImageGroundedEncoder(stack),
        Linear.createFanIn(head.child("0"), width, width),
        Linear.createFanIn(head.child("2"), width, 2));
  }

  /**
   * What a statement is read with.
   *
   * @param first one image a row
   * @param second the other one
   */
  public record Pair(Attended first, Attended second) {}

  /** Projects the first and the second images, each with the weights that belong to its place. */
  public Pair project(GraphContext ctx, ImageStates first, ImageStates second) {
    return new Pair(
        encoder.stack().project(ctx.in("first"), 0, first.attended()),
        encoder.stack().project(ctx.in("second"), 1, second.attended()));
  }

  /**
   * Judges statements, each with its two images in its row; the first token becomes [ENC].
   *
   * @return logits {@code [B, 2]}
   */
  public Operand<TFloat32> judge(GraphContext ctx, Tokens tokens, Pair images) {
    Tokens statement = tokens.withFirst(ctx, encoder.stack().config().tokens().enc());
    Operand<TFloat32> state =
        encoder.apply(ctx, statement, images.first(), images.second()).firstState(ctx); // [B, W]
    GraphContext head = ctx.in("cls_head");
    Operand<TFloat32> middle = ReLU.relu(head.tf(), hidden.apply(head.in("hidden"), state));
    return output.apply(head.in("output"), middle);
  }
}
