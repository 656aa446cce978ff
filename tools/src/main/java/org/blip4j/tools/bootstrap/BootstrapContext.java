package org.blip4j.tools.bootstrap;

import java.io.IOException;
import java.util.Objects;
import org.blip4j.ops.kernel.Kernels;
import org.blip4j.tools.console.ProgramVersion;
import org.tensorflow.proto.ConfigProto;

/**
 * On what and for whom the stages run.
 *
 * @param session threads and devices
 * @param version of the program, for provenance
 * @param commit of the program, for provenance
 * @param listener hears of the stages
 */
public record BootstrapContext(
    ConfigProto session, String version, String commit, StageListener listener) {
  /** Refuses missing parts, and a session that nothing can be trained in. */
  public BootstrapContext {
    Objects.requireNonNull(session, "session");
    Kernels.forTraining(session);
    Objects.requireNonNull(version, "version");
    Objects.requireNonNull(commit, "commit");
    Objects.requireNonNull(listener, "listener");
  }

  /** On a session, for a listener. */
  public static BootstrapContext of(ConfigProto session, StageListener listener)
      throws IOException {
    ProgramVersion program = ProgramVersion.read();
    return new BootstrapContext(session, program.version(), program.commit(), listener);
  }
}
