package org.blip4j.savedmodel.evaluate;

import com.google.common.collect.ImmutableList;
import com.google.common.primitives.ImmutableIntArray;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;
import org.blip4j.data.metric.RecallAtK;

/**
 * One direction of retrieval: queries of one kind, and the items of the other kind that were scored
 * for each. All other items count as scored equally low, behind every one that was.
 *
 * @param candidates {@code [queries][k]}, numbers of items, nearest by their features first
 * @param cosines {@code [queries][k]} of the same pairs
 * @param scores {@code [queries][k]} of the same pairs: logit of "match" plus cosine
 * @param right the items that belong to each query; a query without any is not asked
 * @param items how many items there are
 */
@SuppressWarnings("ArrayRecordComponent") // as large as they are; equality is not used
public record RankedSide(
    int[][] candidates,
    float[][] cosines,
    float[][] scores,
    ImmutableList<ImmutableIntArray> right,
    int items) {

  /**
   * A scored item.
   *
   * @param item its number
   * @param cosine of the features
   * @param score what it is ranked by
   */
  public record Scored(int item, float cosine, float score) {}

  /** The same ranking with other items right. */
  public RankedSide withRight(ImmutableList<ImmutableIntArray> other) {
    return new RankedSide(candidates, cosines, scores, other, items);
  }

  /** How many queries there are. */
  public int queries() {
    return candidates.length;
  }

  /**
   * The number of wrong items that are no worse than the best right one: 0 if it is the first. Ties
   * are behind, and so is a query none of whose items was a candidate (blip-spec 10.1).
   */
  public int rank(int query) {
    ImmutableIntArray own = right.get(query);
    float best = bestRight(query);
    if (best == Float.NEGATIVE_INFINITY) {
      return items - own.length();
    }
    int rank = 0;
    for (int i = 0; i < candidates[query].length; i++) {
      rank += scores[query][i] >= best && !own.contains(candidates[query][i]) ? 1 : 0;
    }
    return rank;
  }

  /** Whether an item that belongs to a query was a candidate. */
  public boolean reached(int query) {
    return bestRight(query) > Float.NEGATIVE_INFINITY;
  }

  /**
   * How much better the best right candidate is than the best wrong one; negative if a query is
   * answered wrongly, and infinite if there is no right or no wrong candidate.
   */
  public float margin(int query) {
    float wrong = Float.NEGATIVE_INFINITY;
    for (int i = 0; i < candidates[query].length; i++) {
      if (!right.get(query).contains(candidates[query][i])) {
        wrong = Math.max(wrong, scores[query][i]);
      }
    }
    return wrong == Float.NEGATIVE_INFINITY ? Float.POSITIVE_INFINITY : bestRight(query) - wrong;
  }

  private float bestRight(int query) {
    float best = Float.NEGATIVE_INFINITY;
    for (int i = 0; i < candidates[query].length; i++) {
      if (right.get(query).contains(candidates[query][i])) {
        best = Math.max(best, scores[query][i]);
      }
    }
    return best;
  }

  /** The queries that are asked. */
  public List<Integer> asked() {
    return IntStream.range(0, queries()).filter(q -> !right.get(q).isEmpty()).boxed().toList();
  }

  /** Recalls over the queries that are asked. */
  public RecallAtK recall() {
    return RecallAtK.ofRanks(asked().stream().mapToInt(this::rank).toArray());
  }

  /** The best items of a query, the best first; of equal ones the nearer. */
  public List<Scored> best(int query, int most) {
    List<Scored> all = new ArrayList<>();
    for (int i = 0; i < candidates[query].length; i++) {
      all.add(new Scored(candidates[query][i], cosines[query][i], scores[query][i]));
    }
    all.sort(Comparator.comparing(Scored::score, Comparator.reverseOrder()));
    return List.copyOf(all.subList(0, Math.min(most, all.size())));
  }

  /** All scores of a query by item, {@code none} for those that were no candidates. */
  public float[] row(int query, float none) {
    float[] row = new float[items];
    Arrays.fill(row, none);
    for (int i = 0; i < candidates[query].length; i++) {
      row[candidates[query][i]] = scores[query][i];
    }
    return row;
  }
}
