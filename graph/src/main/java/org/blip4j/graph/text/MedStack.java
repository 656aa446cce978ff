package org.blip4j.graph.text;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.blip4j.graph.config.TextConfig;
import org.blip4j.ops.attention.AttentionMask;
import org.blip4j.ops.attention.KeysValues;
import org.blip4j.ops.core.GraphContext;
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
public record MedStack(TextConfig config, TextEmbeddings embeddings, List<MedLayer> layers) {
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
    TextEmbeddings embeddings = TextEmbeddings.create(vars.child("embeddings"), config);
    List<MedLayer> layers = new ArrayList<>();
    for (int i = 0; i < config.layers(); i++) {
      VariableScope layer = layer(vars, i);
      layers.add(
          new MedLayer(
              AttentionBlock.create(layer.child("attention"), config, config.width()),
              cross.create(layer.child("crossattention"), i),
              FeedForward.create(layer, config)));
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
  public Attended project(GraphContext outer, AttendedStates states) {
    return project(outer, 0, states);
  }

  /**
   * Projects one sequence of a pair.
   *
   * @param sequence 0 or 1
   */
  public Attended project(GraphContext outer, int sequence, AttendedStates states) {
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

  /**
   * Runs all layers over a whole text.
   *
   * @param attended keys and values for cross-attention; empty skips it
   * @return the output of each layer {@code [B, T, W]}
   */
  List<Operand<TFloat32>> run(
      GraphContext ctx, Tokens tokens, AttentionMask mask, Optional<Attended> attended) {
    return trace(ctx, tokens, mask, attended.stream().toList()).layers();
  }

  /**
   * Every stage of one application.
   *
   * @param embedded the input of the first layer {@code [B, T, W]}
   * @param layers the output of each layer {@code [B, T, W]}
   */
  public record Trace(Operand<TFloat32> embedded, List<Operand<TFloat32>> layers) {
    /** Copies the list. */
    public Trace {
      layers = List.copyOf(layers);
    }

    /** The output of the last layer {@code [B, T, W]}. */
    public Operand<TFloat32> last() {
      return layers.get(layers.size() - 1);
    }
  }

  /**
   * Runs all layers over a whole text.
   *
   * @param attended keys and values of each sequence that cross-attention reads: none, which skips
   *     it, one, or a pair
   */
  Trace trace(GraphContext ctx, Tokens tokens, AttentionMask mask, List<Attended> attended) {
    Operand<TFloat32> embedded =
        embeddings.apply(ctx.in("embeddings"), tokens.ids(), ctx.tf().constant(0));
    Operand<TFloat32> x = embedded;
    List<Operand<TFloat32>> outputs = new ArrayList<>();
    for (int i = 0; i < layers.size(); i++) {
      MedLayer layer = layers.get(i);
      GraphContext inner = ctx.in("layer" + i);
      GraphContext self = inner.in("self");
      x =
          layer
              .selfAttention()
              .apply(self, x, layer.selfAttention().project(self, x), Optional.of(mask));
      if (!attended.isEmpty()) {
        x = layer.crossAttention().apply(inner.in("cross"), x, attended, i);
      }
      x = layer.feedForward().apply(inner.in("ffn"), x);
      outputs.add(x);
    }
    return new Trace(embedded, outputs);
  }
}
