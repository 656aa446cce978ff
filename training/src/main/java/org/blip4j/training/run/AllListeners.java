package org.blip4j.training.run;

import java.io.IOException;
import java.util.List;
import org.blip4j.training.event.RunStart;
import org.blip4j.training.event.StepReport;
import org.blip4j.training.event.TrainingListener;

/** Tells several listeners, in order. */
record AllListeners(List<TrainingListener> listeners) implements TrainingListener {

  @Override
  public void started(RunStart start) throws IOException {
    for (TrainingListener listener : listeners) {
      listener.started(start);
    }
  }

  @Override
  public void logged(StepReport report) throws IOException {
    for (TrainingListener listener : listeners) {
      listener.logged(report);
    }
  }

  @Override
  public void note(String line) {
    listeners.forEach(listener -> listener.note(line));
  }

  @Override
  public void finished() throws IOException {
    for (TrainingListener listener : listeners) {
      listener.finished();
    }
  }
}
