package org.blip4j.tools.bench;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.blip4j.graph.config.BlipConfig;
import org.blip4j.graph.config.Task;
import org.blip4j.graph.generate.CaptionGenerator;
import org.blip4j.graph.model.Blip;
import org.blip4j.graph.text.Tokens;
import org.blip4j.graph.vision.ImageStates;
import org.blip4j.ops.core.GraphContext;
import org.blip4j.ops.core.Initializer;
import org.blip4j.ops.core.Mode;
import org.blip4j.ops.core.VariableScope;
import org.blip4j.ops.decode.DecodingSettings;
import org.blip4j.ops.decode.Prompt;
import org.blip4j.ops.kernel.Kernels;
import org.tensorflow.Graph;
import org.tensorflow.Operand;
import org.tensorflow.Operation;
import org.tensorflow.Session;
import org.tensorflow.ndarray.LongNdArray;
import org.tensorflow.ndarray.NdArrays;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.op.Ops;
import org.tensorflow.types.TBfloat16;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TInt32;
import org.tensorflow.types.family.TNumber;

/** A graph with one piece of work, random weights and random images, ready to be run. */
final class BenchModel implements AutoCloseable {
  private static final long SIDE = 2048;
  private static final DecodingSettings.Lengths TWENTY = new DecodingSettings.Lengths(20, 20);

  private final Graph graph = new Graph();
  private final GraphContext ctx;
  private final VariableScope vars;
  private final Operand<?> product;
  private final Operand<?> result;
  private final Session session;
  private final ExecutorService workers = Executors.newCachedThreadPool();

  BenchModel(BenchPlan plan) {
    this.ctx = plan.kernels().on(GraphContext.create(graph, Mode.INFER));
    this.vars = VariableScope.root(ctx, 1);
    this.product = product(plan.kernels());
    this.result = plan.work() == BenchWork.matmul ? product : model(plan);
    Operation initialize = vars.initializeAll();
    this.session = new Session(graph, plan.kernels().sessionFrom(plan.session()));
    session.runner().addTarget(initialize).run().close();
    ctx.kernels()
        .preparation()
        .ifPresent(prepare -> session.runner().addTarget(prepare.get()).run().close());
  }

  /** One element of a product: all of it is computed and next to nothing is copied. */
  private Operand<?> product(Kernels kernels) {
    VariableScope matrices = vars.child("bench");
    Initializer uniform = new Initializer.Uniform(1);
    Operand<TFloat32> left = ctx.read(matrices.createState("left", Shape.of(SIDE, SIDE), uniform));
    Operand<TFloat32> right =
        ctx.read(matrices.createState("right", Shape.of(SIDE, SIDE), uniform));
    return kernels == Kernels.PACKED_BFLOAT16
        ? element(
            ctx.tf().dtypes.cast(left, TBfloat16.class),
            ctx.tf().dtypes.cast(right, TBfloat16.class))
        : element(left, right);
  }

  private <T extends TNumber> Operand<T> element(Operand<T> left, Operand<T> right) {
    Ops tf = ctx.tf();
    return tf.slice(
        tf.linalg.matMul(left, right),
        tf.constant(new int[] {0, 0}),
        tf.constant(new int[] {1, 1}));
  }

  private Operand<?> model(BenchPlan plan) {
    BlipConfig config = plan.size().config();
    Ops tf = ctx.tf();
    if (plan.work() == BenchWork.match) {
      return match(plan);
    }
    Blip blip = Blip.create(vars, config, Task.CAPTION);
    int side = config.vision().imageSize();
    Operand<TFloat32> stored =
        ctx.read(
            vars.child("bench")
                .createState(
                    "images", Shape.of(plan.batch(), side, side, 3), new Initializer.Uniform(2)));
    // As in a served model, the graph does not know the size of the batch.
    Operand<TFloat32> pixels = tf.placeholderWithDefault(stored, Shape.of(-1, side, side, 3));
    ImageStates images = blip.vision().apply(ctx, pixels);
    if (plan.work() == BenchWork.vit) {
      return tf.math.mean(images.hidden(), tf.constant(new int[] {0, 1, 2}));
    }
    Operand<TInt32> batch = tf.gather(tf.shape(pixels), tf.constant(0), tf.constant(0));
    Prompt start = Prompt.same(ctx, batch, config.text().tokens().dec());
    return CaptionGenerator.of(blip, plan.batch())
        .search(ctx, images, start, DecodingSettings.Beams.captions().withLengths(TWENTY))
        .ids();
  }

  private Operand<?> match(BenchPlan plan) {
    BlipConfig config = plan.size().config();
    Ops tf = ctx.tf();
    Shape states = Shape.of(1, config.vision().tokens(), config.vision().width());
    ImageStates image =
        new ImageStates(
            ctx.read(
                vars.child("bench").createState("states", states, new Initializer.Uniform(2))));
    int[] lengths = BenchTexts.lengths(plan.batch());
    int longest = Arrays.stream(lengths).max().orElseThrow();
    long[][] texts = BenchTexts.ids(config.text(), lengths);
    LongNdArray ids = NdArrays.ofLongs(Shape.of(lengths.length, longest));
    LongNdArray mask = NdArrays.ofLongs(ids.shape());
    for (int i = 0; i < texts.length; i++) {
      for (int j = 0; j < texts[i].length; j++) {
        ids.setLong(texts[i][j], i, j);
        mask.setLong(1, i, j);
      }
    }
    // As in a served model, the graph does not know the sizes of the batch.
    Shape unknown = Shape.of(-1, -1);
    Tokens tokens =
        new Tokens(
            tf.placeholderWithDefault(tf.constant(ids), unknown),
            tf.placeholderWithDefault(tf.constant(mask), unknown));
    Operand<TInt32> rows =
        tf.placeholderWithDefault(tf.constant(new int[lengths.length]), Shape.of(-1));
    return Blip.create(vars, config, Task.RETRIEVAL).matching().itmLogits(ctx, tokens, rows, image);
  }

  /** Floating-point operations of one matrix product. */
  static double productOperations() {
    return 2.0 * SIDE * SIDE * SIDE;
  }

  void runProduct() {
    session.runner().fetch(product).run().close();
  }

  /** Runs batches at once and waits for all. */
  void runWork(int atOnce) {
    List<CompletableFuture<Void>> others = new ArrayList<>();
    for (int i = 1; i < atOnce; i++) {
      others.add(CompletableFuture.runAsync(this::runBatch, workers));
    }
    runBatch();
    others.forEach(CompletableFuture::join);
  }

  private void runBatch() {
    session.runner().fetch(result).run().close();
  }

  @Override
  public void close() {
    workers.shutdown();
    session.close();
    graph.close();
  }
}
