package org.blip4j.tools.bench;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.stream.IntStream;
import org.blip4j.graph.config.BlipConfig;
import org.blip4j.graph.config.Task;
import org.blip4j.graph.config.VitConfig;
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
import org.tensorflow.types.TInt64;
import org.tensorflow.types.family.TNumber;

/** A graph with one piece of work, random weights and random images, ready to be run. */
final class BenchModel implements AutoCloseable {
  private static final long SIDE = 2048;
  private static final long MEMORY = 1L << 27; // half a gigabyte of floats, more than any cache
  private static final int TEXTS_AN_IMAGE = 2;
  private static final int STEPS = 19; // 20 ids, the first of which is given
  private static final DecodingSettings.Lengths TWENTY = new DecodingSettings.Lengths(20, 20);

  private final Graph graph = new Graph();
  private final GraphContext ctx;
  private final VariableScope vars;
  private final Operand<?> product;
  private final Operand<?> memory;
  private final List<List<Operand<?>>> runs; // one after another, the operands of one at once
  private final List<Stage> stages = new ArrayList<>();
  private final Session session;
  private final ExecutorService workers = Executors.newCachedThreadPool();

  BenchModel(BenchPlan plan) {
    this.ctx = plan.kernels().on(GraphContext.create(graph, Mode.INFER));
    this.vars = VariableScope.root(ctx, 1);
    this.product = product(plan.kernels());
    Operand<TFloat32> stored =
        ctx.read(
            vars.child("bench")
                .createState("memory", Shape.of(MEMORY), new Initializer.Constant(1)));
    this.memory = ctx.tf().max(stored, ctx.tf().constant(0));
    this.runs = model(plan);
    Operation initialize = vars.initializeAll();
    this.session = new Session(graph, plan.kernels().sessionFrom(plan.session(), Mode.INFER));
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
    return kernels == Kernels.PACKED_BFLOAT16 || kernels == Kernels.PORTABLE_BFLOAT16
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

  private List<List<Operand<?>>> model(BenchPlan plan) {
    return switch (plan.work()) {
      case matmul -> List.of(List.of(product));
      case pretrain, input -> List.of(); // BenchTraining's
      case vit -> {
        Operand<TFloat32> pixels = pixels(plan);
        ImageStates images = blip(vars, plan, Task.CAPTION).vision().apply(ctx, pixels);
        yield List.of(List.of(mean(images)));
      }
      case caption -> List.of(List.of(caption(plan)));
      case match -> List.of(List.of(match(plan)));
      case capfilt -> capfilt(plan);
    };
  }

  private Blip blip(VariableScope scope, BenchPlan plan, Task task) {
    return Blip.create(scope, plan.architecture(), task);
  }

  /** Images {@code [B, S, S, 3]}; as in a served model, the graph does not know B. */
  private Operand<TFloat32> pixels(BenchPlan plan) {
    int side = plan.architecture().vision().imageSize();
    Shape shape = Shape.of(plan.batch(), side, side, 3);
    Operand<TFloat32> stored =
        ctx.read(vars.child("bench").createState("images", shape, new Initializer.Uniform(2)));
    return ctx.tf().placeholderWithDefault(stored, Shape.of(-1, side, side, 3));
  }

  private Prompt start(BenchPlan plan, Operand<TFloat32> pixels) {
    Ops tf = ctx.tf();
    Operand<TInt32> batch = tf.gather(tf.shape(pixels), tf.constant(0), tf.constant(0));
    return Prompt.same(ctx, batch, plan.architecture().text().tokens().dec());
  }

  private Operand<?> caption(BenchPlan plan) {
    Blip blip = blip(vars, plan, Task.CAPTION);
    Operand<TFloat32> pixels = pixels(plan);
    return CaptionGenerator.of(blip, plan.batch())
        .search(
            ctx,
            blip.vision().apply(ctx, pixels),
            start(plan, pixels),
            DecodingSettings.Beams.captions().withLengths(TWENTY))
        .ids();
  }

  /** A part of the work, and what it costs at least for a batch, as {@link Operations} counts. */
  record Stage(String name, Operand<?> result, double operations, double numbers) {}

  /** The parts of CapFilt's step; none of other work. */
  List<Stage> stages() {
    return stages;
  }

  /** Captions, and the logits of a web text and a synthetic one of each image. */
  private List<List<Operand<?>>> capfilt(BenchPlan plan) {
    Operand<TFloat32> pixels = pixels(plan);
    Blip captioner = blip(vars.child("captioner"), plan, Task.CAPTION);
    Blip filter = blip(vars.child("filter"), plan, Task.RETRIEVAL);
    ImageStates own = captioner.vision().apply(ctx.in("captioner"), pixels);
    ImageStates others = plan.shareVision() ? own : filter.vision().apply(ctx.in("filter"), pixels);
    Operand<?> captions = captions(plan, captioner, pixels, own);
    int[] lengths = Operations.Texts.equal(TEXTS_AN_IMAGE * plan.batch());
    int[] rows = IntStream.range(0, lengths.length).map(i -> i / TEXTS_AN_IMAGE).toArray();
    Operand<?> logits = logits(plan, filter, lengths, rows, others);
    if (plan.profile()) {
      ImageStates stored = states(plan, plan.batch());
      BlipConfig config = plan.architecture();
      int batch = plan.batch();
      double vision = batch * Operations.vision(config.vision());
      double generation = batch * Operations.caption(config, 1, STEPS) - vision;
      double read =
          Operations.captionNumbers(config, batch, STEPS)
              - Operations.visionWeights(config.vision());
      stages.add(
          new Stage("image encoder", mean(own), vision, Operations.visionWeights(config.vision())));
      stages.add(
          new Stage(
              "nucleus captions", captions(plan, captioner, pixels, stored), generation, read));
      stages.add(
          new Stage(
              "matching",
              logits(plan, filter, lengths, rows, stored),
              batch * Operations.match(config, Operations.Texts.equal(TEXTS_AN_IMAGE)),
              Operations.matchNumbers(config)));
    }
    return plan.shareVision()
        ? List.of(List.of(captions, logits))
        : List.of(List.of(captions), List.of(logits));
  }

  private Operand<?> captions(
      BenchPlan plan, Blip captioner, Operand<TFloat32> pixels, ImageStates states) {
    Operand<TInt64> seeds =
        ctx.tf().placeholderWithDefault(ctx.tf().constant(new long[plan.batch()]), Shape.of(-1));
    return CaptionGenerator.of(captioner, plan.batch())
        .sample(
            ctx,
            states,
            start(plan, pixels),
            DecodingSettings.Sampling.nucleus(0.9).withLengths(TWENTY),
            seeds)
        .ids();
  }

  private ImageStates states(BenchPlan plan, int images) {
    VitConfig vision = plan.architecture().vision();
    Shape shape = Shape.of(images, vision.tokens(), vision.width());
    return new ImageStates(
        ctx.read(vars.child("bench").createState("states", shape, new Initializer.Uniform(2))));
  }

  /** All of the states are computed and next to nothing is copied. */
  private Operand<?> mean(ImageStates images) {
    return ctx.tf().math.mean(images.hidden(), ctx.tf().constant(new int[] {0, 1, 2}));
  }

  private Operand<?> match(BenchPlan plan) {
    ImageStates image = states(plan, 1);
    int[] lengths = Operations.Texts.lengths(plan.batch());
    return logits(plan, blip(vars, plan, Task.RETRIEVAL), lengths, new int[lengths.length], image);
  }

  /** As in a served model, the graph does not know the number of texts nor the longest. */
  private Operand<?> logits(
      BenchPlan plan, Blip blip, int[] lengths, int[] rows, ImageStates images) {
    Ops tf = ctx.tf();
    int longest = Arrays.stream(lengths).max().orElseThrow();
    long[][] texts = Operations.Texts.ids(plan.architecture().text(), lengths);
    LongNdArray ids = NdArrays.ofLongs(Shape.of(lengths.length, longest));
    LongNdArray mask = NdArrays.ofLongs(ids.shape());
    for (int i = 0; i < texts.length; i++) {
      for (int j = 0; j < texts[i].length; j++) {
        ids.setLong(texts[i][j], i, j);
        mask.setLong(1, i, j);
      }
    }
    Shape unknown = Shape.of(-1, -1);
    Tokens tokens =
        new Tokens(
            tf.placeholderWithDefault(tf.constant(ids), unknown),
            tf.placeholderWithDefault(tf.constant(mask), unknown));
    Operand<TInt32> imageOfText = tf.placeholderWithDefault(tf.constant(rows), Shape.of(-1));
    return blip.matching().itmLogits(ctx, tokens, imageOfText, images);
  }

  /** Floating-point operations of one matrix product. */
  static double productOperations() {
    return 2.0 * SIDE * SIDE * SIDE;
  }

  void runProduct() {
    session.runner().fetch(product).run().close();
  }

  /** Runs products at once and waits for all. */
  void runProducts(int atOnce) {
    runAtOnce(this::runProduct, atOnce);
  }

  /** Reads memory and does next to nothing else. */
  void runReading() {
    session.runner().fetch(memory).run().close();
  }

  /** Bytes that {@link #runReading} reads. */
  static double readingBytes() {
    return (double) MEMORY * Float.BYTES;
  }

  /** Runs batches at once and waits for all. */
  void runWork(int atOnce) {
    runAtOnce(this::runBatch, atOnce);
  }

  /** Runs a part of the work for as many batches at once and waits for all. */
  void runStage(Stage stage, int atOnce) {
    runAtOnce(() -> session.runner().fetch(stage.result()).run().close(), atOnce);
  }

  private void runAtOnce(Runnable work, int atOnce) {
    List<CompletableFuture<Void>> others = new ArrayList<>();
    for (int i = 1; i < atOnce; i++) {
      others.add(CompletableFuture.runAsync(work, workers));
    }
    work.run();
    others.forEach(CompletableFuture::join);
  }

  private void runBatch() {
    for (List<Operand<?>> run : runs) {
      Session.Runner runner = session.runner();
      run.forEach(runner::fetch);
      runner.run().close();
    }
  }

  @Override
  public void close() {
    workers.shutdown();
    session.close();
    graph.close();
  }
}
