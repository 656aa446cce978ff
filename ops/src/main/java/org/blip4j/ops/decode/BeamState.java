package org.blip4j.ops.decode;

import java.util.ArrayList;
import java.util.List;
import org.blip4j.ops.attention.KeysValues;
import org.tensorflow.Operand;
import org.tensorflow.types.TBool;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TInt32;
import org.tensorflow.types.TInt64;

/**
 * Where beam search stands between two steps.
 *
 * @param length ids of every open hypothesis, a scalar
 * @param ids {@code [B, K, L]}
 * @param scores {@code [B, K]}, sums of log-probabilities
 * @param done {@code [B]}, texts whose result can no longer change
 * @param finished the best finished hypotheses so far
 * @param cache of the open hypotheses, {@code B*K} rows; the newest token is not in it
 */
record BeamState(
    Operand<TInt32> length,
    Operand<TInt64> ids,
    Operand<TFloat32> scores,
    Operand<TBool> done,
    Hypotheses finished,
    List<KeysValues> cache) {

  @SuppressWarnings("unchecked") // the loop keeps the types of its variables
  static BeamState of(List<Operand<?>> flat) {
    return new BeamState(
        (Operand<TInt32>) flat.get(0),
        (Operand<TInt64>) flat.get(1),
        (Operand<TFloat32>) flat.get(2),
        (Operand<TBool>) flat.get(3),
        new Hypotheses(
            (Operand<TInt64>) flat.get(4),
            (Operand<TInt32>) flat.get(5),
            (Operand<TFloat32>) flat.get(6),
            (Operand<TFloat32>) flat.get(7)),
        StepCache.read(flat.subList(8, flat.size())));
  }

  List<Operand<?>> flatten() {
    List<Operand<?>> flat =
        new ArrayList<>(
            List.of(
                length,
                ids,
                scores,
                done,
                finished.ids(),
                finished.lengths(),
                finished.scores(),
                finished.logProbs()));
    flat.addAll(StepCache.flatten(cache));
    return flat;
  }

  BeamState withCache(List<KeysValues> other) {
    return new BeamState(length, ids, scores, done, finished, other);
  }
}
