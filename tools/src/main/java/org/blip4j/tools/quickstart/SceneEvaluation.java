package org.blip4j.tools.quickstart;

import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableMap;
import com.google.common.collect.Lists;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.function.Function;
import org.blip4j.savedmodel.open.ModelSource;
import org.blip4j.savedmodel.predict.Caption;
import org.blip4j.savedmodel.predict.EmbeddingVector;
import org.blip4j.savedmodel.predict.Predictor;
import org.blip4j.savedmodel.predict.PredictorOptions;
import org.blip4j.tools.scenes.SceneData;
import org.blip4j.tools.scenes.SceneTruth;
import org.tensorflow.proto.ConfigProto;

/**
 * Measures models on the held-out pictures as they are, without fine-tuning: greedy captions, and
 * retrieval by the contrastive features alone.
 */
final class SceneEvaluation {
  static final int BATCH = 100;

  private final HeldOutSet heldOut;
  private final ImmutableMap<String, byte[]> pictures;
  private final ConfigProto session;

  private SceneEvaluation(
      HeldOutSet heldOut, ImmutableMap<String, byte[]> pictures, ConfigProto session) {
    this.heldOut = heldOut;
    this.pictures = pictures;
    this.session = session;
  }

  static SceneEvaluation of(SceneData data, ConfigProto session) throws IOException {
    ImmutableMap<String, byte[]> pictures = SceneData.Pictures.read(data, SceneData.Split.HELD_OUT);
    ImmutableMap<String, SceneTruth> truth = data.truth();
    List<SceneTruth> truths = pictures.keySet().stream().map(truth::get).toList();
    return new SceneEvaluation(HeldOutSet.of(truths), pictures, session);
  }

  /** Greedy captions, with the batch in which they are asked for. */
  static PredictorOptions options(ConfigProto session) {
    return PredictorOptions.defaults()
        .withSession(session)
        .withSettings(own -> own.withSearch(own.search().withBeams(1)).withExpectedBatch(BATCH));
  }

  HeldOutSet heldOut() {
    return heldOut;
  }

  ImmutableMap<String, byte[]> pictures() {
    return pictures;
  }

  ModelAnswers answers(ModelSource source) throws IOException {
    try (Predictor model = Predictor.open(source, options(session))) {
      List<String> captions = captions(model);
      return new ModelAnswers(heldOut.measure(captions, similarities(model)), captions);
    }
  }

  /** One caption for each held-out picture. */
  ImmutableList<String> captions(Predictor model) throws IOException {
    ImmutableList.Builder<String> captions = ImmutableList.builder();
    for (Caption caption : inBatches(pictures.values(), model::caption)) {
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
    List<EmbeddingVector> textFeatures = inBatches(texts, model::embedTexts);
    float[][] similarities = new float[images.size()][];
    for (int image = 0; image < images.size(); image++) {
      requireRead(imageFeatures.get(image).status());
      float[] feature = imageFeatures.get(image).values();
      similarities[image] = new float[texts.size()];
      for (int text = 0; text < texts.size(); text++) {
        similarities[image][text] = dot(feature, textFeatures.get(text).values());
      }
    }
    return similarities;
  }

  private static void requireRead(String status) throws IOException {
    if (!status.isEmpty()) {
      throw new IOException(
          "a held-out picture cannot be read: " + status + "; make the data anew");
    }
  }

  private static float dot(float[] one, float[] two) {
    float sum = 0;
    for (int i = 0; i < one.length; i++) {
      sum += one[i] * two[i];
    }
    return sum;
  }

  private static <T, R> List<R> inBatches(Collection<T> items, Function<List<T>, List<R>> model) {
    List<R> all = new ArrayList<>();
    for (List<T> batch : Lists.partition(ImmutableList.copyOf(items), BATCH)) {
      all.addAll(model.apply(batch));
    }
    return all;
  }
}
