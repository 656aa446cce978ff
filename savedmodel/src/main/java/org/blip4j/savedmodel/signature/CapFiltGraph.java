package org.blip4j.savedmodel.signature;

import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableMap;
import org.blip4j.graph.model.Blip;
import org.blip4j.ops.checkpoint.SaverNodes;
import org.blip4j.ops.core.GraphContext;
import org.blip4j.ops.core.Mode;
import org.blip4j.ops.core.Variable;
import org.blip4j.ops.core.VariableScope;
import org.blip4j.ops.kernel.Kernels;
import org.blip4j.savedmodel.open.ServingModel;
import org.tensorflow.Graph;
import org.tensorflow.Operand;
import org.tensorflow.proto.SignatureDef;
import org.tensorflow.types.TBool;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TInt64;
import org.tensorflow.types.TString;

/**
 * A captioner and a filter in one graph (CapFilt, paper section 3.3): of an image with its web
 * text, a caption drawn by chance and how likely each of the two texts matches. Variables have
 * their usual names below {@code captioner/} and {@code filter/}.
 */
public final class CapFiltGraph implements AutoCloseable {
  /** What the names of the captioner's variables begin with. */
  public static final String CAPTIONER = "captioner";

  /** What the names of the filter's variables begin with. */
  public static final String FILTER = "filter";

  private final Graph graph;
  private final ImmutableList<Variable<?>> variables;
  private final SaverNodes saver;
  private final ImmutableMap<String, SignatureDef> signatures;

  /**
   * One of the two models.
   *
   * @param model what it is
   * @param settings what is fixed
   */
  public record Member(ServingModel model, ServingSettings settings) {
    private ServingGraph.Parts in(VariableScope scope) {
      Blip blip = Blip.create(scope, model.config().architecture(), model.config().task());
      return new ServingGraph.Parts(model, settings, blip, new ServingTexts(model));
    }
  }

  private CapFiltGraph(Graph graph, Member captioner, Member filter) {
    this.graph = graph;
    GraphContext ctx = Kernels.PORTABLE.on(GraphContext.create(graph, Mode.INFER));
    VariableScope scope =
        VariableScope.root(ctx, 0, captioner.model().config().architecture().initialization());
    ServingGraph.Parts writes = captioner.in(scope.child(CAPTIONER));
    ServingGraph.Parts judges = filter.in(scope.child(FILTER));
    this.variables = ImmutableList.copyOf(scope.all());
    this.saver = SaverNodes.create(ctx, variables);
    Signatures.Bound bound = bind(ctx, writes, judges);
    this.signatures =
        ImmutableMap.of(
            ServingSignature.DEFAULT_KEY,
            bound.definition(),
            ServingSignature.CAPFILT.key(),
            bound.definition(),
            ServingSignature.CAPFILT.tensorKey(),
            bound.tensorDefinition());
  }

  /**
   * Builds the graph; its variables have no values yet.
   *
   * @throws IllegalArgumentException if a model cannot do its part, or they take images of
   *     different sizes
   */
  public static CapFiltGraph build(Member captioner, Member filter) {
    if (!captioner.model().config().task().captions()) {
      throw new IllegalArgumentException(
          "a %s model writes no captions; give another captioner"
              .formatted(captioner.model().config().task()));
    }
    if (!filter.model().config().task().matches()) {
      throw new IllegalArgumentException(
          "a %s model does not match images with texts; give another filter"
              .formatted(filter.model().config().task()));
    }
    Graph graph = new Graph();
    try {
      return new CapFiltGraph(graph, captioner, filter);
    } catch (RuntimeException | Error e) {
      graph.close();
      throw e;
    }
  }

  private static Signatures.Bound bind(
      GraphContext outer, ServingGraph.Parts writes, ServingGraph.Parts judges) {
    ServedImages.Pair images = ServedImages.createShared(outer, writes.blip(), judges.blip());
    MatchSignatures matches = new MatchSignatures(outer, judges, images.right());
    GraphContext ctx = outer.in("capfilt");
    ServedTexts web = matches.pairs(ctx);
    Operand<TInt64> given = ServedInputs.numbers(ctx, ServingSignature.SEED, TInt64.class);
    Operand<TInt64> seeds =
        ServedInputs.perRow(
            ctx, given, ServingSignature.SEED, images.left().rows(), ServingSignature.IMAGE_BYTES);
    Operand<TString> captions = new CaptionSignatures(writes, images.left()).drawn(ctx, seeds);
    Operand<TFloat32> itmWeb =
        MatchSignatures.probability(
            ctx, matches.logits(ctx.in("web"), web.tokens().gather(ctx, web.rows())));
    GraphContext synthetic = ctx.in("synthetic");
    Operand<TFloat32> itmSynthetic =
        MatchSignatures.probability(
            ctx, matches.logits(synthetic, matches.read(synthetic, captions)));
    Operand<TString> status =
        ServingSignature.RowStatus.of(ctx, images.left().status(), web.status());
    Operand<TBool> ok = ServingSignature.RowStatus.ok(ctx, status); // [B]
    return new Signatures.Bound(
        ServingSignature.CAPFILT,
        ImmutableMap.of(
            ServingSignature.IMAGE_BYTES, images.left().bytes(),
            ServingSignature.TEXT, web.texts(),
            ServingSignature.SEED, given),
        ImmutableMap.of(
            ServingSignature.PIXELS, Signatures.Given.of(images.left().pixels()),
            ServingSignature.TOKEN_IDS, web.ids(),
            ServingSignature.SEED, Signatures.Given.of(given)),
        ImmutableMap.of(
            ServingSignature.SYNTHETIC_CAPTION,
            ctx.onCpu().tf().select(ok, captions, ctx.tf().array("")),
            ServingSignature.ITM_WEB,
            ctx.select(ok, itmWeb, 0),
            ServingSignature.ITM_SYNTHETIC,
            ctx.select(ok, itmSynthetic, 0),
            ServingSignature.STATUS,
            status));
  }

  /** The graph itself. */
  public Graph graph() {
    return graph;
  }

  /** The weights of both models. */
  public ImmutableList<Variable<?>> variables() {
    return variables;
  }

  /** What is exported. */
  public ServingGraph.Exportable toModelGraph() {
    return new ServingGraph.Exportable(graph, saver, signatures);
  }

  @Override
  public void close() {
    graph.close();
  }
}
