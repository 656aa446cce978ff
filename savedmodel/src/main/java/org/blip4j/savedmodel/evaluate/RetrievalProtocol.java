package org.blip4j.savedmodel.evaluate;

import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableMap;
import com.google.common.collect.Lists;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;
import org.blip4j.data.metric.RecallAtK;
import org.blip4j.data.sample.Sample;
import org.blip4j.savedmodel.predict.EmbeddingVector;
import org.blip4j.savedmodel.predict.PairScore;
import org.blip4j.savedmodel.predict.Predictor;
import org.blip4j.savedmodel.signature.ServingSignature;

/**
 * Retrieval both ways: all by features, then the nearest by matching, whose score is the logit of
 * "match" plus the cosine (blip-spec 7.1). Images are read twice and never all held.
 *
 * @param evaluation what on
 * @param model a model that embeds and matches
 */
record RetrievalProtocol(TaskEvaluation evaluation, Predictor model) {
  /** Score of a pair that was no candidate. */
  private static final float NONE = -100;

  TaskEvaluation.Findings measure() throws IOException {
    List<Sample.ImageText> captioned = new ArrayList<>();
    List<EmbeddingVector> imageFeatures = new ArrayList<>();
    List<String> texts = new ArrayList<>();
    List<int[]> textsOfImage = new ArrayList<>();
    evaluation.forEach(
        Sample.ImageText.class,
        samples -> {
          if (imageFeatures.isEmpty() && model.has(ServingSignature.CAPTION)) {
            List<Sample.ImageText> first =
                samples.subList(0, Math.min(Examples.SHOWN, samples.size()));
            captioned.addAll(Examples.captions(first, model.caption(TaskEvaluation.images(first))));
          }
          List<EmbeddingVector> features = model.embedImages(TaskEvaluation.images(samples));
          for (int i = 0; i < samples.size(); i++) {
            TaskEvaluation.requireRead(features.get(i).status(), samples.get(i));
            imageFeatures.add(features.get(i));
            int first = texts.size();
            texts.addAll(samples.get(i).texts());
            textsOfImage.add(IntStream.range(first, texts.size()).toArray());
          }
        });
    List<EmbeddingVector> textFeatures = new ArrayList<>();
    for (List<String> part : Lists.partition(texts, TaskEvaluation.BATCH)) {
      textFeatures.addAll(model.embedTexts(part));
    }
    float[][] cosine = EmbeddingVector.similarities(imageFeatures, textFeatures);
    Examples.Worst worst = new Examples.Worst();
    ImmutableMap<String, Double> recalls = recalls(rerank(cosine, texts, worst), textsOfImage);
    return new TaskEvaluation.Findings(recalls, ImmutableList.copyOf(captioned))
        .with(worst.shown());
  }

  @SuppressWarnings("ArrayRecordComponent") // ranked as they are; equality is not used
  private record Scores(float[][] textsOfImages, float[][] imagesOfTexts) {}

  private Scores rerank(float[][] cosine, List<String> texts, Examples.Worst worst)
      throws IOException {
    boolean[][] forImage = nearest(cosine);
    boolean[][] forText = nearest(transposed(cosine));
    float[][] byImage = new float[cosine.length][texts.size()];
    float[][] byText = new float[texts.size()][cosine.length];
    for (float[][] all : List.of(byImage, byText)) {
      Arrays.stream(all).forEach(row -> Arrays.fill(row, NONE));
    }
    int[] done = {0};
    evaluation.forEach(
        Sample.ImageText.class,
        samples -> {
          for (Sample.ImageText sample : samples) {
            int image = done[0]++;
            int[] near =
                IntStream.range(0, texts.size())
                    .filter(text -> forImage[image][text] || forText[text][image])
                    .toArray();
            List<PairScore> scores =
                match(sample, Arrays.stream(near).mapToObj(texts::get).toList());
            for (int i = 0; i < near.length; i++) {
              float score = scores.get(i).itmLogits().match() + cosine[image][near[i]];
              worst.addPair(sample, texts.get(near[i]), scores.get(i));
              byImage[image][near[i]] = forImage[image][near[i]] ? score : NONE;
              byText[near[i]][image] = forText[near[i]][image] ? score : NONE;
            }
          }
        });
    return new Scores(byImage, byText);
  }

  private List<PairScore> match(Sample.ImageText sample, List<String> texts) {
    byte[] image = sample.image().toByteArray();
    List<PairScore> scores = new ArrayList<>();
    for (List<String> part : Lists.partition(texts, TaskEvaluation.BATCH)) {
      scores.addAll(model.match(Collections.nCopies(part.size(), image), part));
    }
    return scores;
  }

  /** The candidates of each row. */
  private boolean[][] nearest(float[][] cosine) {
    boolean[][] near = new boolean[cosine.length][cosine.length == 0 ? 0 : cosine[0].length];
    for (int row = 0; row < cosine.length; row++) {
      float[] values = cosine[row];
      boolean[] own = near[row];
      IntStream.range(0, values.length)
          .boxed()
          .sorted(Comparator.comparingDouble(i -> -values[i]))
          .limit(evaluation.candidates())
          .forEach(i -> own[i] = true);
    }
    return near;
  }

  private static ImmutableMap<String, Double> recalls(Scores scores, List<int[]> textsOfImage) {
    List<int[]> imageOfText = new ArrayList<>();
    List<Integer> asked = new ArrayList<>();
    for (int image = 0; image < textsOfImage.size(); image++) {
      if (textsOfImage.get(image).length > 0) {
        asked.add(image);
      }
      for (int text : textsOfImage.get(image)) {
        imageOfText.add(text, new int[] {image});
      }
    }
    RecallAtK toText =
        RecallAtK.of(
            asked.stream().map(image -> scores.textsOfImages()[image]).toArray(float[][]::new),
            asked.stream().map(textsOfImage::get).toList());
    RecallAtK toImage = RecallAtK.of(scores.imagesOfTexts(), imageOfText);
    return ImmutableMap.of(
        "r_mean", (toText.meanPercent() + toImage.meanPercent()) / 2,
        "r1_image_to_text", toText.percent(1),
        "r1_text_to_image", toImage.percent(1),
        "r10_image_to_text", toText.percent(10),
        "r10_text_to_image", toImage.percent(10));
  }

  private static float[][] transposed(float[][] matrix) {
    float[][] turned = new float[matrix[0].length][matrix.length];
    for (int row = 0; row < matrix.length; row++) {
      for (int column = 0; column < turned.length; column++) {
        turned[column][row] = matrix[row][column];
      }
    }
    return turned;
  }
}
