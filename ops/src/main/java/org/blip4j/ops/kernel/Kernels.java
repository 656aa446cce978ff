package org.blip4j.ops.kernel;

import static org.tensorflow.internal.c_api.global.tensorflow.TF_DeleteBuffer;
import static org.tensorflow.internal.c_api.global.tensorflow.TF_GetRegisteredKernelsForOp;

import java.util.Locale;
import org.blip4j.ops.core.GraphContext;
import org.blip4j.ops.core.KernelSet;
import org.bytedeco.javacpp.PointerScope;
import org.tensorflow.TensorFlow;
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
  PORTABLE,

  /**
   * Stock operations, with the products of layers and of attention in bfloat16 and all else in
   * float32. For a GPU, in training and inference; on the CPU the platform's graph optimiser does
   * the like.
   */
  BFLOAT16,

  /** {@link #BFLOAT16} in float16: more digits, less range. For inference. */
  FLOAT16,

  /**
   * oneDNN's products by name, told that their kernels never change: each is laid out once, in the
   * first step, and kept. For inference on an x86-64 CPU. A loop that reads all weights for a few
   * rows is bound by memory, and stock products bring every kernel into another layout in each
   * step.
   *
   * <p>Costs a second copy of the weights that the loop reads, for each set of fetches. A variable
   * must not be assigned after the first run of a session.
   */
  PACKED,

  /**
   * {@link #PACKED} with kernels and rows in bfloat16, sums in float32: half the bytes, about three
   * decimal digits. Biases, norms and everything between products keep float32.
   */
  PACKED_BFLOAT16,

  /**
   * {@link #PACKED}, and the products of all layers, within loops and without, in eight bits: a
   * scale for each output channel of a kernel and one for all rows. Projections, heads, the word
   * table and attention keep float32. The rows of a batch are no longer independent of each other.
   */
  INT8;

  /** A context of the same graph whose layers compute so; to be chosen at the root of a graph. */
  public GraphContext on(GraphContext root) {
    return root.with(set(root));
  }

  private KernelSet set(GraphContext root) {
    return switch (this) {
      case PORTABLE -> new StockKernels();
      case BFLOAT16 -> new StockKernels.Narrow<>(TBfloat16.class);
      case FLOAT16 -> new StockKernels.Narrow<>(TFloat16.class);
      case PACKED -> new PackedKernels();
      case PACKED_BFLOAT16 -> new PackedBfloat16Kernels(false);
      case INT8 -> new Int8Kernels(root);
    };
  }

  /** The fastest ones for inference in the session's precision on the session's devices. */
  public static Kernels forSession(ConfigProto session) {
    if (mayUseGpu(session) || !packedAvailable()) {
      return stockFor(session);
    }
    return asksForBfloat16(session) ? PACKED_BFLOAT16 : PACKED;
  }

  /**
   * Those with gradients, in the session's precision on the session's devices.
   *
   * @throws IllegalArgumentException if gradients cannot be had in the precision
   */
  public static Kernels forTraining(ConfigProto session) {
    if (asksForFloat16(session)) {
      throw new IllegalArgumentException(
          "small gradients vanish in float16; train with --precision float32 or bfloat16");
    }
    return stockFor(session);
  }

  private static Kernels stockFor(ConfigProto session) {
    if (!mayUseGpu(session)) {
      return PORTABLE;
    }
    if (asksForFloat16(session)) {
      return FLOAT16;
    }
    return asksForBfloat16(session) ? BFLOAT16 : PORTABLE;
  }

  /** Whether TensorFlow may place operations on a GPU. */
  public static boolean mayUseGpu(ConfigProto session) {
    return session.getDeviceCountOrDefault("GPU", -1) != 0;
  }

  private static boolean asksForFloat16(ConfigProto session) {
    RewriterConfig rewriter = session.getGraphOptions().getRewriteOptions();
    return rewriter.getAutoMixedPrecision() == RewriterConfig.Toggle.ON;
  }

  private static boolean asksForBfloat16(ConfigProto session) {
    RewriterConfig rewriter = session.getGraphOptions().getRewriteOptions();
    return rewriter.getAutoMixedPrecisionOnednnBfloat16() == RewriterConfig.Toggle.ON;
  }

  /** Whether stock operations compute products in another type than float32. */
  public boolean narrow() {
    return this == BFLOAT16 || this == FLOAT16;
  }

  /**
   * The session for a graph of these kernels. Where all fused kernels are named, the graph
   * optimiser has nothing to find; it would look for a second or two before the first answer. Where
   * products are narrow already, it is not to narrow others.
   */
  public ConfigProto sessionFrom(ConfigProto session) {
    ConfigProto.Builder builder = session.toBuilder();
    RewriterConfig.Builder rewriter = builder.getGraphOptionsBuilder().getRewriteOptionsBuilder();
    if (this == PACKED || this == INT8) {
      rewriter.setDisableMetaOptimizer(true);
    }
    if (narrow()) {
      rewriter
          .setAutoMixedPrecision(RewriterConfig.Toggle.OFF)
          .setAutoMixedPrecisionOnednnBfloat16(RewriterConfig.Toggle.OFF);
    }
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
    TensorFlow.version(); // loads the library
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
