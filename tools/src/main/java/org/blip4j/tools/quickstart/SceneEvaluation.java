package org.blip4j.tools.quickstart;

import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableMap;
import com.google.common.collect.Lists;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.IntStream;
import org.blip4j.data.metric.CaptionMetrics;
import org.blip4j.data.metric.RecallAtK;
import org.blip4j.savedmodel.open.ModelSource;
import org.blip4j.savedmodel.predict.Caption;
import org.blip4j.savedmodel.predict.EmbeddingVector;
import org.blip4j.savedmodel.predict.Predictor;
import org.blip4j.savedmodel.predict.PredictorOptions;
import org.blip4j.tools.scenes.SceneData;
import org.blip4j.tools.scenes.SceneTruth;

/**
 * Measures models on the held-out pictures as they are, without fine-tuning: greedy captions, and
 * retrieval by the contrastive features alone.
 */
final class SceneEvaluation {
  static final int BATCH = 100;

  private final HeldOut heldOut;
  private final ImmutableMap<String, byte[]> pictures;
  private final PredictorOptions options;

  private SceneEvaluation(
      HeldOut heldOut, ImmutableMap<String, byte[]> pictures, PredictorOptions options) {
    this.heldOut = heldOut;
    this.pictures = pictures;
    this.options = options;
  }

  static SceneEvaluation of(SceneData data, PredictorOptions inference) throws IOException {
    ImmutableMap<String, byte[]> pictures = SceneData.Pictures.read(data, SceneData.Split.HELD_OUT);
    ImmutableMap<String, SceneTruth> truth = data.truth();
    List<SceneTruth> truths = pictures.keySet().stream().map(truth::get).toList();
    return new SceneEvaluation(HeldOut.of(truths), pictures, options(inference));
  }

  /** Greedy captions, with the batch in which they are asked for. */
  static PredictorOptions options(PredictorOptions inference) {
    return inference.withSettings(
        own -> own.withSearch(own.search().withBeams(1)).withExpectedBatch(BATCH));
  }

  HeldOut heldOut() {
    return heldOut;
  }

  ImmutableMap<String, byte[]> pictures() {
    return pictures;
  }

  ModelAnswers answers(ModelSource source) throws IOException {
    try (Predictor model = Predictor.open(source, options)) {
      List<String> captions = captions(model);
      return new ModelAnswers(heldOut.measure(captions, similarities(model)), captions);
    }
  }

  /** One caption for each held-out picture. */
  ImmutableList<String> captions(Predictor model) throws IOException {
    ImmutableList.Builder<String> captions = ImmutableList.builder();
    for (Caption caption : inBatches(pictures.values(), some -> model.caption(some))) {
      requireRead(caption.status());
      captions.add(caption.text());
    }
    return captions.build();
  }

  private float[][] similarities(Predictor model) throws IOException {
    List<byte[]> images =
        heldOut.distinct().stream().map(truth -> pictures.get(truth.key())).toList();
    List<String> texts = heldOut.distinct().stream().map(SceneTruth::text).toList();
    List<EmbeddingVector> imageFeatures = inBatches(images, model::embedImages);
    for (EmbeddingVector feature : imageFeatures) {
      requireRead(feature.status());
    }
    return EmbeddingVector.similarities(imageFeatures, inBatches(texts, model::embedTexts));
  }

  private static void requireRead(String status) throws IOException {
    if (!status.isEmpty()) {
      throw new IOException(
          "a held-out picture cannot be read: " + status + "; make the data anew");
    }
  }

  private static <T, R> List<R> inBatches(Collection<T> items, Function<List<T>, List<R>> model) {
    List<R> all = new ArrayList<>();
    for (List<T> batch : Lists.partition(ImmutableList.copyOf(items), BATCH)) {
      all.addAll(model.apply(batch));
    }
    return all;
  }

  /**
   * The held-out pictures and what a model's answers on them are worth.
   *
   * <p>Captions are measured on all pictures. Retrieval takes the first pictures of different
   * descriptions only: of two with the same one, neither would be wrong.
   *
   * @param pictures all held-out pictures
   * @param distinct those that retrieval is measured on
   */
  public record HeldOut(ImmutableList<SceneTruth> pictures, ImmutableList<SceneTruth> distinct) {
    /** Most pictures that retrieval is measured on. */
    public static final int RETRIEVAL_SIZE = 300;

    /** Takes the held-out pictures in the order of their records. */
    public static HeldOut of(List<SceneTruth> pictures) {
      Set<String> descriptions = new HashSet<>();
      return new HeldOut(
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
    public ModelAnswers.Figures measure(List<String> captions, float[][] similarities) {
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
      return new ModelAnswers.Figures(
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
}
