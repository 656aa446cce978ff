package org.blip4j.graph.weights;

import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableMap;
import com.google.common.util.concurrent.Uninterruptibles;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.blip4j.data.stream.InOrder;
import org.blip4j.data.weights.TensorBundleWriter;
import org.blip4j.data.weights.WeightFile;
import org.blip4j.data.weights.WeightFileException;

/**
 * Brings the tensors of a weight file into the variables of a model.
 *
 * <p>{@link #plan} compares names and shapes first, so that everything that does not fit is known
 * before a number is read. Then values are written as a checkpoint, or handed out one variable at a
 * time, in our layout:
 *
 * <pre>{@code
 * try (WeightFile file = WeightFile.open(path)) {
 *   WeightNames names = WeightImporter.names(file, task == Task.PRETRAIN);
 *   WeightImporter importer = WeightImporter.plan(file, names, variables);
 *   importer.writeCheckpoint(new ModelFolder(folder).variables());
 * }
 * }</pre>
 *
 * <p>Position embeddings of another image size are interpolated and tied duplicates must be equal.
 * Where the request allows it, a momentum copy or one of the two cross-attentions of the two-image
 * model takes the original's tensor if the file has none of its own; {@link #report} says so.
 */
public final class WeightImporter implements VariableValues {
  private final ImportReport report;
  private final ImmutableMap<String, PlannedTensor> planned;

  private WeightImporter(ImportReport report, ImmutableMap<String, PlannedTensor> planned) {
    this.report = report;
    this.planned = planned;
  }

  /**
   * The table of names for a file.
   *
   * @param sharedDecoder whether the model to fill shares encoder and decoder (pre-training)
   * @throws WeightFileException if the file holds another kind of model; says which
   */
  public static WeightNames names(WeightFile file, boolean sharedDecoder)
      throws WeightFileException {
    try {
      return WeightNames.of(PublishedForm.of(file.tensors().keySet()), sharedDecoder);
    } catch (IllegalArgumentException e) {
      throw new WeightFileException(file.path(), e.getMessage());
    }
  }

  /**
   * Compares a file with what a model wants, without failing.
   *
   * @return the report, complete or with problems
   */
  public static ImportReport compare(
      WeightFile file, WeightNames names, List<VariableValues.Wanted> variables) {
    return new ImportPlanner(file, names, ImportPlanner.Request.strict(variables)).report();
  }

  /**
   * Plans the import.
   *
   * @param variables every variable of the model, in the order in which they are to be handed out
   * @throws ImportReport.Refusal if a variable is missing or mis-shaped, or a tensor is unknown;
   *     all are listed
   */
  public static WeightImporter plan(
      WeightFile file, WeightNames names, List<VariableValues.Wanted> variables)
      throws ImportReport.Refusal {
    return plan(file, names, ImportPlanner.Request.strict(variables));
  }

  static WeightImporter plan(WeightFile file, WeightNames names, ImportPlanner.Request request)
      throws ImportReport.Refusal {
    ImportPlanner planner = new ImportPlanner(file, names, request);
    ImportReport report = planner.report();
    if (!report.complete()) {
      throw new ImportReport.Refusal(report);
    }
    return new WeightImporter(report, planner.planned());
  }

  /** What is read, derived, left over, skipped and left fresh. */
  public ImportReport report() {
    return report;
  }

  @Override
  public ImmutableList<VariableValues.Wanted> variables() {
    return planned.values().stream()
        .map(PlannedTensor::variable)
        .collect(ImmutableList.toImmutableList());
  }

  /**
   * Hands all values to {@code sink}, in the order of the request; fresh variables are left out.
   *
   * @throws WeightFileException if tied tensors differ
   */
  public void copyTo(Sink sink) throws IOException {
    for (PlannedTensor tensor : planned.values()) {
      if (tensor.isInteger()) {
        sink.longs(tensor.variable(), tensor.longs());
      } else {
        sink.floats(tensor.variable(), tensor.floats());
      }
    }
  }

  /** Does something with one variable. */
  @FunctionalInterface
  public interface VariableAction {
    /** Does it; may run beside others. */
    void accept(VariableValues.Wanted variable) throws IOException;
  }

  /**
   * Runs an action for every variable that has a value, as many at once as there are processors,
   * the largest first. None is running any more when this returns or throws, not even after an
   * interrupt, so that the caller may free what they write to.
   *
   * @throws IOException what the first action that failed has thrown
   */
  public void parallel(VariableAction action) throws IOException {
    List<VariableValues.Wanted> largestFirst = new ArrayList<>(variables());
    largestFirst.sort(Comparator.comparingLong(variable -> -variable.shape().size()));
    ExecutorService workers =
        Executors.newFixedThreadPool(Runtime.getRuntime().availableProcessors());
    try {
      List<Future<Void>> running = new ArrayList<>();
      for (VariableValues.Wanted variable : largestFirst) {
        running.add(
            workers.submit(
                () -> {
                  action.accept(variable);
                  return null;
                }));
      }
      for (Future<Void> one : running) {
        InOrder.resultOf(one);
      }
    } finally {
      workers.shutdownNow();
      // Also when this thread is interrupted: the memory that they write to is the caller's.
      Uninterruptibles.awaitTerminationUninterruptibly(workers);
    }
  }

  /**
   * Reads the value of a float variable into memory of its size, in our layout, without a copy in
   * between where the file has it so.
   */
  public void read(String variable, ByteBuffer target) throws IOException {
    tensor(variable).read(target);
  }

  /**
   * Writes all values as a TensorFlow checkpoint that any graph with these variables restores; no
   * graph is needed for it.
   *
   * @param prefix path without {@code .index}
   * @throws IllegalStateException if variables stay fresh: they have no value to write
   * @throws WeightFileException if tied tensors differ; then nothing is written
   */
  public void writeCheckpoint(Path prefix) throws IOException {
    if (!report.fresh().isEmpty()) {
      throw new IllegalStateException(
          "a checkpoint needs all values, but these stay as initialised: " + report.fresh());
    }
    try (TensorBundleWriter writer = TensorBundleWriter.create(prefix)) {
      copyTo(
          new Sink() {
            @Override
            public void floats(VariableValues.Wanted variable, float[] values) throws IOException {
              writer.add(variable.name(), variable.shape(), values);
            }

            @Override
            public void longs(VariableValues.Wanted variable, long[] values) throws IOException {
              writer.add(variable.name(), variable.shape(), values);
            }
          });
      writer.finish();
    }
  }

  /**
   * The value of one float variable; of a table that has more rows than the file, the first ones,
   * as the report says.
   *
   * @throws IllegalArgumentException if it gets none from this file
   */
  @Override
  public float[] floats(String variable) throws IOException {
    return tensor(variable).floats();
  }

  /**
   * The value of one integer variable.
   *
   * @throws IllegalArgumentException if it gets none from this file
   */
  @Override
  public long[] longs(String variable) throws IOException {
    return tensor(variable).longs();
  }

  private PlannedTensor tensor(String variable) {
    PlannedTensor tensor = planned.get(variable);
    if (tensor == null) {
      throw new IllegalArgumentException(report.source() + " gives no value to " + variable);
    }
    return tensor;
  }
}
