package org.blip4j.graph.weights;

import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableMap;
import com.google.common.collect.Maps;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.blip4j.data.text.Vocabulary;
import org.blip4j.data.weights.StoredTensor;
import org.blip4j.data.weights.WeightFile;
import org.blip4j.data.weights.WeightFileException;
import org.blip4j.graph.config.BlipConfig;
import org.blip4j.graph.config.ModelConfig;
import org.blip4j.graph.config.Task;
import org.blip4j.graph.config.TextConfig;
import org.blip4j.graph.config.TextSettings;
import org.blip4j.graph.config.VitConfig;
import org.tensorflow.ndarray.Shape;

/**
 * What pre-training starts from: a vision transformer trained on ImageNet and a BERT, seen as
 * weights of a BLIP model (paper, section 4.1; blip-spec 2.6 and 5.10).
 *
 * <p>Encoder and decoder both take BERT's layers, the decoder BERT's head of masked words, too.
 * Cross-attention, projections, matching head and the words [DEC] and [ENC], which neither model
 * has, stay as initialised; classifier, pooler and token types have no place in BLIP. Either model
 * may be left out; then all of its part stays as initialised.
 *
 * <pre>{@code
 * Path deit = Path.of("deit_base_patch16_224-b5f2ef4d.pth");
 * StartingModel start =
 *     UnimodalWeights.start(Optional.of(deit), Optional.of(Path.of("bert-base-uncased")));
 * }</pre>
 */
public final class UnimodalWeights implements WeightFile {
  private static final int IMAGE_SIZE = 224;
  private static final int NEW_WORDS = 2;
  private static final String VISION = "visual_encoder";
  private static final String ENCODER = "text_encoder";
  private static final String DECODER = "text_decoder";
  private static final String WORDS = ENCODER + ".embeddings.word_embeddings.weight";
  private static final String LM_HEAD = ".cls.predictions.";

  private final Optional<WeightFile> vision;
  private final Optional<WeightFile> text;
  private final Map<String, StoredTensor> tensors = new LinkedHashMap<>();
  private final List<String> unused = new ArrayList<>();

  private UnimodalWeights(Optional<WeightFile> vision, Optional<WeightFile> text) {
    this.vision = vision;
    this.text = text;
  }

  /**
   * Opens both.
   *
   * @param vision a state dict with timm's names (DeiT) or the arrays of a ViT from JAX; empty for
   *     none
   * @param text BERT in PyTorch, safetensors, TensorFlow's SavedModel, or a folder with one of
   *     these; empty for none
   * @throws IOException if a file is damaged or holds something else; says what
   */
  public static UnimodalWeights open(Optional<Path> vision, Optional<Path> text)
      throws IOException {
    WeightFile images = vision.isPresent() ? WeightFile.open(vision.get()) : null;
    WeightFile words = null;
    try {
      words = text.isPresent() ? UnimodalNames.openBert(text.get()) : null;
      UnimodalWeights weights =
          new UnimodalWeights(Optional.ofNullable(images), Optional.ofNullable(words));
      weights.takeAll();
      return weights;
    } catch (IOException | RuntimeException e) {
      close(images);
      close(words);
      throw e;
    }
  }

  /**
   * The two as a model to start from; sizes are those of the files, and those of base where a file
   * is left out.
   *
   * @throws IOException as {@link #open}, or if a vocabulary beside BERT has another number of
   *     words
   */
  public static StartingModel start(Optional<Path> vision, Optional<Path> text) throws IOException {
    String name =
        Stream.of(vision, text)
            .flatMap(Optional::stream)
            .map(Path::toString)
            .reduce((first, second) -> first + " and " + second)
            .orElseThrow(() -> new IllegalArgumentException("neither of the two models is given"));
    Vocabulary vocabulary = vocabulary(text);
    try (UnimodalWeights weights = open(vision, text)) {
      BlipConfig base = BlipConfig.base(IMAGE_SIZE);
      BlipConfig architecture =
          new BlipConfig(
              weights.visionConfig(),
              weights.textConfig(vocabulary),
              base.embedDim(),
              base.initialization());
      ModelConfig config =
          ModelConfig.of(
              Task.PRETRAIN,
              architecture,
              TextSettings.published().within(architecture.text().maxPositions()),
              new ModelConfig.Provenance(name, "published", "unknown", 0));
      return new StartingModel(name, config, vocabulary, () -> open(vision, text));
    }
  }

  private static Vocabulary vocabulary(Optional<Path> text) throws IOException {
    if (text.isPresent()) {
      Path folder = Files.isDirectory(text.get()) ? text.get() : text.get().resolveSibling("");
      for (String name : new String[] {"vocab.txt", "assets/vocab.txt"}) {
        if (Files.isRegularFile(folder.resolve(name))) {
          return Vocabulary.read(folder.resolve(name));
        }
      }
    }
    return Vocabulary.bertBaseUncased();
  }

  private void takeAll() throws IOException {
    if (vision.isPresent()) {
      for (var entry : UnimodalNames.vision(vision.get()).entrySet()) {
        take(entry.getKey(), entry.getValue(), VISION + ".");
      }
      require(vision.get(), VISION + ".blocks.0.attn.qkv.weight", "a vision transformer");
    }
    if (text.isPresent()) {
      for (var entry : UnimodalNames.bert(text.get()).entrySet()) {
        boolean head = entry.getKey().startsWith("cls.");
        take(entry.getKey(), entry.getValue(), head ? DECODER + "." : ENCODER + ".");
        if (!head && !UnimodalNames.isUnused(entry.getKey())) {
          tensors.put(DECODER + ".bert." + entry.getKey(), entry.getValue());
        }
      }
      require(text.get(), ENCODER + ".encoder.layer.0.attention.self.query.weight", "BERT");
      require(text.get(), WORDS, "BERT");
    }
  }

  private void take(String name, StoredTensor tensor, String prefix) {
    if (UnimodalNames.isUnused(name)) {
      unused.add(tensor.name());
    } else {
      tensors.put(prefix + name, tensor);
    }
  }

  private void require(WeightFile file, String tensor, String what) throws WeightFileException {
    if (!tensors.containsKey(tensor)) {
      throw new WeightFileException(
          file.path(),
          "not the weights of %s: no tensor in the place of %s; the file begins with %s"
              .formatted(
                  what,
                  tensor.substring(tensor.indexOf('.') + 1),
                  file.tensors().keySet().stream().findFirst().orElse("nothing")));
    }
  }

  private VitConfig visionConfig() throws WeightFileException {
    try {
      return vision.isPresent()
          ? PublishedModel.vision(Maps.transformValues(tensors, StoredTensor::shape))
          : VitConfig.base(IMAGE_SIZE);
    } catch (IllegalArgumentException e) {
      throw new WeightFileException(vision.orElseThrow().path(), e.getMessage());
    }
  }

  private TextConfig textConfig(Vocabulary vocabulary) throws WeightFileException {
    if (text.isEmpty()) {
      return TextConfig.base();
    }
    Shape words = tensors.get(WORDS).shape();
    long rows = words.get(0);
    if (rows > vocabulary.size() || rows < vocabulary.size() - NEW_WORDS) {
      throw new WeightFileException(
          text.get().path(),
          "%d rows of word embeddings do not belong to a vocabulary of %d, [DEC] and [ENC] counted;"
                  .formatted(rows, vocabulary.size())
              + " put the model's vocab.txt beside it");
    }
    Map<String, Shape> shapes = new HashMap<>(Maps.transformValues(tensors, StoredTensor::shape));
    shapes.put(WORDS, Shape.of(vocabulary.size(), words.get(1)));
    return PublishedModel.text(shapes, vocabulary);
  }

  /** Whether a variable has nothing to take from the two models. */
  boolean mayStay(String variable) {
    if (variable.startsWith(VISION + "/")) {
      return vision.isEmpty();
    }
    if (variable.startsWith(ENCODER + "/") || variable.startsWith(DECODER + "/")) {
      boolean noHead = tensors.keySet().stream().noneMatch(name -> name.contains(LM_HEAD));
      return text.isEmpty()
          || variable.contains("/crossattention/")
          || (noHead && variable.contains(LM_HEAD.replace('.', '/')));
    }
    return true;
  }

  /** Tensors that have no place in BLIP, by their names in the files. */
  ImmutableList<String> unused() {
    return ImmutableList.copyOf(unused);
  }

  @Override
  public Path path() {
    return vision.or(() -> text).orElseThrow().path();
  }

  @Override
  public String kind() {
    return "a vision transformer and BERT";
  }

  @Override
  public ImmutableMap<String, StoredTensor> tensors() {
    return ImmutableMap.copyOf(tensors);
  }

  @Override
  public void close() throws IOException {
    try {
      close(vision.orElse(null));
    } finally {
      close(text.orElse(null));
    }
  }

  private static void close(WeightFile file) throws IOException {
    if (file != null) {
      file.close();
    }
  }
}
