package org.blip4j.savedmodel.open;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.blip4j.data.text.Vocabulary;
import org.blip4j.data.weights.WeightFile;
import org.blip4j.graph.config.BlipConfig;
import org.blip4j.graph.config.ConfigJson;
import org.blip4j.graph.config.ModelConfig;
import org.blip4j.graph.config.Task;
import org.blip4j.graph.config.TextConfig;
import org.blip4j.graph.config.TextSettings;
import org.blip4j.graph.weights.PublishedModel;
import org.blip4j.graph.weights.PublishedTask;
import org.blip4j.savedmodel.huggingface.HuggingFaceConfig;
import org.blip4j.savedmodel.huggingface.HuggingFaceFolder;
import org.blip4j.savedmodel.huggingface.ImagePreparation;

/**
 * What published weights are, apart from their values.
 *
 * <p>The configuration is the one given, otherwise what a safetensors file of ours says about
 * itself, otherwise a {@code config.json} beside the weights; it may be ours, that of Hugging Face,
 * or a flat object with what the tensors do not tell. Without one, the tensors must tell
 * everything.
 *
 * @param model configuration and vocabulary
 * @param notes what the user should know, a sentence each
 * @see OpenModel
 */
public record PublishedDescription(ServingModel model, List<String> notes) {
  /** Key of our configuration in the strings of a safetensors file. */
  public static final String CONFIG_KEY = "blip4j.config";

  /** Key of the vocabulary, word pieces separated by line ends, if it is not BERT's. */
  public static final String VOCABULARY_KEY = "blip4j.vocabulary";

  public PublishedDescription {
    notes = List.copyOf(notes);
  }

  /** What a source without a task asked for is. */
  public static PublishedDescription of(WeightFile file, ModelSource.Published source)
      throws IOException {
    return of(file, source, Optional.empty());
  }

  /**
   * Describes weights.
   *
   * @param wanted the task to run them for; empty for their own
   * @throws IOException if they are of another model, no task of ours has their parts, or the
   *     configuration and the tensors disagree
   */
  public static PublishedDescription of(
      WeightFile file, ModelSource.Published source, Optional<Task> wanted) throws IOException {
    Optional<Path> configFile = configFile(file, source);
    Optional<JsonNode> given =
        configFile.isPresent()
            ? Optional.of(HuggingFaceFolder.VocabularyFiles.json(configFile.get()))
            : Optional.empty();
    Vocabulary vocabulary = vocabulary(file, source.path());
    Reader reader = new Reader(file, source, wanted, TextConfig.SpecialTokens.of(vocabulary));
    try {
      ModelConfig config = given.isPresent() ? reader.fromFile(given.get()) : reader.alone();
      TextConfig text = config.architecture().text();
      requireSame(text.tokens(), vocabulary);
      Vocabulary whole = vocabulary.filledUp(text.vocabularySize());
      return new PublishedDescription(new ServingModel(config, whole), reader.notes);
    } catch (IllegalArgumentException e) {
      throw new IOException(configFile.orElse(source.path()) + ": " + e.getMessage(), e);
    }
  }

  /** The same model for another task; its texts are prepared as that task's, if differently. */
  public static ModelConfig forTask(ModelConfig config, Task task) {
    TextSettings own = TextSettings.published(config.task());
    TextSettings other = TextSettings.published(task);
    return ModelConfig.of(
            task,
            config.architecture(),
            own.equals(other) ? config.textSettings() : other,
            config.provenance())
        .withLabelSmoothing(config.labelSmoothing());
  }

  private static Optional<Path> configFile(WeightFile file, ModelSource.Published source)
      throws IOException {
    if (source.config().isPresent()) {
      return source.config();
    }
    Path beside = folder(source.path()).resolve("config.json");
    if (ownStrings(file, CONFIG_KEY).isPresent() || !Files.isRegularFile(beside)) {
      return Optional.empty();
    }
    JsonNode node = HuggingFaceFolder.VocabularyFiles.json(beside);
    boolean known = isOurs(node) || HuggingFaceConfig.describes(node) || FlatConfig.describes(node);
    return known || Files.isDirectory(source.path()) ? Optional.of(beside) : Optional.empty();
  }

  private static boolean isOurs(JsonNode node) {
    return node.has("architecture");
  }

  private static Optional<String> ownStrings(WeightFile file, String key) {
    return Optional.ofNullable(file.metadata().get(key));
  }

  /** Published weights come with the vocabulary of BERT, or with one of their own. */
  private static Vocabulary vocabulary(WeightFile file, Path path) throws IOException {
    Optional<String> inside = ownStrings(file, VOCABULARY_KEY);
    if (inside.isPresent()) {
      return Vocabulary.of(List.of(inside.get().split("\n", -1)));
    }
    return HuggingFaceFolder.VocabularyFiles.find(folder(path))
        .orElseGet(Vocabulary::bertBaseUncased);
  }

  private static Path folder(Path path) {
    return Files.isDirectory(path) ? path : path.toAbsolutePath().getParent();
  }

  private static void requireSame(TextConfig.SpecialTokens tokens, Vocabulary vocabulary) {
    if (tokens.dec() != vocabulary.decode()
        || tokens.sep() != vocabulary.separator()
        || tokens.pad() != vocabulary.pad()) {
      throw new IllegalArgumentException(
          "[DEC] [SEP] [PAD] are %d, %d, %d there, but %d, %d, %d in the vocabulary"
              .formatted(
                  tokens.dec(),
                  tokens.sep(),
                  tokens.pad(),
                  vocabulary.decode(),
                  vocabulary.separator(),
                  vocabulary.pad()));
    }
  }

  /** Reads one configuration after the form that it has. */
  private static final class Reader {
    private final WeightFile file;
    private final Path path;
    private final ModelConfig.Provenance provenance;
    private final TextConfig.SpecialTokens tokens;
    private final Optional<Task> wanted;
    private final List<String> notes = new ArrayList<>();

    private Reader(
        WeightFile file,
        ModelSource.Published source,
        Optional<Task> wanted,
        TextConfig.SpecialTokens tokens) {
      this.file = file;
      this.tokens = tokens;
      this.path = source.path();
      this.provenance = source.provenance();
      this.wanted = wanted;
    }

    ModelConfig alone() throws IOException {
      Optional<String> inside = ownStrings(file, CONFIG_KEY);
      if (inside.isPresent()) {
        return fromFile(ConfigJson.tree(inside.get(), CONFIG_KEY));
      }
      PublishedModel model =
          PublishedModel.read(file, PublishedModel.Given.nothing().withTokens(tokens));
      return config(model.task(), model.config());
    }

    ModelConfig fromFile(JsonNode node) throws IOException {
      if (isOurs(node)) {
        ModelConfig config = ConfigJson.convert(node, "config", ModelConfig.class);
        return wanted.map(task -> forTask(config, task)).orElse(config);
      }
      if (HuggingFaceConfig.describes(node)) {
        HuggingFaceConfig config = HuggingFaceConfig.read(node, tokens);
        config.doubt().ifPresent(notes::add);
        if (Files.isDirectory(path)) {
          ImagePreparation.require(path, config.architecture().vision().imageSize());
        }
        PublishedTask told = PublishedTask.of(file.tensors().keySet());
        return config(config.task().orElse(told), config.architecture())
            .withLabelSmoothing(config.labelSmoothing());
      }
      if (FlatConfig.describes(node)) {
        FlatConfig flat = new FlatConfig(node);
        PublishedModel model = PublishedModel.read(file, flat.given(tokens));
        return config(model.task(), flat.adjust(model.config()));
      }
      throw new IllegalArgumentException(
          "neither a configuration of ours (architecture), nor of Hugging Face (model_type), nor a"
              + " flat object with values such as vision_heads and text_heads");
    }

    private ModelConfig config(PublishedTask published, BlipConfig architecture)
        throws IOException {
      Optional<Task> task = wanted.or(published::task);
      if (task.isEmpty()) {
        throw new IOException(
            path + ": a published " + published + " model; it cannot be run here");
      }
      int most = architecture.text().maxPositions();
      TextSettings texts = TextSettings.published(task.get());
      TextSettings fitting =
          new TextSettings(
              texts.prompt(),
              texts.maxWords(),
              Math.min(texts.matchTokens(), most),
              Math.min(texts.minCaptionTokens(), most),
              Math.min(texts.maxCaptionTokens(), most));
      return ModelConfig.of(task.get(), architecture, fitting, provenance);
    }
  }
}
