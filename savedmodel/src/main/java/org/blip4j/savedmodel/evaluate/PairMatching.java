package org.blip4j.savedmodel.evaluate;

import com.google.common.primitives.ImmutableIntArray;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.blip4j.savedmodel.predict.StagedModel;
import org.tensorflow.Result;
import org.tensorflow.Tensor;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.ndarray.buffer.FloatDataBuffer;
import org.tensorflow.types.TFloat32;

/**
 * The second stage of retrieval: each image with the texts that are its candidates, or whose
 * candidate it is. Images are encoded anew, and the texts of one are matched in few calls of equal
 * size, sorted by length; each call makes the image's keys and values once.
 *
 * @param texts of each image, in rising order
 * @param lengths tokens of each text of the gallery
 */
@SuppressWarnings("ArrayRecordComponent") // as large as they are; equality is not used
record PairMatching(StagedModel model, Gallery gallery, int[][] texts, int[] lengths) {
  /** Texts of one call; the image's keys and values cost as much as five of them. */
  private static final int TEXTS_AT_ONCE = 128;

  /**
   * What is to be matched.
   *
   * @param textsOfImages the candidates of each image
   * @param imagesOfTexts the candidates of each text
   */
  static PairMatching of(
      StagedModel model, Gallery gallery, int[][] textsOfImages, int[][] imagesOfTexts) {
    List<ImmutableIntArray.Builder> all = new ArrayList<>();
    for (int[] texts : textsOfImages) {
      all.add(ImmutableIntArray.builder().addAll(IntStream.of(texts)));
    }
    for (int text = 0; text < imagesOfTexts.length; text++) {
      for (int image : imagesOfTexts[text]) {
        all.get(image).add(text);
      }
    }
    int[][] texts = new int[all.size()][];
    Arrays.setAll(texts, i -> all.get(i).build().stream().sorted().distinct().toArray());
    return new PairMatching(model, gallery, texts, gallery.lengths(model.model()));
  }

  /** The logits of "no match" and "match" of each image's texts. */
  float[][][] run(FinishedRows rows, RetrievalProtocol.Watch watch) throws IOException {
    float[][][] logits = new float[texts.length][][];
    long total = Arrays.stream(texts).mapToLong(some -> some.length).sum();
    int first = 0;
    long[] done = {0};
    while (first < texts.length && isFinished(rows, first)) {
      done[0] += texts[first].length;
      logits[first] = pairs(rows.of(first++).get().values());
    }
    long before = done[0];
    watch.at(RetrievalProtocol.Stage.PAIRS, before, total, before);
    if (first == texts.length) {
      return logits;
    }
    gallery
        .images()
        .from(
            first,
            (at, pixels) -> {
              try (Result states = model.encode(pixels)) {
                int images = Math.toIntExact(states.get(0).shape().get(0)) / gallery.frames();
                for (int image = at; image < at + images; image++) {
                  try (TFloat32 one = image(states.get(0), image - at)) {
                    logits[image] = match(one, texts[image]);
                  }
                  rows.add(new FinishedRows.Row(image, texts[image], flat(logits[image])));
                  done[0] += texts[image].length;
                  watch.at(RetrievalProtocol.Stage.PAIRS, done[0], total, before);
                }
              }
            });
    return logits;
  }

  private boolean isFinished(FinishedRows rows, int image) {
    return rows.of(image).map(row -> Arrays.equals(row.texts(), texts[image])).orElse(false);
  }

  /** The states {@code [1, F*P, W]} of one image. */
  private TFloat32 image(Tensor states, int image) {
    Shape shape = states.shape(); // [B*F, P, W]
    long count = gallery.frames() * shape.get(1);
    long size = count * shape.get(2);
    FloatDataBuffer all = ((TFloat32) states).asRawTensor().data().asFloats();
    return TFloat32.tensorOf(Shape.of(1, count, shape.get(2)), all.slice(image * size, size));
  }

  private float[][] match(Tensor states, int[] numbers) {
    float[][] logits = new float[numbers.length][];
    int[] order =
        Gallery.byLength(
            IntStream.range(0, numbers.length).toArray(),
            IntStream.of(numbers).map(number -> lengths[number]).toArray());
    int calls = (numbers.length + TEXTS_AT_ONCE - 1) / TEXTS_AT_ONCE;
    for (int call = 0; call < calls; call++) {
      int from = (int) ((long) numbers.length * call / calls);
      int to = (int) ((long) numbers.length * (call + 1) / calls);
      int[] some = Arrays.copyOfRange(order, from, to);
      int[] given = IntStream.of(some).map(i -> numbers[i]).toArray();
      float[][] found = model.itmLogits(states, new int[some.length], gallery.texts(given));
      for (int i = 0; i < some.length; i++) {
        logits[some[i]] = found[i];
      }
    }
    return logits;
  }

  private static float[] flat(float[][] pairs) {
    float[] flat = new float[2 * pairs.length];
    for (int i = 0; i < flat.length; i++) {
      flat[i] = pairs[i / 2][i % 2];
    }
    return flat;
  }

  private static float[][] pairs(float[] flat) {
    float[][] pairs = new float[flat.length / 2][2];
    for (int i = 0; i < flat.length; i++) {
      pairs[i / 2][i % 2] = flat[i];
    }
    return pairs;
  }
}
