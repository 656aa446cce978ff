package org.blip4j.savedmodel.predict;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;
import java.util.function.Function;
import java.util.stream.LongStream;
import org.blip4j.savedmodel.open.ServingModel;
import org.blip4j.savedmodel.signature.ServingSignature;

/**
 * What can be asked of a {@link Predictor}, which see: the signatures of a model under their names,
 * of many rows at once or of one alone. Lists that belong together are equally long; nulls are
 * refused with their place.
 */
public abstract sealed class ModelCalls permits Predictor {
  ModelCalls() {}

  /** What the model is. */
  public abstract ServingModel model();

  /** Whether the model has a signature. */
  public abstract boolean has(ServingSignature signature);

  /** The results of at least one row. */
  abstract <R> List<R> compute(
      ServingSignature signature,
      CallInputs inputs,
      Function<SignatureRunner.Outputs, List<R>> read);

  /** One caption of one image, by search. */
  public Caption caption(byte[] image) {
    return caption(one("image", image)).get(0);
  }

  /** One caption an image, by search. */
  public List<Caption> caption(List<byte[]> images) {
    return captions(ServingSignature.CAPTION, images(images));
  }

  /**
   * One caption an image, each with a beginning of its own that is not part of the answer; a row
   * whose prompt leaves no room for a text fails.
   */
  public List<Caption> captionPrompted(List<byte[]> images, List<String> prompts) {
    requireRows("images", images, "prompts", prompts);
    return captions(
        ServingSignature.CAPTION_PROMPTED,
        images(images).texts(ServingSignature.PROMPT, "prompts", prompts));
  }

  /** The same of one image. */
  public Caption captionPrompted(byte[] image, String prompt) {
    return captionPrompted(one("image", image), one("prompt", prompt)).get(0);
  }

  /** One caption of one image, drawn by chance; the same seed gives the same caption. */
  public Caption captionSample(byte[] image, long seed) {
    return captionSample(one("image", image), seed).get(0);
  }

  /**
   * One caption an image, drawn by chance.
   *
   * @param seeds one for each image; the same seed gives the same caption
   */
  public List<Caption> captionSample(List<byte[]> images, long... seeds) {
    requireRows("images", images, "seeds", rows(seeds));
    return captions(
        ServingSignature.CAPTION_SAMPLE, images(images).numbers(ServingSignature.SEED, seeds));
  }

  /** Some captions of one image, drawn by chance with the seeds from the given one on. */
  public List<Caption> captionSamples(byte[] image, int samples, long seed) {
    return captionSample(
        Collections.nCopies(samples, one("image", image).get(0)),
        LongStream.range(seed, seed + samples).toArray());
  }

  /** The score of one pair. */
  public PairScore match(byte[] image, String text) {
    return match(one("image", image), one("text", text)).get(0);
  }

  /**
   * Scores of pairs. An image or text that is in several pairs is encoded once, so that pairs are
   * best given in one call.
   */
  public List<PairScore> match(List<byte[]> images, List<String> texts) {
    requireRows("images", images, "texts", texts);
    return run(
        ServingSignature.MATCH,
        images(images).texts(ServingSignature.TEXT, "texts", texts),
        PairScore::read);
  }

  /**
   * Scores of all images with all texts.
   *
   * @return for each image a list with the score of each text
   */
  public List<List<PairScore>> matchAll(List<byte[]> images, List<String> texts) {
    Objects.requireNonNull(images, "images is null; give a list");
    Objects.requireNonNull(texts, "texts is null; give a list");
    for (int i = 0; i < images.size(); i++) {
      Objects.requireNonNull(
          images.get(i), "images[" + i + "] is null; give the bytes of an image file");
    }
    List<byte[]> pictures = new ArrayList<>();
    List<String> all = new ArrayList<>();
    for (byte[] image : images) {
      pictures.addAll(Collections.nCopies(texts.size(), image));
      all.addAll(texts);
    }
    List<PairScore> scores = match(pictures, all);
    List<List<PairScore>> table = new ArrayList<>();
    for (int i = 0; i < images.size(); i++) {
      table.add(List.copyOf(scores.subList(i * texts.size(), (i + 1) * texts.size())));
    }
    return table;
  }

  /** Labels with their scores for an image, the one that fits best by ITM first. */
  public List<PairScore.Label> matchRanked(byte[] image, List<String> labels) {
    Objects.requireNonNull(labels, "labels is null; give a list");
    for (int i = 0; i < labels.size(); i++) {
      Objects.requireNonNull(labels.get(i), "labels[" + i + "] is null; give a text, or \"\"");
    }
    List<PairScore> scores = matchAll(one("image", image), labels).get(0);
    List<PairScore.Label> ranked = new ArrayList<>();
    for (int i = 0; i < scores.size(); i++) {
      ranked.add(new PairScore.Label(labels.get(i), scores.get(i)));
    }
    ranked.sort(Comparator.comparingDouble(label -> -label.score().itmProbability()));
    return ranked;
  }

  /** The feature of one image. */
  public EmbeddingVector embedImage(byte[] image) {
    return embedImages(one("image", image)).get(0);
  }

  /** One feature an image. */
  public List<EmbeddingVector> embedImages(List<byte[]> images) {
    return run(ServingSignature.IMAGE_EMBEDDING, images(images), EmbeddingVector::read);
  }

  /** The feature of one text. */
  public EmbeddingVector embedText(String text) {
    return embedTexts(one("text", text)).get(0);
  }

  /** One feature a text. */
  public List<EmbeddingVector> embedTexts(List<String> texts) {
    return run(
        ServingSignature.TEXT_EMBEDDING,
        new CallInputs().texts(ServingSignature.TEXT, "texts", texts),
        EmbeddingVector::read);
  }

  /**
   * Whether statements about two images hold (NLVR2). An image that is in several rows is encoded
   * once, so that all statements about a pair are best given in one call.
   */
  public List<Answer.Nlvr> nlvr(List<byte[]> left, List<byte[]> right, List<String> statements) {
    requireRows("left images", left, "right images", right);
    requireRows("left images", left, "statements", statements);
    return run(
        ServingSignature.NLVR,
        new CallInputs()
            .files(ServingSignature.LEFT_BYTES, "left", left)
            .files(ServingSignature.RIGHT_BYTES, "right", right)
            .texts(ServingSignature.STATEMENT, "statements", statements),
        Answer.Nlvr::read);
  }

  /** The same of one pair of images. */
  public Answer.Nlvr nlvr(byte[] left, byte[] right, String statement) {
    return nlvr(one("left", left), one("right", right), one("statement", statement)).get(0);
  }

  /** The answer to one question about one image, by search. */
  public Answer vqa(byte[] image, String question) {
    return vqa(one("image", image), one("question", question)).get(0);
  }

  /**
   * One answer for each question about the image in its row, by search. An image that is in several
   * rows is encoded once.
   */
  public List<Answer> vqa(List<byte[]> images, List<String> questions) {
    requireRows("images", images, "questions", questions);
    return run(
        ServingSignature.VQA,
        images(images).texts(ServingSignature.QUESTION, "questions", questions),
        Answer::read);
  }

  /**
   * The best of given answers for each question about the image in its row.
   *
   * @param choice the answers and how many of them are looked at whole
   */
  public List<Answer.Choice.Ranking> vqaRank(
      List<byte[]> images, List<String> questions, Answer.Choice choice) {
    Objects.requireNonNull(choice, "choice is null; give the answers to choose from");
    requireRows("images", images, "questions", questions);
    return run(
        ServingSignature.VQA_RANK,
        choice.addTo(
            images(images).texts(ServingSignature.QUESTION, "questions", questions), images.size()),
        Answer.Choice::read);
  }

  /** The same of one question about one image. */
  public Answer.Choice.Ranking vqaRank(byte[] image, String question, Answer.Choice choice) {
    return vqaRank(one("image", image), one("question", question), choice).get(0);
  }

  private static CallInputs images(List<byte[]> images) {
    return new CallInputs().files(ServingSignature.IMAGE_BYTES, "images", images);
  }

  private List<Caption> captions(ServingSignature signature, CallInputs inputs) {
    return run(signature, inputs, outputs -> Caption.read(outputs, model().vocabulary().pad()));
  }

  private <R> List<R> run(
      ServingSignature signature,
      CallInputs inputs,
      Function<SignatureRunner.Outputs, List<R>> read) {
    if (inputs.rows() == 0) {
      return List.of();
    }
    return compute(signature, inputs, read);
  }

  private static <T> List<T> one(String argument, T value) {
    return List.of(Objects.requireNonNull(value, argument + " is null"));
  }

  private static List<Long> rows(long... seeds) {
    return seeds == null ? null : Arrays.stream(seeds).boxed().toList();
  }

  private static void requireRows(String first, List<?> rows, String second, List<?> others) {
    Objects.requireNonNull(rows, first + " is null; give a list with one for each row");
    Objects.requireNonNull(others, second + " is null; give a list with one for each row");
    if (rows.size() != others.size()) {
      throw new IllegalArgumentException(
          rows.size()
              + " images with "
              + others.size()
              + " "
              + second
              + "; give one for each image");
    }
  }
}
