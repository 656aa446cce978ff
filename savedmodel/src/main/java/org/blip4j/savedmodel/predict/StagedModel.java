package org.blip4j.savedmodel.predict;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.function.UnaryOperator;
import org.blip4j.data.text.TokenBatch;
import org.blip4j.graph.config.VitConfig;
import org.blip4j.ops.core.Variable;
import org.blip4j.savedmodel.open.ModelSource;
import org.blip4j.savedmodel.open.ServingModel;
import org.blip4j.savedmodel.signature.ServingSettings;
import org.blip4j.savedmodel.signature.StagedCalls;
import org.tensorflow.Result;
import org.tensorflow.Tensor;
import org.tensorflow.ndarray.NdArrays;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.ndarray.buffer.DataBuffers;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TInt32;
import org.tensorflow.types.TInt64;
import org.tensorflow.types.TString;

/**
 * A model whose stages are run one by one, each with the number of rows that it is given. An image
 * is so decoded and encoded once, however much is asked about it. Calls may come from several
 * threads at once.
 *
 * @see Predictor
 */
public final class StagedModel implements AutoCloseable {
  private static final String VISION = "visual_encoder/";

  private final LoadedModel loaded;
  private final StagedCalls stages;

  private StagedModel(LoadedModel loaded) {
    this.loaded = loaded;
    this.stages = loaded.graph().stages();
  }

  /**
   * Opens a model of any form; an exported one is built anew from its variables.
   *
   * @param adjust changes the settings after those of the options
   * @throws IOException if it cannot be read; says what is wrong with it
   */
  public static StagedModel open(
      ModelSource source, PredictorOptions given, UnaryOperator<ServingSettings> adjust)
      throws IOException {
    PredictorOptions options = given.withSettings(own -> adjust.apply(given.adjust().apply(own)));
    LoadedModel loaded =
        source instanceof ModelSource.Exported exported
            ? LoadedModel.rebuild(exported, options)
            : LoadedModel.open(source, options);
    try {
      return new StagedModel(loaded);
    } catch (RuntimeException | Error e) {
      loaded.close();
      throw e;
    }
  }

  /**
   * The stages of a model that is open already; it is closed with the other.
   *
   * @throws IllegalArgumentException if it is an exported one, whose graph has no stages
   */
  public static StagedModel of(Predictor predictor) {
    return new StagedModel(
        predictor
            .loaded()
            .orElseThrow(
                () ->
                    new IllegalArgumentException(
                        "an exported model has no stages; open it with StagedModel.open")));
  }

  /** What the model is. */
  public ServingModel model() {
    return loaded.model();
  }

  /** Whether it writes captions. */
  public boolean writes() {
    return stages.sample().isPresent();
  }

  /** Whether it answers questions. */
  public boolean answers() {
    return stages.answer().isPresent();
  }

  /** Whether it has features and matches. */
  public boolean matches() {
    return stages.match().isPresent();
  }

  /** Whether both take the same pixels. */
  public boolean decodesLike(StagedModel other) {
    return vision().imageSize() == other.vision().imageSize();
  }

  /** Whether both make the same states of an image: equal image encoders with equal weights. */
  public boolean encodesLike(StagedModel other) {
    if (!vision().equals(other.vision())) {
      return false;
    }
    List<Variable<?>> own = visionVariables();
    List<Variable<?>> others = other.visionVariables();
    for (int i = 0; i < own.size(); i++) {
      if (!own.get(i).name().equals(others.get(i).name())
          || !Arrays.equals(value(own.get(i)), other.value(others.get(i)))) {
        return false;
      }
    }
    return own.size() == others.size();
  }

  /** The sizes of the image encoder. */
  public VitConfig vision() {
    return loaded.model().config().architecture().vision();
  }

  private List<Variable<?>> visionVariables() {
    return loaded.graph().variables().stream()
        .<Variable<?>>map(variable -> variable)
        .filter(variable -> variable.name().startsWith(VISION))
        .toList();
  }

  private float[] value(Variable<?> variable) {
    try (Result result = loaded.session().runner().fetch(variable.value()).run()) {
      return floats(result.get(0));
    }
  }

  /** Pixels {@code [B, S, S, 3]} and status {@code [B]} of image files. */
  public Result decode(List<byte[]> files) {
    try (TString bytes =
        TString.tensorOfBytes(NdArrays.vectorOfObjects(files.toArray(new byte[0][])))) {
      return stages.decode().run(loaded.session(), bytes);
    }
  }

  /** States {@code [B, P, W]} of pixels. */
  public Result encode(Tensor pixels) {
    return stages.encode().run(loaded.session(), pixels);
  }

  /**
   * A caption for each image, by search.
   *
   * @param states {@code [B, P, W]}; P is any number, as where a video's frames are concatenated
   */
  public List<Caption> captions(Tensor states) {
    try (Result result = stages.search().orElseThrow().run(loaded.session(), states)) {
      return captions(result);
    }
  }

  /** The same, drawn by chance with the seed in its row. */
  public List<Caption> captions(Tensor states, long[] seeds) {
    try (TInt64 numbers = seeds(seeds);
        Result result = stages.sample().orElseThrow().run(loaded.session(), states, numbers)) {
      return captions(result);
    }
  }

  private List<Caption> captions(Result result) {
    long[] ids = new long[Math.toIntExact(result.get(2).shape().size())];
    ((TInt64) result.get(2)).asRawTensor().data().asLongs().read(ids);
    return Caption.read(
        strings(result.get(0)), floats(result.get(1)), ids, loaded.model().vocabulary().pad());
  }

  /**
   * Answers to questions, each about the image in its row.
   *
   * @param states {@code [B, P, W]}; P is any number, as where a video's frames are concatenated
   */
  public List<Answer> answers(Tensor states, int[] rows, List<String> questions) {
    try (Result result = pairs(stages.answer(), states, rows, questions)) {
      return Answer.of(strings(result.get(0)), floats(result.get(1)), strings(result.get(2)));
    }
  }

  /** Match probabilities and cosines of texts, each with the image in its row. */
  public float[][] match(Tensor states, int[] rows, List<String> texts) {
    try (Result result = pairs(stages.match(), states, rows, texts)) {
      return new float[][] {floats(result.get(0)), floats(result.get(1))};
    }
  }

  /**
   * The logits {@code [N][2]} of "no match" and "match" of texts, each with the image in its row.
   * Texts of one call are best about equally long, since each is as wide as the longest.
   *
   * @param states {@code [B, P, W]}; P is any number, as where a video's frames are concatenated
   */
  public float[][] itmLogits(Tensor states, int[] rows, List<String> texts) {
    try (Result result = pairs(stages.matchLogits(), states, rows, texts)) {
      return rows(result.get(0));
    }
  }

  /**
   * The logits {@code [N][2]} of "another answer" and "the true answer" of dialogues that end with
   * an answer (blip-spec 7.6).
   *
   * @param states {@code [B, P, W]} of images
   * @param captions of the same images
   * @param rows which of the images each dialogue is about
   * @throws IllegalArgumentException if the model has no matching head
   */
  public float[][] judge(Tensor states, TokenBatch captions, int[] rows, TokenBatch dialogues) {
    StagedCalls.Call call =
        stages
            .judge()
            .orElseThrow(
                () ->
                    new IllegalArgumentException(
                        "a %s model has no matching head for dialogues; give a base model that is"
                                .formatted(model().config().task())
                            + " pre-trained, or fine-tuned for retrieval or dialogue"));
    try (TInt64 captionIds = numbers(captions, captions.ids());
        TInt64 captionMask = numbers(captions, captions.mask());
        TInt32 numbers = TInt32.tensorOf(Shape.of(rows.length), DataBuffers.of(rows, true, false));
        TInt64 ids = numbers(dialogues, dialogues.ids());
        TInt64 mask = numbers(dialogues, dialogues.mask());
        Result result =
            call.run(loaded.session(), states, captionIds, captionMask, numbers, ids, mask)) {
      return rows(result.get(0));
    }
  }

  private static TInt64 numbers(TokenBatch tokens, long[] values) {
    return TInt64.tensorOf(
        Shape.of(tokens.rows(), tokens.columns()), DataBuffers.of(values, true, false));
  }

  /** Features {@code [B][E]} of images before they are made of length 1. */
  public float[][] projectImages(Tensor states) {
    try (Result result = stages.projectImages().orElseThrow().run(loaded.session(), states)) {
      return rows(result.get(0));
    }
  }

  /** Features {@code [N][E]} of texts, of length 1. */
  public float[][] embedTexts(List<String> texts) {
    try (TString strings = TString.vectorOf(texts.toArray(new String[0]));
        Result result = stages.embedTexts().orElseThrow().run(loaded.session(), strings)) {
      return rows(result.get(0));
    }
  }

  private static TInt64 seeds(long[] seeds) {
    return TInt64.tensorOf(Shape.of(seeds.length), DataBuffers.of(seeds, true, false));
  }

  private Result pairs(
      Optional<StagedCalls.Call> call, Tensor states, int[] rows, List<String> texts) {
    try (TInt32 numbers =
            TInt32.tensorOf(Shape.of(rows.length), DataBuffers.of(rows, true, false));
        TString strings = TString.vectorOf(texts.toArray(new String[0]))) {
      return call.orElseThrow().run(loaded.session(), states, numbers, strings);
    }
  }

  /** The values of a vector of strings. */
  public static List<String> strings(Tensor tensor) {
    List<String> values = new ArrayList<>();
    ((TString) tensor).scalars().forEach(scalar -> values.add(scalar.getObject()));
    return values;
  }

  private static float[][] rows(Tensor matrix) {
    float[] values = floats(matrix);
    int width = Math.toIntExact(matrix.shape().get(1));
    float[][] rows = new float[values.length / width][];
    for (int row = 0; row < rows.length; row++) {
      rows[row] = Arrays.copyOfRange(values, row * width, (row + 1) * width);
    }
    return rows;
  }

  private static float[] floats(Tensor tensor) {
    float[] values = new float[Math.toIntExact(tensor.shape().size())];
    ((TFloat32) tensor).asRawTensor().data().asFloats().read(values);
    return values;
  }

  @Override
  public void close() {
    loaded.close();
  }
}
