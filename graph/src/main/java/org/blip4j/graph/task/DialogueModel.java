package org.blip4j.graph.task;

import com.google.common.collect.ImmutableMap;
import java.util.Collections;
import org.blip4j.graph.config.BlipConfig;
import org.blip4j.graph.config.Task;
import org.blip4j.graph.model.Blip;
import org.blip4j.graph.text.Attended;
import org.blip4j.graph.text.Tokens;
import org.blip4j.graph.vision.ImageStates;
import org.blip4j.ops.core.GraphContext;
import org.blip4j.ops.core.Shapes;
import org.blip4j.ops.core.VariableScope;
import org.blip4j.ops.loss.CrossEntropy;
import org.tensorflow.Operand;
import org.tensorflow.op.Ops;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TInt32;
import org.tensorflow.types.TInt64;

/**
 * Visual dialogue: cross-entropy of "is this the true answer?" over the true answer and wrong ones
 * (paper section 5.5, blip-spec 7.6).
 *
 * <p>Image and caption are encoded once, however many answers there are.
 *
 * <p>Traced: {@code images} {@code [B, P, W]}; {@code logits} {@code [G * B, 2]}, those of the true
 * answers first; and the layers of the texts.
 */
public final class DialogueModel implements TaskModel<DialogueBatch> {
  private final Blip blip;
  private final int answers;

  private DialogueModel(VariableScope vars, BlipConfig config, int answers) {
    this.blip = Blip.create(vars, config, Task.DIALOGUE);
    this.answers = answers;
  }

  /**
   * Creates the variables of visual dialogue.
   *
   * @param negatives wrong answers beside each true one
   */
  public static DialogueModel create(VariableScope vars, BlipConfig config, int negatives) {
    return new DialogueModel(vars, config, 1 + negatives);
  }

  @Override
  public Blip blip() {
    return blip;
  }

  @Override
  public DialogueBatch feeds(GraphContext ctx, TaskBatch.Sizes sizes) {
    return DialogueBatch.feeds(ctx, sizes, answers);
  }

  @Override
  public Encoded encode(GraphContext ctx, DialogueBatch batch) {
    ImageStates images = blip.vision().apply(ctx, batch.pixels());
    ctx.trace("images", images.hidden());
    return Encoded.apart((second, none) -> losses(second, batch, images));
  }

  private TrainingStep losses(GraphContext ctx, DialogueBatch batch, ImageStates images) {
    Ops tf = ctx.tf();
    Attended contexts = blip.dialogues().context(ctx, images, batch.captions());
    Operand<TInt32> rows = Shapes.dim(ctx, batch.captions().ids(), 0);
    Operand<TInt32> own = ctx.range(rows);
    Tokens texts = batch.byAnswer(ctx); // [G * B, T]
    Attended attended =
        contexts.gather(ctx, ctx.concat(0, Collections.nCopies(answers, own))); // [G * B, ...]
    Operand<TFloat32> logits =
        ctx.trace("logits", blip.dialogues().judge(ctx.blocks(answers), texts, attended));
    Operand<TInt64> labels =
        tf.dtypes.cast(tf.math.less(ctx.range(ctx.mul(rows, answers)), rows), TInt64.class);
    Operand<TFloat32> loss = ctx.mean(CrossEntropy.hard(ctx, logits, labels, 0), 0);
    Operand<TFloat32> right =
        tf.dtypes.cast(tf.math.equal(ctx.argMax(logits, 1), labels), TFloat32.class);
    return TrainingStep.withoutWrites(loss, ImmutableMap.of("accuracy", ctx.mean(right, 0)));
  }
}
