package org.blip4j.savedmodel.predict;

import com.google.common.primitives.ImmutableLongArray;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.channels.ClosedByInterruptException;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Function;
import org.blip4j.data.text.Vocabulary;
import org.blip4j.graph.config.ConfigJson;
import org.blip4j.ops.core.Mode;
import org.blip4j.savedmodel.open.ModelSource;
import org.blip4j.savedmodel.open.ServingModel;
import org.blip4j.savedmodel.signature.ExportedInfo;
import org.blip4j.savedmodel.signature.ServingSettings;
import org.blip4j.savedmodel.signature.ServingSignature;
import org.tensorflow.SavedModelBundle;
import org.tensorflow.exceptions.TensorFlowException;

/**
 * Runs a model in Java: captions, match scores, embeddings, answers, statements about two images.
 *
 * <p>An exported model is run as a server would; for a model folder or published weights the same
 * graph is built in memory. A row that fails says so in its status, one whose text was cut in its
 * note, and both leave the others alone. Each call is one batch. Calls may come from several
 * threads at once; {@link #close} waits for those that run.
 *
 * <pre>{@code
 * try (Predictor model = Predictor.open(ModelSource.resolve("model"), options)) {
 *   System.out.println(model.caption(List.of(jpeg)).get(0).text());
 * }
 * }</pre>
 */
public final class Predictor implements AutoCloseable {
  static {
    PredictorOptions.NativeLimit.lift();
  }

  private final ServingModel model;
  private final ServingSettings settings;
  private final SignatureRunner runner;
  private final Optional<LoadedModel> loaded;

  private Predictor(
      ServingModel model,
      ServingSettings settings,
      SignatureRunner runner,
      Optional<LoadedModel> loaded) {
    this.model = model;
    this.settings = settings;
    this.runner = runner;
    this.loaded = loaded;
  }

  /**
   * Opens a model.
   *
   * @throws IOException if it cannot be read; says what is wrong with it
   * @throws IllegalArgumentException if settings are asked for that an exported model does not have
   */
  public static Predictor open(ModelSource source, PredictorOptions options) throws IOException {
    Objects.requireNonNull(source, "source is null; ModelSource.resolve finds one");
    Objects.requireNonNull(options, "options is null; PredictorOptions.defaults() are the usual");
    PredictorOptions.NativeLimit.require(source.path());
    if (source instanceof ModelSource.Exported exported) {
      return open(exported, options.portable());
    }
    LoadedModel loaded;
    try {
      loaded = LoadedModel.open(source, options);
    } catch (ClosedByInterruptException e) {
      throw (IOException)
          new InterruptedIOException(source.path() + ": interrupted while the model was opened")
              .initCause(e);
    }
    return new Predictor(
        loaded.model(),
        loaded.settings(),
        new SignatureRunner(loaded.session(), loaded.graph().signaturesOnDemand(), loaded::close),
        Optional.of(loaded));
  }

  private static Predictor open(ModelSource.Exported source, PredictorOptions options)
      throws IOException {
    ExportedInfo info =
        ConfigJson.read(source.path().resolve(ExportedInfo.FILE), ExportedInfo.class);
    ServingSettings wanted = options.adjust().apply(info.serving());
    if (!wanted.withExpectedBatch(info.serving().expectedBatch()).equals(info.serving())) {
      throw new IllegalArgumentException(
          "%s was exported with other settings (%s) than are asked for (%s); take those, or open the"
                  .formatted(source.path(), info.serving(), wanted)
              + " model that it was exported from");
    }
    Vocabulary vocabulary = Vocabulary.read(source.path().resolve(ExportedInfo.VOCABULARY_FILE));
    ServingModel model = new ServingModel(info.model(), vocabulary);
    SavedModelBundle bundle;
    try {
      bundle =
          SavedModelBundle.loader(source.path().toString())
              .withTags("serve")
              .withConfigProto(options.kernels().sessionFrom(options.session(), Mode.INFER))
              .load();
    } catch (TensorFlowException e) {
      throw new IOException(
          source.path() + ": the exported model cannot be loaded: " + e.getMessage(), e);
    }
    try {
      return new Predictor(
          model,
          info.serving(),
          new SignatureRunner(
              bundle.session(), bundle.metaGraphDef().getSignatureDefMap(), bundle::close),
          Optional.empty());
    } catch (RuntimeException | Error e) {
      bundle.close();
      throw e;
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

  /** The graph that was built in memory; empty of an exported model. */
  Optional<LoadedModel> loaded() {
    return loaded;
  }

  /** Whether the model has a signature. */
  public boolean has(ServingSignature signature) {
    return runner.has(signature);
  }

  /** One caption an image, by search. */
  public List<Caption> caption(List<byte[]> images) {
    return captions(ServingSignature.CAPTION, images(images));
  }

  /**
   * One caption an image, each with a beginning of its own that is not part of the answer; a row
   * whose prompt leaves no room for a text fails.
   */
  public List<Caption> caption(List<byte[]> images, List<String> prompts) {
    requireRows("images", images, "prompts", prompts);
    return captions(
        ServingSignature.CAPTION_PROMPTED,
        images(images).texts(ServingSignature.PROMPT, "prompts", prompts));
  }

  /**
   * One caption an image, drawn by chance.
   *
   * @param seeds one for each image; the same seed gives the same caption
   */
  public List<Caption> sample(List<byte[]> images, ImmutableLongArray seeds) {
    requireRows("images", images, "seeds", seeds == null ? null : seeds.asList());
    return captions(
        ServingSignature.CAPTION_SAMPLE,
        images(images).numbers(ServingSignature.SEED, seeds.toArray()));
  }

  /**
   * Scores of pairs. An image or text that is in several pairs is encoded once, so that all pairs
   * of N images and M texts are best given in one call.
   */
  public List<PairScore> match(List<byte[]> images, List<String> texts) {
    requireRows("images", images, "texts", texts);
    return run(
        ServingSignature.MATCH,
        images(images).texts(ServingSignature.TEXT, "texts", texts),
        PairScore::read);
  }

  /** One feature an image. */
  public List<EmbeddingVector> embedImages(List<byte[]> images) {
    return run(ServingSignature.IMAGE_EMBEDDING, images(images), EmbeddingVector::read);
  }

  /** One feature a text. */
  public List<EmbeddingVector> embedTexts(List<String> texts) {
    return run(
        ServingSignature.TEXT_EMBEDDING,
        new SignatureRunner.Inputs().texts(ServingSignature.TEXT, "texts", texts),
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
        new SignatureRunner.Inputs()
            .files(ServingSignature.LEFT_BYTES, "left", left)
            .files(ServingSignature.RIGHT_BYTES, "right", right)
            .texts(ServingSignature.STATEMENT, "statements", statements),
        Answer.Nlvr::read);
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
  public List<Answer.Choice.Ranking> rank(
      List<byte[]> images, List<String> questions, Answer.Choice choice) {
    Objects.requireNonNull(choice, "choice is null; give the answers to choose from");
    requireRows("images", images, "questions", questions);
    return run(
        ServingSignature.VQA_RANK,
        choice.addTo(
            images(images).texts(ServingSignature.QUESTION, "questions", questions), images.size()),
        Answer.Choice::read);
  }

  /**
   * Waits for the calls that run and lets the model go; later calls are refused with an {@link
   * IllegalStateException}. A second time does nothing.
   */
  @Override
  public void close() {
    runner.close();
  }

  private static SignatureRunner.Inputs images(List<byte[]> images) {
    return new SignatureRunner.Inputs().files(ServingSignature.IMAGE_BYTES, "images", images);
  }

  private List<Caption> captions(ServingSignature signature, SignatureRunner.Inputs inputs) {
    return run(signature, inputs, outputs -> Caption.read(outputs, model.vocabulary().pad()));
  }

  private <R> List<R> run(
      ServingSignature signature,
      SignatureRunner.Inputs inputs,
      Function<SignatureRunner.Outputs, List<R>> read) {
    return inputs.rows() == 0 ? List.of() : runner.run(signature, inputs, read);
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
