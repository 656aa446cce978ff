package org.blip4j.savedmodel.open;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Stream;
import org.blip4j.graph.config.ModelConfig;
import org.blip4j.graph.config.ModelFolder;
import org.blip4j.savedmodel.hub.HubName;
import org.blip4j.savedmodel.hub.HubRepository;
import org.blip4j.savedmodel.hub.HubSettings;

/**
 * A model as users name it: a folder, a file of published weights, or an exported model.
 *
 * <pre>{@code
 * ModelSource model = ModelSource.resolve("hf:Salesforce/blip-image-captioning-base");
 * }</pre>
 */
public sealed interface ModelSource {

  /** The path it was named by, for messages. */
  Path path();

  /** A folder with {@code config.json}, {@code vocab.txt} and a checkpoint. */
  record Folder(ModelFolder folder) implements ModelSource {
    @Override
    public Path path() {
      return folder.path();
    }
  }

  /**
   * Published weights: a {@code .pth}, a safetensors file or a Hugging Face folder.
   *
   * @param path the file or folder
   * @param config a {@code config.json} of ours that says what the tensors do not
   * @param provenance where the weights come from
   */
  record Published(Path path, Optional<Path> config, ModelConfig.Provenance provenance)
      implements ModelSource {
    /** Weights at a path. */
    public Published(Path path, Optional<Path> config) {
      this(path, config, provenance(path.toString(), "unknown"));
    }

    /** A copy of a repository of the hub, in a folder named by the commit. */
    static Published ofHub(String name, Path copy, Optional<Path> config) {
      return new Published(copy, config, provenance(name, copy.getFileName().toString()));
    }

    private static ModelConfig.Provenance provenance(String source, String commit) {
      return new ModelConfig.Provenance(source, "published", commit, 0);
    }
  }

  /**
   * A SavedModel of ours.
   *
   * @param path the folder with {@code saved_model.pb}
   */
  record Exported(Path path) implements ModelSource {
    /** Name of the file that says what the model is. */
    public static final String INFO_FILE = "assets.extra/blip.json";

    /** Name of the vocabulary's file. */
    public static final String VOCABULARY_FILE = "assets.extra/vocab.txt";

    /** What the model is. */
    public Path infoFile() {
      return path.resolve(INFO_FILE);
    }

    /** The word pieces, a line each. */
    public Path vocabularyFile() {
      return path.resolve(VOCABULARY_FILE);
    }

    /** The prefix of the checkpoint's files. */
    public Path variables() {
      return path.resolve("variables/variables");
    }
  }

  /** Tells what a path is; see {@link #resolve(String)}. */
  static ModelSource resolve(Path path) throws IOException {
    return resolve(Objects.requireNonNull(path, "path is null; name a model").toString());
  }

  /** {@link #resolve(String, Optional)} without a configuration. */
  static ModelSource resolve(String name) throws IOException {
    return resolve(name, Optional.empty());
  }

  /**
   * {@link #resolve(String, Optional, HubSettings, HubRepository.Listener)} as the environment
   * says.
   */
  static ModelSource resolve(String name, Optional<Path> config) throws IOException {
    return resolve(name, config, HubSettings.of(System.getenv()), HubRepository.Listener.SILENT);
  }

  /**
   * Tells what a name is; {@code hf:OWNER/NAME} is downloaded if the cache does not have it.
   *
   * @param config a configuration for weights that do not tell their own; refused elsewhere
   * @param hub where repositories come from and are kept
   * @param listener hears how far a download is
   * @throws IOException if it is nothing that can be run; says what it lacks
   */
  static ModelSource resolve(
      String name, Optional<Path> config, HubSettings hub, HubRepository.Listener listener)
      throws IOException {
    Objects.requireNonNull(name, "name is null; name a model, such as a folder");
    if (name.startsWith(HubName.PREFIX)) {
      Path copy = new HubRepository(HubName.parse(name), hub, listener).folder();
      return Published.ofHub(name, copy, config);
    }
    Path path = Path.of(name);
    if (!Files.exists(path)) {
      throw new IOException(
          path
              + ": no such file or folder; give a model folder, a .pth or safetensors file, a"
              + " Hugging Face folder, an exported model or hf:OWNER/NAME");
    }
    ModelSource source =
        Files.isDirectory(path) ? folder(path, config) : new Published(path, config);
    if (config.isPresent() && !(source instanceof Published)) {
      throw new IOException(path + " has a configuration of its own and takes no other");
    }
    return source;
  }

  private static ModelSource folder(Path path, Optional<Path> config) throws IOException {
    if (isExported(path)) {
      return new Exported(path);
    }
    ModelFolder folder = new ModelFolder(path);
    if (folder.looksComplete()) {
      return new Folder(folder);
    }
    if (hasPublishedWeights(path)) {
      return new Published(path, config);
    }
    Optional<Path> version = newestVersion(path);
    if (version.isPresent()) {
      return new Exported(version.get());
    }
    ModelFolder model = new ModelFolder(path.resolve("model"));
    if (model.looksComplete()) {
      return new Folder(model); // the folder of a run
    }
    try (Stream<Path> content = Files.list(path)) {
      if (content.findAny().isEmpty()) {
        throw new IOException(path + " is an empty folder; there is no model in it");
      }
    }
    if (Files.exists(path.resolve("adapter_config.json"))) {
      throw new IOException(
          path
              + " is a LoRA adapter, which is no model of its own; merge it into its base model"
              + " first (peft: merge_and_unload, then save_pretrained) and give that folder");
    }
    folder.readConfig(); // names what is missing
    throw new IOException(path + " is not a complete model folder");
  }

  private static boolean isExported(Path path) {
    return Files.isRegularFile(path.resolve("saved_model.pb"));
  }

  private static boolean hasPublishedWeights(Path path) {
    return Stream.of("model.safetensors", "pytorch_model.bin")
        .flatMap(name -> Stream.of(name, name + ".index.json"))
        .anyMatch(name -> Files.isRegularFile(path.resolve(name)));
  }

  private static Optional<Path> newestVersion(Path path) throws IOException {
    try (Stream<Path> content = Files.list(path)) {
      return content
          .filter(child -> child.getFileName().toString().matches("[1-9]\\d{0,17}"))
          .filter(ModelSource::isExported)
          .max(Comparator.comparingLong(child -> Long.parseLong(child.getFileName().toString())));
    } catch (UncheckedIOException e) {
      throw e.getCause();
    }
  }
}
