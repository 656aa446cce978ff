package org.blip4j.savedmodel.serve;

import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableMap;
import java.util.List;
import java.util.Optional;
import org.blip4j.graph.config.Task;
import org.blip4j.graph.model.Blip;
import org.blip4j.ops.checkpoint.SaverNodes;
import org.blip4j.ops.core.GraphContext;
import org.blip4j.ops.core.Kernels;
import org.blip4j.ops.core.Mode;
import org.blip4j.ops.core.QuantizedKernels;
import org.blip4j.ops.core.Variable;
import org.blip4j.ops.core.VariableScope;
import org.blip4j.savedmodel.export.ModelGraph;
import org.tensorflow.Graph;
import org.tensorflow.proto.SignatureDef;

/**
 * The inference graph of a model: bytes and strings in, texts and scores out, with the generation
 * loop inside.
 *
 * <p>A fresh graph with the weights that inference needs and no others. It has no state beyond its
 * variables, so it is what is exported and what {@link Predictor} runs.
 *
 * <pre>{@code
 * try (ServingGraph graph = ServingGraph.build(model, ServingSettings.of(texts))) { ... }
 * }</pre>
 */
public final class ServingGraph implements AutoCloseable {
  private final Graph graph;
  private final ImmutableList<Variable<?>> variables;
  private final SaverNodes saver;
  private final Optional<QuantizedKernels> quantized;
  private final ImmutableMap<String, SignatureDef> signatures;

  private ServingGraph(Graph graph, ServingModel model, ServingSettings settings, Kernels kernels) {
    this.graph = graph;
    GraphContext ctx = GraphContext.create(graph, Mode.INFER).with(kernels);
    VariableScope scope =
        VariableScope.root(ctx, 0, model.config().architecture().initialization());
    Task task = model.config().task();
    Blip blip = Blip.create(scope, model.config().architecture(), task);
    this.variables = ImmutableList.copyOf(scope.all());
    this.saver = SaverNodes.create(ctx, variables);
    ServingParts parts = new ServingParts(model, settings, blip, ServingTexts.of(model));
    this.quantized = ctx.quantized();
    this.signatures = definitions(task.judges() ? judging(ctx, parts) : single(ctx, parts, task));
  }

  /** The signatures over one image. */
  private static List<BoundSignature> single(GraphContext ctx, ServingParts parts, Task task) {
    ServedImages images = ServedImages.create(ctx, parts.blip());
    ImmutableList.Builder<BoundSignature> bound = ImmutableList.builder();
    if (task.captions()) {
      CaptionSignatures captions = new CaptionSignatures(parts, images);
      bound.add(captions.search(ctx), captions.prompted(ctx), captions.sample(ctx));
    }
    if (task.matches()) {
      MatchSignatures matches = new MatchSignatures(ctx, parts, images);
      bound.add(matches.match(ctx), matches.imageEmbedding(ctx), matches.textEmbedding(ctx));
    }
    if (task.answers()) {
      VqaSignatures answers = new VqaSignatures(ctx, parts, images);
      bound.add(answers.answer(ctx), answers.rank(ctx));
    }
    return bound.build();
  }

  /** The signature over two images. */
  private static List<BoundSignature> judging(GraphContext ctx, ServingParts parts) {
    ServedImages.Pair images = ServedImages.createPair(ctx, parts.blip());
    return List.of(new JudgeSignature(parts, images).bind(ctx));
  }

  /** {@link #build(ServingModel, ServingSettings, Kernels)} of kernels that can be exported. */
  public static ServingGraph build(ServingModel model, ServingSettings settings) {
    return build(model, settings, Kernels.PORTABLE);
  }

  /** Builds the graph; its variables have no values yet. */
  public static ServingGraph build(ServingModel model, ServingSettings settings, Kernels kernels) {
    Graph graph = new Graph();
    try {
      return new ServingGraph(graph, model, settings, kernels);
    } catch (RuntimeException | Error e) {
      graph.close();
      throw e;
    }
  }

  /** The graph itself. */
  public Graph graph() {
    return graph;
  }

  /** The weights, in the order of their creation. */
  public ImmutableList<Variable<?>> variables() {
    return variables;
  }

  /** Reads and writes the weights. */
  public SaverNodes saver() {
    return saver;
  }

  /** Kernels in eight bits, to be prepared after the weights have their values. */
  Optional<QuantizedKernels> quantized() {
    return quantized;
  }

  /** What can be called, by key; the first one is {@code serving_default}, too. */
  public ImmutableMap<String, SignatureDef> signatures() {
    return signatures;
  }

  /** What is exported. */
  public ModelGraph toModelGraph() {
    return new ModelGraph(graph, saver, signatures);
  }

  @Override
  public void close() {
    graph.close();
  }

  private static ImmutableMap<String, SignatureDef> definitions(List<BoundSignature> bound) {
    ImmutableMap.Builder<String, SignatureDef> result = ImmutableMap.builder();
    result.put(ServingSignature.DEFAULT_KEY, bound.get(0).definition());
    bound.forEach(one -> result.put(one.signature().key(), one.definition()));
    return result.buildOrThrow();
  }
}
