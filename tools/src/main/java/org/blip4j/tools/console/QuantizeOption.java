package org.blip4j.tools.console;

import org.blip4j.ops.kernel.Kernels;
import org.tensorflow.proto.ConfigProto;
import picocli.CommandLine.Option;

/** {@code --quantize}, for commands that run a model and do not write it. */
public final class QuantizeOption {

  /** Numbers that kernels may be reduced to. */
  public enum Kind {
    /** As they are. */
    none,
    /** Eight bits with a scale for each output channel. */
    int8
  }

  @Option(
      names = "--quantize",
      paramLabel = "KIND",
      description = {
        "${COMPLETION-CANDIDATES} (none). int8 computes the layers in eight bits: two to three"
            + " times as fast, other words in some captions, and a row depends a little on its"
            + " batch."
      })
  private Kind kind = Kind.none;

  /**
   * The kernels for a session.
   *
   * @throws IllegalArgumentException if eight bits are asked for and cannot be had
   */
  public Kernels kernels(ConfigProto session) {
    if (kind == Kind.none) {
      return Kernels.forSession(session);
    }
    if (Kernels.mayUseGpu(session) || !Kernels.packedAvailable()) {
      throw new IllegalArgumentException(
          "--quantize int8 needs an x86-64 processor with oneDNN (TF_ENABLE_ONEDNN_OPTS not 0) and"
              + " --device cpu; leave it away here");
    }
    return Kernels.INT8;
  }
}
