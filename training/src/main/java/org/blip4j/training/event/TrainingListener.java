package org.blip4j.training.event;

import java.io.IOException;

/** Is told how a run goes on. Called by the training thread, but {@link #note} by any. */
public interface TrainingListener {

  /** Before the first step. */
  default void started(RunStart start) throws IOException {}

  /** At each logged step. */
  void logged(StepReport report) throws IOException;

  /** Something worth a line: a damaged image left out, a warning. */
  default void note(String line) {}

  /** After the last step, also if the run was interrupted. */
  default void finished() throws IOException {}
}
