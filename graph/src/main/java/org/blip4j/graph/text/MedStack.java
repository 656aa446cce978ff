package org.blip4j.graph.text;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.BiFunction;
import java.util.function.Function;
import org.blip4j.graph.config.TextConfig;
import org.blip4j.ops.attention.AttentionMask;
import org.blip4j.ops.attention.KeysValues;
import org.blip4j.ops.attention.Rows;
import org.blip4j.ops.core.GraphContext;
import org.blip4j.ops.core.Section;
import org.blip4j.ops.core.VariableScope;
import org.tensorflow.Operand;
import org.tensorflow.types.TFloat32;

/**
 * Embeddings and layers of the text transformer, without a mode: masks and what is attended are
 * given to each application.
 *
 * @param config the sizes
 * @param embeddings words and positions
 * @param layers from first to last
 */
public record MedStack(TextConfig config, Embeddings embeddings, List<MedLayer> layers) {
  /** In a stack over pairs, this layer and all after it have a merge layer (blip-spec 7.5). */
  public static final int FIRST_MERGING_LAYER = 6;

  /** Copies the list. */
  public MedStack {
    layers = List.copyOf(layers);
  }

  /**
   * Creates a stack with variables of its own.
   *
   * @param sourceWidth the width of the attended states
   */
  public static MedStack create(VariableScope vars, TextConfig config, int sourceWidth) {
    return create(
        vars, config, (layer, index) -> AttentionBlock.create(layer, config, sourceWidth));
  }

  /**
   * Creates a stack whose layers attend a pair of sequences, the later ones with a merge layer
   * (blip-spec 7.5).
   *
   * @param sourceWidth the width of the attended states
   */
  public static MedStack createPair(VariableScope vars, TextConfig config, int sourceWidth) {
    return create(
        vars,
        config,
        (layer, index) ->
            AttentionBlock.createPair(layer, config, sourceWidth, index >= FIRST_MERGING_LAYER));
  }

  private static MedStack create(VariableScope vars, TextConfig config, CrossAttentions cross) {
    Embeddings embeddings = Embeddings.create(vars.child("embeddings"), config);
    List<MedLayer> layers = new ArrayList<>();
    for (int i = 0; i < config.layers(); i++) {
      VariableScope layer = layer(vars, i);
      layers.add(
          new MedLayer(
              AttentionBlock.create(layer.child("attention"), config, config.width()),
              cross.create(layer.child("crossattention"), i),
              MedLayer.FeedForward.create(layer, config)));
    }
    return new MedStack(config, embeddings, layers);
  }

  /** Creates the cross-attention of a layer. */
  private interface CrossAttentions {
    AttentionBlock create(VariableScope vars, int layer);
  }

  /** A stack that shares everything with this one but self-attention (paper section 3.2). */
  public MedStack withOwnSelfAttention(VariableScope vars) {
    List<MedLayer> own = new ArrayList<>();
    for (int i = 0; i < layers.size(); i++) {
      own.add(
          layers
              .get(i)
              .withSelfAttention(
                  AttentionBlock.create(
                      layer(vars, i).child("attention"), config, config.width())));
    }
    return new MedStack(config, embeddings, own);
  }

  private static VariableScope layer(VariableScope vars, int index) {
    return vars.child("encoder").child("layer").child(Integer.toString(index));
  }

  /** Projects what is attended once for every layer. */
  public Attended project(GraphContext outer, Attended.States states) {
    return project(outer, 0, states);
  }

  /**
   * Projects one sequence of a pair.
   *
   * @param sequence 0 or 1
   */
  public Attended project(GraphContext outer, int sequence, Attended.States states) {
    GraphContext ctx = outer.in("attended");
    List<KeysValues> projected = new ArrayList<>();
    for (int i = 0; i < layers.size(); i++) {
      AttentionBlock cross = layers.get(i).crossAttention();
      projected.add(cross.project(ctx.in("layer" + i), sequence, states.hidden()));
    }
    return new Attended(
        projected,
        states.mask().map(mask -> AttentionMask.padding(ctx, mask, AttentionMask.CROSS_HIDDEN)));
  }

  /** Where the keys of self-attention come from, besides the states themselves. */
  @FunctionalInterface
  interface Past {
    /** Of whole texts. */
    Past NONE = (ctx, layer, own) -> own;

    /** Keys and values of a layer, given those of its own states. */
    KeysValues before(GraphContext ctx, int layer, KeysValues own);
  }

  /**
   * The one loop over the layers, in every mode and for training, matching and generation alike.
   *
   * @param x embedded ids that lie as {@code rows} says
   * @param past the keys of earlier positions, if there are any
   * @return the output of the last layer, like x
   */
  Operand<TFloat32> run(
      GraphContext ctx, Operand<TFloat32> x, Rows rows, MedLayer.View view, Past past) {
    return run(ctx, x, rows, view, past, layers.size());
  }

  private Operand<TFloat32> run(
      GraphContext ctx, Operand<TFloat32> x, Rows rows, MedLayer.View view, Past past, int count) {
    Operand<TFloat32> states = x;
    for (int i = 0; i < count; i++) {
      GraphContext inner = ctx.in("layer" + i);
      GraphContext self = inner.in("self");
      KeysValues own = layers.get(i).selfAttention().project(self, states, rows);
      KeysValues keys = past.before(self, i, own);
      Operand<TFloat32> next = layers.get(i).apply(inner, states, rows, keys, view, i);
      states = Section.keep(ctx, ctx.trace("layer" + i, next));
    }
    return states;
  }

  /**
   * Runs all layers over whole texts.
   *
   * @param attended keys and values of each sequence that cross-attention reads: none, which skips
   *     it, one, or a pair
   * @return the output of the last layer {@code [B, T, W]}
   */
  Operand<TFloat32> run(
      GraphContext ctx, Tokens tokens, AttentionMask mask, List<Attended> attended) {
    Operand<TFloat32> embedded = embeddings.apply(ctx.in("embeddings"), tokens.ids());
    return run(
        ctx,
        ctx.trace("embedded", embedded),
        Rows.sequences(),
        new MedLayer.View(Optional.of(mask), attended),
        Past.NONE);
  }

  /**
   * Runs all layers over the real positions of whole texts: padding is not computed.
   *
   * @param layout where they lie in {@code tokens [M, T]}
   * @param attended B sequences, M a multiple of B, the texts of each adjacent
   * @return {@code [R, W]}
   */
  Operand<TFloat32> runPacked(
      GraphContext ctx,
      Tokens tokens,
      Rows.Packed layout,
      AttentionMask mask,
      List<Attended> attended) {
    return run(
        ctx,
        packed(ctx, tokens, layout),
        layout,
        new MedLayer.View(Optional.of(mask), attended),
        Past.NONE);
  }

  /**
   * Reads texts for the states of their first tokens, which is all that ITC and ITM look at. For
   * inference: neither padding is computed nor what follows the first token in the last layer; the
   * texts of an image share its keys.
   *
   * @param tokens {@code [M, T]}; rows without a token are allowed, their states mean nothing
   * @param attended B sequences, M a multiple of B, the texts of each adjacent; none skips
   *     cross-attention
   * @return {@code [M, W]}
   */
  Operand<TFloat32> firstStates(GraphContext ctx, Tokens tokens, List<Attended> attended) {
    Rows.Packed layout = Rows.Packed.of(ctx, tokens.mask()).rounded(ctx);
    return firstStates(
        ctx,
        packed(ctx, tokens, layout),
        layout,
        view(ctx, tokens, attended),
        self -> layout.single(self),
        layout::firsts);
  }

  /** The same for training: padding is computed, and each text has an image in its row. */
  Operand<TFloat32> firstOfWhole(GraphContext ctx, Tokens tokens, List<Attended> attended) {
    Operand<TFloat32> states =
        firstStates(
            ctx,
            embeddings.apply(ctx.in("embeddings"), tokens.ids()),
            Rows.sequences(),
            view(ctx, tokens, attended),
            self -> Rows.sequences(),
            (self, x) -> self.slice(x, 1, 0, 1)); // [M, 1, W]
    return ctx.reshape(states, -1, config.width());
  }

  private static MedLayer.View view(GraphContext ctx, Tokens tokens, List<Attended> attended) {
    AttentionMask padding =
        AttentionMask.padding(ctx, tokens.mask(), AttentionMask.SELF_HIDDEN); // [M, 1, 1, T]
    return new MedLayer.View(Optional.of(padding), attended);
  }

  /**
   * All layers, the last one for first states alone.
   *
   * @param single how these lie
   * @param firsts takes them from all states
   */
  private Operand<TFloat32> firstStates(
      GraphContext ctx,
      Operand<TFloat32> embedded,
      Rows rows,
      MedLayer.View view,
      Function<GraphContext, Rows> single,
      BiFunction<GraphContext, Operand<TFloat32>, Operand<TFloat32>> firsts) {
    int last = layers.size() - 1;
    Operand<TFloat32> x = run(ctx, embedded, rows, view, Past.NONE, last);
    GraphContext inner = ctx.in("layer" + last);
    GraphContext self = inner.in("self");
    KeysValues own = layers.get(last).selfAttention().project(self, x, rows);
    return layers
        .get(last)
        .apply(inner, firsts.apply(self, x), single.apply(self), own, view, last);
  }

  private Operand<TFloat32> packed(GraphContext ctx, Tokens tokens, Rows.Packed layout) {
    return layout.fromQueries(ctx, embeddings.apply(ctx.in("embeddings"), tokens.ids())); // [R, W]
  }
}
