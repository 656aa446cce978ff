package org.blip4j.ops.kernel;

import static org.tensorflow.internal.c_api.global.tensorflow.TF_DeleteBuffer;
import static org.tensorflow.internal.c_api.global.tensorflow.TF_GetRegisteredKernelsForOp;

import java.util.Locale;
import org.blip4j.ops.core.GraphContext;
import org.blip4j.ops.core.KernelSet;
import org.blip4j.ops.core.Mode;
import org.bytedeco.javacpp.PointerScope;
import org.tensorflow.internal.c_api.TF_Buffer;
import org.tensorflow.internal.c_api.TF_Status;
import org.tensorflow.proto.ConfigProto;
import org.tensorflow.proto.RewriterConfig;
import org.tensorflow.types.TBfloat16;
import org.tensorflow.types.TFloat16;

/**
 * The kernel sets: what products, norms and attention of a graph are made of, above all those of a
 * loop body. The results agree to rounding.
 */
public enum Kernels {
  /** Stock operations, which run in every TensorFlow; an exported graph has no others. */
  PORTABLE(Precision.FLOAT32),

  /**
   * {@link #PORTABLE}, of which the platform's graph optimiser computes the products of a CPU in
   * bfloat16. The graph is the same one; {@link #sessionFrom} asks for it. For training, and for
   * inference where there are no packed kernels or a graph was exported. The optimiser narrows what
   * stands between products, too: log-probabilities of captions have three digits, and a row's may
   * differ by one with its batch.
   */
  PORTABLE_BFLOAT16(Precision.BFLOAT16),

  /**
   * Stock operations, with the products of layers and of attention in bfloat16 and all else in
   * float32. For a GPU, in training and inference.
   */
  BFLOAT16(Precision.BFLOAT16),

  /** {@link #BFLOAT16} in float16: more digits, less range. For inference. */
  FLOAT16(Precision.FLOAT16),

  /**
   * oneDNN's products by name, told that their kernels never change: each is laid out once, in the
   * first step, and kept. For inference on an x86-64 CPU. A loop that reads all weights for a few
   * rows is bound by memory, and stock products bring every kernel into another layout in each
   * step.
   *
   * <p>Costs a second copy of the weights that the loop reads, for each set of fetches. A variable
   * must not be assigned after the first run of a session.
   */
  PACKED(Precision.FLOAT32),

  /**
   * {@link #PACKED} with kernels and rows in bfloat16, sums in float32: half the bytes, about three
   * decimal digits. Biases, norms and everything between products keep float32. Outside loops the
   * platform's graph optimiser does the like.
   */
  PACKED_BFLOAT16(Precision.BFLOAT16),

  /**
   * {@link #PACKED}, and the products of all layers, within loops and without, in eight bits: a
   * scale for each output channel of a kernel and one for all rows. Projections, heads, the word
   * table and attention keep float32. The rows of a batch are no longer independent of each other.
   */
  INT8(Precision.FLOAT32);

  private final Precision precision;

  Kernels(Precision precision) {
    this.precision = precision;
  }

  /** What products are computed in; of {@link #INT8}, those that are not in eight bits. */
  public Precision precision() {
    return precision;
  }

  /** A context of the same graph whose layers compute so; to be chosen at the root of a graph. */
  public GraphContext on(GraphContext root) {
    return root.with(set(root));
  }

  private KernelSet set(GraphContext root) {
    return switch (this) {
      case PORTABLE, PORTABLE_BFLOAT16 -> new StockKernels();
      case BFLOAT16 -> new StockKernels.Narrow<>(TBfloat16.class);
      case FLOAT16 -> new StockKernels.Narrow<>(TFloat16.class);
      case PACKED -> new PackedKernels();
      case PACKED_BFLOAT16 -> new PackedBfloat16Kernels(false);
      case INT8 -> new Int8Kernels(root);
    };
  }

  /**
   * The fastest ones for inference.
   *
   * @param mayUseGpu whether operations may run on a GPU, see {@link #mayUseGpu(ConfigProto)}
   * @throws IllegalArgumentException for float16 on the CPU
   */
  public static Kernels forInference(Precision precision, boolean mayUseGpu) {
    Kernels stock = stock(precision, mayUseGpu);
    if (mayUseGpu || !packedAvailable()) {
      return stock;
    }
    return precision == Precision.BFLOAT16 ? PACKED_BFLOAT16 : PACKED;
  }

  /**
   * Those with gradients.
   *
   * @param mayUseGpu whether operations may run on a GPU, see {@link #mayUseGpu(ConfigProto)}
   * @throws IllegalArgumentException if gradients cannot be had in the precision
   */
  public static Kernels forTraining(Precision precision, boolean mayUseGpu) {
    if (precision == Precision.FLOAT16) {
      throw new IllegalArgumentException(
          "small gradients vanish in float16; train in float32 or bfloat16");
    }
    return stock(precision, mayUseGpu);
  }

  private static Kernels stock(Precision precision, boolean mayUseGpu) {
    if (precision == Precision.FLOAT16 && !mayUseGpu) {
      throw new IllegalArgumentException(
          "float16 needs a GPU, and this session has none; on the CPU take bfloat16 or float32");
    }
    return switch (precision) {
      case FLOAT32 -> PORTABLE;
      case BFLOAT16 -> mayUseGpu ? BFLOAT16 : PORTABLE_BFLOAT16;
      case FLOAT16 -> FLOAT16;
    };
  }

  /** Those of stock operations in the same precision: what a graph with gradients is made of. */
  public Kernels stock() {
    return narrow() ? this : stock(precision, false);
  }

  /** Whether TensorFlow may place operations on a GPU. */
  public static boolean mayUseGpu(ConfigProto session) {
    return session.getDeviceCountOrDefault("GPU", -1) != 0;
  }

  /** Whether stock operations compute products in another type than float32. */
  public boolean narrow() {
    return this == BFLOAT16 || this == FLOAT16;
  }

  /**
   * The session for a graph of these kernels; what the platform's graph optimiser is to do is said
   * here and nowhere else.
   *
   * <p>In inference it is left out where it gains nothing: all fused kernels are named, or a graph
   * is of stock operations in float32, where steady answers of a base model take as long without it
   * and the first one 1.5 s less of a core. Elsewhere it looks a graph over once before the first
   * run, not twice, and leaves out what changes nothing for these graphs. In training its rewriting
   * for memory is off: of a sum of gradients it makes one that takes what is ready first, so that
   * equal runs would end with other last digits.
   *
   * @param session devices and threads
   * @param mode what the graph was built for
   */
  public ConfigProto sessionFrom(ConfigProto session, Mode mode) {
    ConfigProto.Builder builder = session.toBuilder();
    RewriterConfig.Builder rewriter =
        builder
            .getGraphOptionsBuilder()
            .getRewriteOptionsBuilder()
            .setMemoryOptimization(RewriterConfig.MemOptType.NO_MEM_OPT);
    if (mode == Mode.INFER) {
      rewriter
          .setMetaOptimizerIterations(RewriterConfig.NumIterationsType.ONE)
          .setLoopOptimization(RewriterConfig.Toggle.OFF)
          .setDisableMetaOptimizer(this == PORTABLE || this == PACKED || this == INT8);
    }
    boolean byOptimizer = this == PORTABLE_BFLOAT16 || this == PACKED_BFLOAT16;
    rewriter
        .setAutoMixedPrecision(RewriterConfig.Toggle.OFF)
        .setAutoMixedPrecisionOnednnBfloat16(
            byOptimizer ? RewriterConfig.Toggle.ON : RewriterConfig.Toggle.OFF);
    return builder.build();
  }

  /** Whether this process can run {@link #PACKED} graphs. */
  public static boolean packedAvailable() {
    String processor = System.getProperty("os.arch").toLowerCase(Locale.ROOT);
    return (processor.equals("amd64") || processor.equals("x86_64"))
        && !"0".equals(System.getenv("TF_ENABLE_ONEDNN_OPTS"))
        && hasKernel(PackedKernels.FUSED_PRODUCT);
  }

  /** Asks the C library: its list of all operations takes a third of a second to read. */
  private static boolean hasKernel(String operation) {
    NativeLibrary.load();
    try (PointerScope scope = new PointerScope()) {
      TF_Status status = TF_Status.newStatus();
      TF_Buffer kernels = TF_GetRegisteredKernelsForOp(operation, status);
      scope.attach(status);
      status.throwExceptionIfNotOK();
      boolean any = kernels.length() > 0;
      TF_DeleteBuffer(kernels);
      return any;
    }
  }
}
