package org.blip4j.savedmodel.predict;

import com.google.common.collect.Lists;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.WeakHashMap;
import java.util.function.Function;
import org.blip4j.savedmodel.signature.ServingSettings;
import org.blip4j.savedmodel.signature.ServingSignature;

/**
 * Calls of many threads whose rows are computed together: those of one signature with settings that
 * are the same to it. The batchings that were used last are kept; another one ends when its rows
 * are computed.
 */
final class BatchedCalls implements AutoCloseable {
  /** A row of a call. */
  private record Row(
      CallInputs inputs, int row, Function<SignatureRunner.Outputs, ? extends List<?>> read) {}

  /** What rows have in common that are computed together. */
  private record Kind(ServingSignature signature, ServingSettings settings) {}

  private static final int MOST =
      ServingSignature.values().length + OpenedModel.MOST_SETTINGS; // each under its own settings

  private final OpenedModel model;
  private final DynamicBatching.Settings bounds;
  private final Map<Kind, DynamicBatching<Row, Object>> batchings =
      new LinkedHashMap<>(16, 0.75f, true);

  /** Also those that are not kept; what has rows is held by its threads. */
  private final Set<DynamicBatching<Row, Object>> alive =
      Collections.newSetFromMap(new WeakHashMap<>());

  private boolean closed;

  BatchedCalls(OpenedModel model, DynamicBatching.Settings bounds) {
    this.model = model;
    this.bounds = bounds;
  }

  /** The rows of a call, computed beside those of others. */
  <R> List<R> run(
      ServingSignature signature,
      ServingSettings settings,
      CallInputs inputs,
      CallControl control,
      Function<SignatureRunner.Outputs, List<R>> read) {
    List<Row> rows = new ArrayList<>();
    for (int row = 0; row < inputs.rows(); row++) {
      rows.add(new Row(inputs, row, read));
    }
    Kind kind = new Kind(signature, model.heeded(signature, settings));
    CallControl.Watch watch = control.begin(signature.key(), rows.size());
    List<Object> results = new ArrayList<>();
    for (List<Row> some : Lists.partition(rows, bounds.maxRows())) {
      results.addAll(
          watch.await(
              limit -> batching(kind).submit(Thread.currentThread(), some, limit), results.size()));
    }
    @SuppressWarnings("unchecked") // each row was read by the function of its own call
    List<R> own = (List<R>) results;
    return own;
  }

  private DynamicBatching<Row, Object> batching(Kind kind) {
    synchronized (batchings) {
      if (closed) {
        throw new IllegalStateException("this predictor was closed; open the model again");
      }
      DynamicBatching<Row, Object> batching = batchings.computeIfAbsent(kind, this::start);
      if (batchings.size() > MOST) {
        batchings.remove(batchings.keySet().iterator().next());
      }
      return batching;
    }
  }

  private DynamicBatching<Row, Object> start(Kind kind) {
    DynamicBatching<Row, Object> batching =
        DynamicBatching.start(bounds, rows -> compute(kind, rows));
    alive.add(batching);
    return batching;
  }

  /** Calls of one signature are read alike. */
  private List<Object> compute(Kind kind, List<Row> rows) {
    CallInputs joined =
        CallInputs.join(
            rows.stream().map(Row::inputs).toList(), rows.stream().mapToInt(Row::row).toArray());
    return model.run(
        kind.signature(),
        kind.settings(),
        joined,
        CallControl.NONE,
        outputs -> new ArrayList<Object>(rows.get(0).read().apply(outputs)));
  }

  /** How many batchings are kept. */
  int kept() {
    synchronized (batchings) {
      return batchings.size();
    }
  }

  @Override
  public void close() {
    List<DynamicBatching<Row, Object>> all;
    synchronized (batchings) {
      closed = true;
      all = List.copyOf(alive);
    }
    all.forEach(DynamicBatching::close);
  }
}
