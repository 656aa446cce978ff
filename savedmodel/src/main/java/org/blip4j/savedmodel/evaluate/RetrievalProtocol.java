package org.blip4j.savedmodel.evaluate;

import com.google.common.collect.ImmutableMap;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Optional;
import java.util.stream.IntStream;
import org.blip4j.data.metric.RecallAtK;
import org.blip4j.savedmodel.predict.StagedModel;
import org.tensorflow.Result;

/**
 * Retrieval both ways (blip-spec 7.1): every image and text by its feature, then the nearest by
 * matching, whose score is the logit of "match" plus the cosine.
 *
 * <p>Of a gallery as large as COCO's only features, candidates and their scores are held: 5,000
 * images and 25,000 texts with 256 candidates need about 400 MB. States of images are never kept,
 * since those of one fill several megabytes; an image is decoded and encoded twice, once for its
 * feature and once for its matches, which costs one encoding against hundreds of matches.
 *
 * @param model has features and matches
 * @param gallery what is retrieved
 * @param candidates how many of the other kind are matched with each image and each text
 * @param work a folder that keeps what was computed, for another start to go on with; the caller
 *     makes sure that it belongs to this model and gallery
 * @param watch is told how far it is
 */
public record RetrievalProtocol(
    StagedModel model, Gallery gallery, int candidates, Optional<Path> work, Watch watch) {
  /** Texts encoded at once for their features. */
  private static final int ENCODED_AT_ONCE = 32;

  /** Checks the number of candidates. */
  public RetrievalProtocol {
    if (candidates < 1) {
      throw new IllegalArgumentException(
          "candidates are %d; retrieval needs at least 1, 256 as published".formatted(candidates));
    }
  }

  /** What is counted while the protocol goes on. */
  public enum Stage {
    IMAGES,
    TEXTS,
    PAIRS
  }

  /** Is told how many of a stage are done, of how many, and how many of these by an earlier run. */
  public interface Watch {
    void at(Stage stage, long done, long total, long before) throws IOException;
  }

  /**
   * What was found.
   *
   * @param imageFeatures {@code [images][E]} of length 1
   * @param textFeatures {@code [texts][E]} of length 1
   * @param texts of each image, in rising order: those that were matched with it
   * @param logits the logits of "no match" and "match" of each image's texts
   * @param toText texts ranked for each image
   * @param toImage images ranked for each text
   */
  @SuppressWarnings("ArrayRecordComponent") // as large as they are; equality is not used
  public record Found(
      float[][] imageFeatures,
      float[][] textFeatures,
      int[][] texts,
      float[][][] logits,
      RankedSide toText,
      RankedSide toImage) {
    /** Recalls as the published evaluation names them, in percent, {@code r_mean} last. */
    public ImmutableMap<String, Double> recalls() {
      RecallAtK text = toText.recall();
      RecallAtK image = toImage.recall();
      return ImmutableMap.<String, Double>builder()
          .putAll(recalls("txt", text))
          .putAll(recalls("img", image))
          .put("r_mean", (text.meanPercent() + image.meanPercent()) / 2)
          .buildOrThrow();
    }

    /** Recalls of one direction, and their mean, in percent. */
    static ImmutableMap<String, Double> recalls(String found, RecallAtK recall) {
      return ImmutableMap.of(
          found + "_r1", recall.percent(1),
          found + "_r5", recall.percent(5),
          found + "_r10", recall.percent(10),
          found + "_r_mean", recall.meanPercent());
    }
  }

  /** Computes everything. */
  public Found measure() throws IOException {
    float[][] images = imageFeatures();
    float[][] texts = textFeatures();
    NearestItems ofImages = NearestItems.of(images, texts, candidates);
    NearestItems ofTexts = NearestItems.of(texts, images, candidates);
    PairMatching matching = PairMatching.of(model, gallery, ofImages.items(), ofTexts.items());
    int[][] matched = matching.texts();
    float[][][] logits;
    try (FinishedRows rows = kept("logits.bin")) {
      logits = matching.run(rows, watch);
    }
    float[][] byImage = new float[images.length][];
    for (int image = 0; image < byImage.length; image++) {
      byImage[image] = ofImages.cosines()[image].clone();
      for (int i = 0; i < byImage[image].length; i++) {
        byImage[image][i] += logit(matched, logits, image, ofImages.items()[image][i]);
      }
    }
    float[][] byText = new float[texts.length][];
    for (int text = 0; text < byText.length; text++) {
      byText[text] = ofTexts.cosines()[text].clone();
      for (int i = 0; i < byText[text].length; i++) {
        byText[text][i] += logit(matched, logits, ofTexts.items()[text][i], text);
      }
    }
    return new Found(
        images,
        texts,
        matched,
        logits,
        new RankedSide(
            ofImages.items(), ofImages.cosines(), byImage, gallery.textsOfImage(), texts.length),
        new RankedSide(
            ofTexts.items(), ofTexts.cosines(), byText, gallery.imagesOfText(), images.length));
  }

  private static float logit(int[][] matched, float[][][] logits, int image, int text) {
    return logits[image][Arrays.binarySearch(matched[image], text)][1];
  }

  private FinishedRows kept(String name) throws IOException {
    return FinishedRows.open(work.map(folder -> folder.resolve(name)));
  }

  private float[][] imageFeatures() throws IOException {
    float[][] features = new float[gallery.size()][];
    try (FinishedRows rows = kept("features.bin")) {
      int done = 0;
      while (done < features.length && rows.of(done).isPresent()) {
        features[done] = rows.of(done++).get().values();
      }
      int before = done;
      watch.at(Stage.IMAGES, done, features.length, before);
      if (done < features.length) {
        gallery
            .images()
            .from(
                done,
                (first, pixels) -> {
                  try (Result states = model.encode(pixels)) {
                    float[][] some = gallery.means(model.projectImages(states.get(0)));
                    for (int i = 0; i < some.length; i++) {
                      features[first + i] = unit(some[i]);
                      rows.add(new FinishedRows.Row(first + i, new int[0], features[first + i]));
                    }
                    watch.at(Stage.IMAGES, first + some.length, features.length, before);
                  }
                });
      }
    }
    return features;
  }

  private static float[] unit(float[] values) {
    double square = 0;
    for (float value : values) {
      square += (double) value * value;
    }
    float[] unit = new float[values.length];
    double length = Math.max(Math.sqrt(square), 1e-12); // as the graph's norm
    for (int i = 0; i < unit.length; i++) {
      unit[i] = (float) (values[i] / length);
    }
    return unit;
  }

  private float[][] textFeatures() throws IOException {
    float[][] features = new float[gallery.texts().size()][];
    int[] order =
        Gallery.byLength(
            IntStream.range(0, features.length).toArray(), gallery.lengths(model.model()));
    for (int first = 0; first < order.length; first += ENCODED_AT_ONCE) {
      int[] some =
          Arrays.copyOfRange(order, first, Math.min(order.length, first + ENCODED_AT_ONCE));
      float[][] found = model.embedTexts(gallery.texts(some));
      for (int i = 0; i < some.length; i++) {
        features[some[i]] = found[i];
      }
      watch.at(Stage.TEXTS, first + (long) some.length, features.length, 0);
    }
    return features;
  }
}
