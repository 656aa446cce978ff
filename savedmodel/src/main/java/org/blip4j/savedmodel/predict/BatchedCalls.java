package org.blip4j.savedmodel.predict;

import com.google.common.collect.Lists;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.blip4j.savedmodel.signature.ServingSettings;
import org.blip4j.savedmodel.signature.ServingSignature;

/** Calls of many threads whose rows are computed together, a batching for each signature. */
final class BatchedCalls implements AutoCloseable {
  /** A row of a call. */
  private record Row(
      CallInputs inputs, int row, Function<SignatureRunner.Outputs, ? extends List<?>> read) {}

  private final OpenedModel model;
  private final ServingSettings settings;
  private final DynamicBatching.Settings bounds;
  private final Map<ServingSignature, DynamicBatching<Row, Object>> batchings =
      new EnumMap<>(ServingSignature.class);
  private boolean closed;

  BatchedCalls(OpenedModel model, ServingSettings settings, DynamicBatching.Settings bounds) {
    this.model = model;
    this.settings = settings;
    this.bounds = bounds;
  }

  /** The rows of a call, computed beside those of others. */
  <R> List<R> run(
      ServingSignature signature,
      CallInputs inputs,
      CallControl control,
      Function<SignatureRunner.Outputs, List<R>> read) {
    List<Row> rows = new ArrayList<>();
    for (int row = 0; row < inputs.rows(); row++) {
      rows.add(new Row(inputs, row, read));
    }
    CallControl.Watch watch = control.begin(signature.key(), rows.size());
    List<Object> results = new ArrayList<>();
    for (List<Row> some : Lists.partition(rows, bounds.maxRows())) {
      results.addAll(
          watch.await(
              limit -> batching(signature).submit(Thread.currentThread(), some, limit),
              results.size()));
    }
    @SuppressWarnings("unchecked") // each row was read by the function of its own call
    List<R> own = (List<R>) results;
    return own;
  }

  private DynamicBatching<Row, Object> batching(ServingSignature signature) {
    synchronized (batchings) {
      if (closed) {
        throw new IllegalStateException("this predictor was closed; open the model again");
      }
      return batchings.computeIfAbsent(
          signature, key -> DynamicBatching.start(bounds, rows -> compute(signature, rows)));
    }
  }

  /** Calls of one signature are read alike. */
  private List<Object> compute(ServingSignature signature, List<Row> rows) {
    CallInputs joined =
        CallInputs.join(
            rows.stream().map(Row::inputs).toList(), rows.stream().mapToInt(Row::row).toArray());
    return model.run(
        signature,
        settings,
        joined,
        CallControl.NONE,
        outputs -> new ArrayList<Object>(rows.get(0).read().apply(outputs)));
  }

  @Override
  public void close() {
    List<DynamicBatching<Row, Object>> all;
    synchronized (batchings) {
      closed = true;
      all = List.copyOf(batchings.values());
    }
    all.forEach(DynamicBatching::close);
  }
}
