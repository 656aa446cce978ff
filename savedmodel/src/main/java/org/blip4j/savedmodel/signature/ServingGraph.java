package org.blip4j.savedmodel.signature;

import com.google.common.base.Suppliers;
import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableMap;
import com.google.common.collect.Maps;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Supplier;
import org.blip4j.graph.config.Task;
import org.blip4j.graph.model.Blip;
import org.blip4j.ops.checkpoint.SaverNodes;
import org.blip4j.ops.core.GraphContext;
import org.blip4j.ops.core.Mode;
import org.blip4j.ops.core.Variable;
import org.blip4j.ops.core.VariableScope;
import org.blip4j.ops.kernel.Kernels;
import org.blip4j.savedmodel.open.ServingModel;
import org.tensorflow.Graph;
import org.tensorflow.Operation;
import org.tensorflow.proto.SignatureDef;

/**
 * The inference graph of a model: bytes and strings in, texts and scores out, with the generation
 * loop inside.
 *
 * <p>A fresh graph with the weights that inference needs and no others. It has no state beyond its
 * variables, so it is what is exported and what {@code Predictor} runs.
 *
 * <pre>{@code
 * try (ServingGraph graph = ServingGraph.build(model, ServingSettings.of(texts))) { ... }
 * }</pre>
 */
public final class ServingGraph implements AutoCloseable {
  private final Graph graph;
  private final ImmutableList<Variable<?>> variables;
  private final SaverNodes saver;
  private final Optional<Supplier<Operation>> preparation;
  private final Map<String, SignatureDef> signatures;
  private final Supplier<StagedCalls> stages;

  /**
   * What signatures are made of.
   *
   * @param model what the model is
   * @param settings what is fixed
   * @param blip the weights
   * @param texts strings to tokens and back
   */
  record Parts(ServingModel model, ServingSettings settings, Blip blip, ServingTexts texts) {
    /** Checks that the model can do what the settings ask for. */
    Parts {
      if (model.config().task().captions() || model.config().task().answers()) {
        settings.requireFit(model.config().architecture().text());
      }
    }
  }

  private ServingGraph(Graph graph, ServingModel model, ServingSettings settings, Kernels kernels) {
    this.graph = graph;
    GraphContext ctx = kernels.on(GraphContext.create(graph, Mode.INFER));
    VariableScope scope =
        VariableScope.root(ctx, 0, model.config().architecture().initialization());
    Task task = model.config().task();
    Blip blip = Blip.create(scope, model.config().architecture(), task);
    this.variables = ImmutableList.copyOf(scope.all());
    this.saver = SaverNodes.create(ctx, variables);
    Parts parts = new Parts(model, settings, blip, new ServingTexts(model));
    this.preparation = ctx.kernels().preparation();
    this.stages = Suppliers.memoize(() -> StagedCalls.create(ctx, parts));
    this.signatures = definitions(task.judges() ? pair(ctx, parts) : single(ctx, parts, task));
  }

  /** The signatures over one image; each is added to the graph when it is asked for. */
  private static Map<ServingSignature, Supplier<Signatures.Bound>> single(
      GraphContext ctx, Parts parts, Task task) {
    ServedImages images = ServedImages.create(ctx, parts.blip());
    Map<ServingSignature, Supplier<Signatures.Bound>> result = new LinkedHashMap<>();
    if (task.captions()) {
      CaptionSignatures captions = new CaptionSignatures(parts, images);
      result.put(ServingSignature.CAPTION, () -> captions.search(ctx));
      result.put(ServingSignature.CAPTION_PROMPTED, () -> captions.prompted(ctx));
      result.put(ServingSignature.CAPTION_SAMPLE, () -> captions.sample(ctx));
    }
    if (task.matches()) {
      Supplier<MatchSignatures> matches =
          Suppliers.memoize(() -> new MatchSignatures(ctx, parts, images));
      result.put(ServingSignature.MATCH, () -> matches.get().match(ctx));
      result.put(ServingSignature.IMAGE_EMBEDDING, () -> matches.get().imageEmbedding(ctx));
      result.put(ServingSignature.TEXT_EMBEDDING, () -> matches.get().textEmbedding(ctx));
      result.put(ServingSignature.ATTRIBUTION, () -> matches.get().attribution(ctx));
    }
    if (ServingSignature.DIALOGUE_RANK.supportedBy(task)) {
      result.put(
          ServingSignature.DIALOGUE_RANK, () -> new DialogueSignature(parts, images).bind(ctx));
    }
    if (task.answers()) {
      Supplier<VqaSignatures> answers =
          Suppliers.memoize(() -> new VqaSignatures(ctx, parts, images));
      result.put(ServingSignature.VQA, () -> answers.get().answer(ctx));
      result.put(ServingSignature.VQA_RANK, () -> answers.get().rank(ctx));
    }
    return result;
  }

  /** The signature over two images. */
  private static Map<ServingSignature, Supplier<Signatures.Bound>> pair(
      GraphContext ctx, Parts parts) {
    return Map.of(
        ServingSignature.NLVR,
        () -> new NlvrSignature(ctx, parts, ServedImages.createPair(ctx, parts.blip())).bind(ctx));
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

  /**
   * Makes what is to be run once all signatures are in the graph and the weights have their values;
   * empty for kernels that need nothing.
   */
  public Optional<Supplier<Operation>> preparation() {
    return preparation;
  }

  /** What can be called, by key; the first one is {@code serving_default}, too. */
  public ImmutableMap<String, SignatureDef> signatures() {
    return ImmutableMap.copyOf(signatures);
  }

  /**
   * The same, where a signature is not added to the graph before it is looked up; several threads
   * may look.
   */
  public Map<String, SignatureDef> signaturesOnDemand() {
    return signatures;
  }

  /** Its parts as calls of their own, added to the graph now; before it is first run. */
  public StagedCalls stages() {
    return stages.get();
  }

  /** What is exported. */
  public Exportable toModelGraph() {
    return new Exportable(graph, saver, signatures());
  }

  @Override
  public void close() {
    graph.close();
  }

  /** One lock for all: what is added to one graph shares its names. */
  private static Map<String, SignatureDef> definitions(
      Map<ServingSignature, Supplier<Signatures.Bound>> bound) {
    Object building = new Object();
    Map<String, Supplier<SignatureDef>> result = new LinkedHashMap<>();
    bound.forEach(
        (signature, builder) -> {
          Supplier<Signatures.Bound> once = Suppliers.memoize(builder::get);
          Supplier<Signatures.Bound> one =
              () -> {
                synchronized (building) {
                  return once.get();
                }
              };
          Supplier<SignatureDef> definition = Suppliers.memoize(() -> one.get().definition());
          if (result.isEmpty()) {
            result.put(ServingSignature.DEFAULT_KEY, definition);
          }
          result.put(signature.key(), definition);
          result.put(signature.tensorKey(), Suppliers.memoize(() -> one.get().tensorDefinition()));
        });
    return Collections.unmodifiableMap(Maps.transformValues(result, Supplier::get));
  }

  /**
   * A graph that can be exported.
   *
   * @param graph the graph; nodes that no signature needs may be in it
   * @param saver saves and restores every variable that a signature reads
   * @param signatures what can be called, by key
   */
  public record Exportable(
      Graph graph, SaverNodes saver, ImmutableMap<String, SignatureDef> signatures) {
    /** Checks that there is something to call. */
    public Exportable {
      Objects.requireNonNull(graph, "graph");
      Objects.requireNonNull(saver, "saver");
      if (signatures.isEmpty()) {
        throw new IllegalArgumentException("a model without signatures cannot be served");
      }
    }
  }
}
