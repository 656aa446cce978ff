package org.blip4j.training.run;

import java.io.Closeable;
import java.io.IOException;

/** The endless stream of a run's batches from some place on. */
public interface BatchSource extends Closeable {

  /**
   * The next batch.
   *
   * @throws IOException if there is none
   */
  TrainingBatch next() throws IOException;
}
