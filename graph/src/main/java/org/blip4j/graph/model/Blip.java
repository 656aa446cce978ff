package org.blip4j.graph.model;

import java.util.Optional;
import org.blip4j.graph.config.BlipConfig;
import org.blip4j.graph.config.Task;
import org.blip4j.graph.text.Attended;
import org.blip4j.graph.text.ImageGroundedDecoder;
import org.blip4j.graph.text.ImageGroundedEncoder;
import org.blip4j.graph.text.MedStack;
import org.blip4j.graph.text.TextStates;
import org.blip4j.graph.text.Tokens;
import org.blip4j.graph.vision.ImageStates;
import org.blip4j.graph.vision.VisionTransformer;
import org.blip4j.ops.core.GraphContext;
import org.blip4j.ops.core.VariableScope;
import org.blip4j.ops.layer.Linear;
import org.tensorflow.Operand;
import org.tensorflow.framework.activations.ReLU;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TInt32;

/**
 * The assembly of one BLIP model: image encoder, text stacks, projections and heads over one set of
 * variables (paper section 3.1). No loss, no training state.
 */
public final class Blip {
  private final BlipConfig config;
  private final Task task;
  private final VisionTransformer vision;
  private final Optional<Matching> matching;
  private final Optional<ImageGroundedDecoder> decoder;
  private final Optional<Answering> answering;
  private final Optional<Judging> judging;
  private final Optional<DialogueJudge> dialogues;

  /**
   * The parts that compare images with texts.
   *
   * @param dual the two encoders of ITC
   * @param grounded the image-grounded encoder of ITM, over the same text layers
   * @param head maps a sentence state {@code [N, W]} to logits {@code [N, 2]}; class 1 is a match
   */
  public record Matching(DualEncoder dual, ImageGroundedEncoder grounded, Linear head) {

    /** ITM logits {@code [B, 2]} of texts that begin with [ENC], each with the image in its row. */
    public Operand<TFloat32> itmLogits(GraphContext ctx, Tokens tokens, ImageStates images) {
      return head.apply(
          ctx.in("itm_head"), grounded.apply(ctx, tokens, images.attended()).firstState(ctx));
    }

    /**
     * ITM logits {@code [N, 2]} for inference: each image is projected once however many texts it
     * has, and no more is computed than the logits need.
     *
     * @param tokens of N texts
     * @param rows {@code [N]}, which of the images each text has
     */
    public Operand<TFloat32> itmLogits(
        GraphContext ctx, Tokens tokens, Operand<TInt32> rows, ImageStates images) {
      Attended projected = grounded.stack().project(ctx.in("match"), images.attended());
      return head.apply(ctx.in("itm_head"), grounded.sentenceStates(ctx, tokens, rows, projected));
    }

    /**
     * Where in its image each text is seen; for inference, with kernels that have gradients.
     *
     * @return {@code [B, P - 1]}, a number for each patch, see {@link GradCam}
     */
    public Operand<TFloat32> attribution(GraphContext ctx, Tokens tokens, ImageStates images) {
      return GradCam.of(grounded.stack().layers().size())
          .apply(ctx, tokens, traced -> itmLogits(traced, tokens, images));
    }
  }

  /**
   * The parts that answer questions; nothing is shared between them (blip-spec 7.4).
   *
   * @param questions reads a question together with its image
   * @param answers writes or judges an answer; attends the states of the question, never the image
   */
  public record Answering(ImageGroundedEncoder questions, ImageGroundedDecoder answers) {

    private static Answering create(VariableScope vars, BlipConfig config) {
      MedStack encoder =
          MedStack.create(vars.child("text_encoder"), config.text(), config.vision().width());
      VariableScope decoder = vars.child("text_decoder");
      MedStack stack = MedStack.create(decoder.child("bert"), config.text(), config.text().width());
      return new Answering(
          new ImageGroundedEncoder(encoder), ImageGroundedDecoder.create(decoder, stack));
    }

    /** Reads questions, each with the image in its row; the first token becomes [ENC]. */
    public TextStates read(GraphContext ctx, Tokens tokens, ImageStates images) {
      long enc = questions.stack().config().tokens().enc();
      return questions.apply(ctx, tokens.withFirst(ctx, enc), images.attended());
    }
  }

  private Blip(VariableScope vars, BlipConfig config, Task task) {
    this.config = config;
    this.task = task;
    if (task.matches()) {
      DualEncoder dual = DualEncoder.create(vars, config);
      Linear head = Linear.createFanIn(vars.child("itm_head"), config.text().width(), 2);
      this.vision = dual.vision();
      this.matching = Optional.of(new Matching(dual, new ImageGroundedEncoder(dual.text()), head));
    } else {
      this.vision = VisionTransformer.create(vars.child("visual_encoder"), config.vision());
      this.matching = Optional.empty();
    }
    this.decoder =
        task.captions() ? Optional.of(decoder(vars.child("text_decoder"))) : Optional.empty();
    this.answering =
        task.answers() ? Optional.of(Answering.create(vars, config)) : Optional.empty();
    this.dialogues =
        matching
            .map(present -> new DialogueJudge(present.grounded(), present.head()))
            .or(
                () ->
                    task.converses()
                        ? Optional.of(DialogueJudge.create(vars, config))
                        : Optional.empty());
    this.judging = task.judges() ? Optional.of(Judging.create(vars, config)) : Optional.empty();
  }

  private ImageGroundedDecoder decoder(VariableScope vars) {
    VariableScope bert = vars.child("bert");
    MedStack stack =
        matching
            .map(present -> present.dual().text().withOwnSelfAttention(bert))
            .orElseGet(() -> MedStack.create(bert, config.text(), config.vision().width()));
    return ImageGroundedDecoder.create(vars, stack);
  }

  /** Creates the variables that a task needs and no others. */
  public static Blip create(VariableScope vars, BlipConfig config, Task task) {
    return new Blip(vars, config, task);
  }

  /** The architecture. */
  public BlipConfig config() {
    return config;
  }

  /** What the model has parts for. */
  public Task task() {
    return task;
  }

  /** The image encoder. */
  public VisionTransformer vision() {
    return vision;
  }

  /**
   * The parts that compare images with texts.
   *
   * @throws IllegalStateException if the model has none
   */
  public Matching matching() {
    return matching.orElseThrow(
        () -> new IllegalStateException("a " + task + " model cannot match images with texts"));
  }

  /**
   * The image-grounded decoder.
   *
   * @throws IllegalStateException if the model has none
   */
  public ImageGroundedDecoder decoder() {
    return decoder.orElseThrow(
        () -> new IllegalStateException("a " + task + " model cannot write captions"));
  }

  /**
   * The parts that answer questions.
   *
   * @throws IllegalStateException if the model has none
   */
  public Answering answering() {
    return answering.orElseThrow(
        () -> new IllegalStateException("a " + task + " model cannot answer questions"));
  }

  /**
   * The parts that judge statements about two images.
   *
   * @throws IllegalStateException if the model has none
   */
  public Judging judging() {
    return judging.orElseThrow(
        () -> new IllegalStateException("a " + task + " model cannot judge two images"));
  }

  /**
   * The parts that judge answers in a dialogue.
   *
   * @throws IllegalStateException if the model has none
   * @throws IllegalArgumentException if states of images and of captions differ in width
   */
  public DialogueJudge dialogues() {
    if (config.vision().width() != config.text().width()) {
      throw new IllegalArgumentException(
          "a dialogue attends states of image and caption side by side, but they are %d and %d wide; use a base model"
              .formatted(config.vision().width(), config.text().width()));
    }
    return dialogues.orElseThrow(
        () -> new IllegalStateException("a " + task + " model cannot judge answers"));
  }

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
}
