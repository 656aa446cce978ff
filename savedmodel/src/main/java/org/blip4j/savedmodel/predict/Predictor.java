package org.blip4j.savedmodel.predict;

import com.google.common.collect.ImmutableMap;
import com.google.common.primitives.ImmutableLongArray;
import java.io.IOException;
import java.util.List;
import org.blip4j.data.text.Vocabulary;
import org.blip4j.graph.config.ConfigJson;
import org.blip4j.savedmodel.open.ModelSource;
import org.blip4j.savedmodel.open.ServingModel;
import org.blip4j.savedmodel.signature.ExportedInfo;
import org.blip4j.savedmodel.signature.ServingSettings;
import org.blip4j.savedmodel.signature.ServingSignature;
import org.tensorflow.SavedModelBundle;
import org.tensorflow.Tensor;
import org.tensorflow.exceptions.TensorFlowException;

/**
 * Runs a model in Java: captions, match scores, embeddings, judgements, answers.
 *
 * <p>An exported model is run as a server would; for a model folder or published weights the same
 * graph is built in memory. A row that fails says so in its status and leaves the others alone.
 * Each call is one batch; calls may come from several threads.
 *
 * <pre>{@code
 * try (Predictor model = Predictor.open(ModelSource.resolve("model"), options)) {
 *   System.out.println(model.caption(List.of(jpeg)).get(0).text());
 * }
 * }</pre>
 */
public final class Predictor implements AutoCloseable {
  private final ServingModel model;
  private final ServingSettings settings;
  private final SignatureRunner runner;
  private final Runnable release;

  private Predictor(
      ServingModel model, ServingSettings settings, SignatureRunner runner, Runnable release) {
    this.model = model;
    this.settings = settings;
    this.runner = runner;
    this.release = release;
  }

  /**
   * Opens a model.
   *
   * @throws IOException if it cannot be read; says what is wrong with it
   * @throws IllegalArgumentException if settings are asked for that an exported model does not have
   */
  public static Predictor open(ModelSource source, PredictorOptions options) throws IOException {
    if (source instanceof ModelSource.Exported exported) {
      return open(exported, options.portable());
    }
    LoadedModel loaded =
        source instanceof ModelSource.Folder folder
            ? LoadedModel.open(folder, options)
            : LoadedModel.open((ModelSource.Published) source, options);
    return new Predictor(
        loaded.model(),
        loaded.settings(),
        new SignatureRunner(loaded.session(), loaded.graph().signaturesOnDemand()),
        loaded::close);
  }

  private static Predictor open(ModelSource.Exported source, PredictorOptions options)
      throws IOException {
    ExportedInfo info =
        ConfigJson.read(source.path().resolve(ExportedInfo.FILE), ExportedInfo.class);
    ServingSettings wanted = options.adjust().apply(info.serving());
    if (!wanted.withExpectedBatch(info.serving().expectedBatch()).equals(info.serving())) {
      throw new IllegalArgumentException(
          "%s was exported with other settings (%s); leave the options away, or give the model that"
                  .formatted(source.path(), info.serving())
              + " it was exported from");
    }
    Vocabulary vocabulary = Vocabulary.read(source.path().resolve(ExportedInfo.VOCABULARY_FILE));
    try {
      SavedModelBundle bundle =
          SavedModelBundle.loader(source.path().toString())
              .withTags("serve")
              .withConfigProto(options.session())
              .load();
      return new Predictor(
          new ServingModel(info.model(), vocabulary),
          info.serving(),
          new SignatureRunner(bundle.session(), bundle.metaGraphDef().getSignatureDefMap()),
          bundle::close);
    } catch (TensorFlowException e) {
      throw new IOException(
          source.path() + ": the exported model cannot be loaded: " + e.getMessage(), e);
    }
  }

  /** What the model is. */
  public ServingModel model() {
    return model;
  }

  /** The settings it runs with. */
  public ServingSettings settings() {
    return settings;
  }

  /** Whether the model has a signature. */
  public boolean has(ServingSignature signature) {
    return runner.has(signature);
  }

  /** One caption an image, by search. */
  public List<Caption> caption(List<byte[]> images) {
    if (images.isEmpty()) {
      return List.of();
    }
    return captions(
        ServingSignature.CAPTION,
        ImmutableMap.of(ServingSignature.IMAGE_BYTES, SignatureRunner.files(images)));
  }

  /** One caption an image, each with a beginning of its own that is not part of the answer. */
  public List<Caption> caption(List<byte[]> images, List<String> prompts) {
    requireEqual(images.size(), prompts.size(), "prompts");
    if (images.isEmpty()) {
      return List.of();
    }
    return captions(
        ServingSignature.CAPTION_PROMPTED,
        ImmutableMap.of(
            ServingSignature.IMAGE_BYTES, SignatureRunner.files(images),
            ServingSignature.PROMPT, SignatureRunner.texts(prompts)));
  }

  /**
   * One caption an image, drawn by chance.
   *
   * @param seeds one for each image; the same seed gives the same caption
   */
  public List<Caption> sample(List<byte[]> images, ImmutableLongArray seeds) {
    requireEqual(images.size(), seeds.length(), "seeds");
    if (images.isEmpty()) {
      return List.of();
    }
    return captions(
        ServingSignature.CAPTION_SAMPLE,
        ImmutableMap.of(
            ServingSignature.IMAGE_BYTES, SignatureRunner.files(images),
            ServingSignature.SEED, SignatureRunner.numbers(seeds.toArray())));
  }

  /**
   * Scores of pairs. An image or text that is in several pairs is encoded once, so that all pairs
   * of N images and M texts are best given in one call.
   */
  public List<MatchScore> match(List<byte[]> images, List<String> texts) {
    requireEqual(images.size(), texts.size(), "texts");
    if (images.isEmpty()) {
      return List.of();
    }
    try (Outputs outputs =
        runner.run(
            ServingSignature.MATCH,
            ImmutableMap.of(
                ServingSignature.IMAGE_BYTES, SignatureRunner.files(images),
                ServingSignature.TEXT, SignatureRunner.texts(texts)))) {
      return MatchScore.read(outputs);
    }
  }

  /** One feature an image. */
  public List<Embedding> embedImages(List<byte[]> images) {
    if (images.isEmpty()) {
      return List.of();
    }
    return embeddings(
        ServingSignature.IMAGE_EMBEDDING,
        ImmutableMap.of(ServingSignature.IMAGE_BYTES, SignatureRunner.files(images)));
  }

  /** One feature a text. */
  public List<Embedding> embedTexts(List<String> texts) {
    if (texts.isEmpty()) {
      return List.of();
    }
    return embeddings(
        ServingSignature.TEXT_EMBEDDING,
        ImmutableMap.of(ServingSignature.TEXT, SignatureRunner.texts(texts)));
  }

  /**
   * Judges statements about two images. An image that is in several rows is encoded once, so that
   * all statements about a pair are best given in one call.
   */
  public List<Judgement> judge(List<byte[]> left, List<byte[]> right, List<String> statements) {
    requireEqual(left.size(), right.size(), "right images");
    requireEqual(left.size(), statements.size(), "statements");
    if (left.isEmpty()) {
      return List.of();
    }
    try (Outputs outputs =
        runner.run(
            ServingSignature.NLVR,
            ImmutableMap.of(
                ServingSignature.LEFT_BYTES, SignatureRunner.files(left),
                ServingSignature.RIGHT_BYTES, SignatureRunner.files(right),
                ServingSignature.STATEMENT, SignatureRunner.texts(statements)))) {
      return Judgement.read(outputs);
    }
  }

  /**
   * One answer for each question about the image in its row, by search. An image that is in several
   * rows is encoded once.
   */
  public List<Answer> answer(List<byte[]> images, List<String> questions) {
    requireEqual(images.size(), questions.size(), "questions");
    if (images.isEmpty()) {
      return List.of();
    }
    try (Outputs outputs =
        runner.run(
            ServingSignature.VQA,
            ImmutableMap.of(
                ServingSignature.IMAGE_BYTES, SignatureRunner.files(images),
                ServingSignature.QUESTION, SignatureRunner.texts(questions)))) {
      return Answer.read(outputs);
    }
  }

  /**
   * The best of given answers for each question about the image in its row.
   *
   * @param choice the answers and how many of them are looked at whole
   */
  public List<RankedAnswers> rank(
      List<byte[]> images, List<String> questions, AnswerChoice choice) {
    requireEqual(images.size(), questions.size(), "questions");
    if (images.isEmpty()) {
      return List.of();
    }
    try (Outputs outputs =
        runner.run(
            ServingSignature.VQA_RANK,
            ImmutableMap.of(
                ServingSignature.IMAGE_BYTES, SignatureRunner.files(images),
                ServingSignature.QUESTION, SignatureRunner.texts(questions),
                ServingSignature.ANSWERS, choice.answers(images.size()),
                ServingSignature.TOP_K, choice.topK(images.size())))) {
      return RankedAnswers.read(outputs);
    }
  }

  @Override
  public void close() {
    release.run();
  }

  private List<Caption> captions(
      ServingSignature signature, ImmutableMap<String, ? extends Tensor> inputs) {
    try (Outputs outputs = runner.run(signature, inputs)) {
      return Caption.read(outputs, model.vocabulary().pad());
    }
  }

  private List<Embedding> embeddings(
      ServingSignature signature, ImmutableMap<String, ? extends Tensor> inputs) {
    try (Outputs outputs = runner.run(signature, inputs)) {
      return Embedding.read(outputs);
    }
  }

  private static void requireEqual(int images, int others, String what) {
    if (images != others) {
      throw new IllegalArgumentException(
          images + " images with " + others + " " + what + "; give one for each image");
    }
  }
}
