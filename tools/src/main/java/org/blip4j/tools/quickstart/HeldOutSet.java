package org.blip4j.tools.quickstart;

import com.google.common.collect.ImmutableList;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;
import org.blip4j.data.metric.CaptionMetrics;
import org.blip4j.data.metric.RecallAtK;
import org.blip4j.tools.scenes.SceneTruth;

/**
 * The held-out pictures and what a model's answers on them are worth.
 *
 * <p>Captions are measured on all pictures. Retrieval takes the first pictures of different
 * descriptions only: of two with the same one, neither would be wrong.
 *
 * @param pictures all held-out pictures
 * @param distinct those that retrieval is measured on
 */
public record HeldOutSet(ImmutableList<SceneTruth> pictures, ImmutableList<SceneTruth> distinct) {
  /** Most pictures that retrieval is measured on. */
  public static final int RETRIEVAL_SIZE = 300;

  /** Takes the held-out pictures in the order of their records. */
  public static HeldOutSet of(List<SceneTruth> pictures) {
    Set<String> descriptions = new HashSet<>();
    return new HeldOutSet(
        ImmutableList.copyOf(pictures),
        pictures.stream()
            .filter(picture -> descriptions.add(picture.description()))
            .limit(RETRIEVAL_SIZE)
            .collect(ImmutableList.toImmutableList()));
  }

  /**
   * Measures a model.
   *
   * @param captions one generated caption for each of {@link #pictures}
   * @param similarities [image][text] over {@link #distinct}, higher means closer
   */
  public ModelFigures measure(List<String> captions, float[][] similarities) {
    if (captions.size() != pictures.size() || similarities.length != distinct.size()) {
      throw new IllegalArgumentException(
          "%d captions and %d rows of similarities do not fit %d pictures, of which %d distinct"
              .formatted(captions.size(), similarities.length, pictures.size(), distinct.size()));
    }
    long right = 0;
    List<CaptionMetrics.CaptionItem> items = new ArrayList<>();
    for (int i = 0; i < captions.size(); i++) {
      right += pictures.get(i).isFullyRight(captions.get(i)) ? 1 : 0;
      items.add(CaptionMetrics.CaptionItem.of(captions.get(i), pictures.get(i).references()));
    }
    return new ModelFigures(
        right / (double) captions.size(),
        CaptionMetrics.CiderScore.of(items).mean(),
        recallAt1(similarities),
        recallAt1(transpose(similarities)));
  }

  private double recallAt1(float[][] scores) {
    List<int[]> own = IntStream.range(0, scores.length).mapToObj(i -> new int[] {i}).toList();
    return RecallAtK.of(scores, own).share(1);
  }

  private float[][] transpose(float[][] scores) {
    int size = distinct.size();
    float[][] transposed = new float[size][size];
    for (int row = 0; row < size; row++) {
      if (scores[row].length != size) {
        throw new IllegalArgumentException(
            "row " + row + " has " + scores[row].length + " similarities for " + size + " texts");
      }
      for (int column = 0; column < size; column++) {
        transposed[column][row] = scores[row][column];
      }
    }
    return transposed;
  }
}
