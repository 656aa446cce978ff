package org.blip4j.tools.bootstrap;

import java.io.IOException;
import org.blip4j.tools.capfilt.CapFiltListener;
import org.blip4j.training.event.TrainingListener;

/** Hears how the stages go on. */
public interface StageListener {
  /** A stage begins, or goes on. */
  void begins(String stage);

  /** A stage is finished, now or before. */
  void finished(StageReport report) throws IOException;

  /** Hears of the steps of a training stage. */
  TrainingListener training();

  /** Hears of the shards of a CapFilt stage. */
  CapFiltListener capfilt(int shards);
}
