package org.blip4j.savedmodel.hub;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.TreeSet;
import org.blip4j.data.file.AtomicFile;
import org.blip4j.data.file.AtomicFolder;
import org.blip4j.savedmodel.huggingface.ImagePreparation;

/**
 * A model repository of the hub and its copy in the cache.
 *
 * <p>{@code new HubRepository(name, settings, listener).folder()} gives a Hugging Face folder with
 * the files that a model needs and no others: {@code config.json}, weights (safetensors before
 * PyTorch's, whole before shards), vocabulary and image preparation. A revision that the cache has
 * whole costs one request, a commit none. Several processes may ask at once.
 */
public final class HubRepository {
  /** Hears how far a download is. */
  @FunctionalInterface
  public interface Listener {
    /** Hears nothing. */
    Listener SILENT = (file, done, total) -> {};

    /**
     * Some bytes of a file have come.
     *
     * @param file its name
     * @param done bytes that are there, those of an earlier start included
     * @param total its size, if the hub tells it
     */
    void progress(String file, long done, OptionalLong total);
  }

  private static final String CONFIG = "config.json";
  private static final String[] WEIGHTS = {"model.safetensors", "pytorch_model.bin"};
  private static final String[] VOCABULARY = {"vocab.txt", "tokenizer.json"};

  private final HubName name;
  private final HubSettings settings;
  private final Listener listener;
  private final HubHttp http;
  private final Path root;

  /** A repository; nothing is asked or written yet. */
  public HubRepository(HubName name, HubSettings settings, Listener listener) {
    this.name = name;
    this.settings = settings;
    this.listener = listener;
    this.http = new HubHttp(name, settings);
    this.root =
        settings.cache().resolve("hf").resolve(name.owner()).resolve(name.name()).toAbsolutePath();
  }

  /**
   * The folder with the model's files, downloaded if need be.
   *
   * @throws HubException if it cannot be had; says why
   */
  public Path folder() throws IOException {
    Optional<Path> known = known();
    if (settings.offline()) {
      return known.orElseThrow(
          () ->
              new HubException(
                  "%s is not in the cache %s; be online once".formatted(name, settings.cache())));
    }
    if (known.isPresent() && name.isCommit()) {
      return known.get();
    }
    Files.createDirectories(root);
    try (FileChannel lock =
            FileChannel.open(
                root.resolve(".lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
        FileLock held = lock.lock()) {
      if (!held.isValid()) {
        throw new HubException(root + ": the cache cannot be locked");
      }
      return download();
    }
  }

  /** The whole copy that the revision had when it was last asked for. */
  private Optional<Path> known() throws IOException {
    Path reference = reference();
    String commit = Files.exists(reference) ? Files.readString(reference).strip() : name.encoded();
    Snapshot snapshot = Snapshot.open(snapshot(commit));
    return snapshot.isComplete() ? Optional.of(snapshot.folder()) : Optional.empty();
  }

  private Path reference() {
    return root.resolve("refs").resolve(name.encoded());
  }

  private Path snapshot(String commit) {
    return root.resolve("snapshots").resolve(commit.replaceAll("[^\\w%.-]", "_"));
  }

  private Path download() throws IOException {
    HubHttp.Remote config =
        http.ask(CONFIG)
            .orElseThrow(
                () ->
                    new HubException(
                        "%s: there is no such repository or revision at %s, or it has no %s"
                            .formatted(name, settings.endpoint(), CONFIG)));
    String commit = config.commit().orElse(name.encoded());
    Snapshot snapshot = Snapshot.open(snapshot(commit));
    AtomicFolder.sweep(snapshot.folder());
    boolean sameCommit = config.commit().isPresent() && snapshot.has(CONFIG, config);
    if (!sameCommit || !snapshot.isComplete()) {
      Files.createDirectories(snapshot.folder());
      snapshot.complete(false);
      take(snapshot, CONFIG, config);
      takeWeights(snapshot, config);
      if (!takeIfThere(snapshot, VOCABULARY[0], config)) {
        takeIfThere(snapshot, VOCABULARY[1], config);
      }
      if (!takeIfThere(snapshot, ImagePreparation.FILE, config)) {
        takeIfThere(snapshot, ImagePreparation.NEWER_FILE, config);
      }
      snapshot.complete(true);
    }
    AtomicFile.write(reference(), commit.getBytes(StandardCharsets.UTF_8));
    return snapshot.folder();
  }

  private void takeWeights(Snapshot snapshot, HubHttp.Remote config) throws IOException {
    for (String weights : WEIGHTS) {
      if (takeIfThere(snapshot, weights, config)) {
        return;
      }
      String index = weights + ".index.json";
      if (takeIfThere(snapshot, index, config)) {
        for (String shard : shards(snapshot.folder().resolve(index))) {
          if (!takeIfThere(snapshot, shard, config)) {
            throw new HubException(name + ": " + shard + " is missing, which " + index + " names");
          }
        }
        return;
      }
    }
    throw new HubException(
        name + ": no weights there; expected model.safetensors or pytorch_model.bin");
  }

  private Iterable<String> shards(Path index) throws IOException {
    TreeSet<String> shards = new TreeSet<>();
    try {
      for (JsonNode shard :
          new ObjectMapper().readTree(Files.readAllBytes(index)).path("weight_map")) {
        if (!shard.asText().matches("\\w[\\w.-]*") || shard.asText().contains("..")) {
          throw new HubException(name + ": '" + shard.asText() + "' is not the name of a shard");
        }
        shards.add(shard.asText());
      }
    } catch (JsonProcessingException e) {
      throw new HubException(name + ": " + index.getFileName() + " is not valid JSON", e);
    }
    return shards;
  }

  private boolean takeIfThere(Snapshot snapshot, String file, HubHttp.Remote config)
      throws IOException {
    Optional<HubHttp.Remote> remote = http.ask(file);
    if (remote.isEmpty()) {
      return false;
    }
    Optional<String> commit = remote.get().commit();
    if (commit.isPresent() && config.commit().isPresent() && !commit.equals(config.commit())) {
      throw new HubException(name + ": the repository has just changed; run again");
    }
    take(snapshot, file, remote.get());
    return true;
  }

  private void take(Snapshot snapshot, String file, HubHttp.Remote remote) throws IOException {
    if (!snapshot.has(file, remote)) {
      new HubDownload(name, settings, http, listener)
          .fetch(file, remote, snapshot.folder().resolve(file));
      snapshot.add(file, remote);
    }
  }

  /**
   * The files of one commit of a repository in the cache, with a note of what the hub said about
   * each.
   */
  static final class Snapshot {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final String STATE = ".hub.json";
    private static final String COMPLETE = "complete";
    private static final String FILES = "files";
    private static final String ETAG = "etag";
    private static final String SIZE = "size";

    private final Path folder;
    private final ObjectNode state;

    private Snapshot(Path folder, ObjectNode state) {
      this.folder = folder;
      this.state = state;
    }

    /** Opens a snapshot, a new and empty one if there is none. */
    static Snapshot open(Path folder) throws IOException {
      Path file = folder.resolve(STATE);
      if (Files.exists(file)) {
        try {
          if (JSON.readTree(Files.readAllBytes(file)) instanceof ObjectNode state) {
            return new Snapshot(folder, state);
          }
        } catch (JsonProcessingException e) {
          Files.delete(file); // as if nothing were there
        }
      }
      return new Snapshot(folder, JSON.createObjectNode());
    }

    Path folder() {
      return folder;
    }

    /** Whether all files that a model needs are there. */
    boolean isComplete() {
      boolean all = state.path(COMPLETE).asBoolean(false);
      for (var entry : state.path(FILES).properties()) {
        all &= Files.exists(folder.resolve(entry.getKey()));
      }
      return all;
    }

    /** Whether a file is there with the content that the hub has. */
    boolean has(String name, HubHttp.Remote remote) throws IOException {
      JsonNode file = state.path(FILES).path(name);
      Path path = folder.resolve(name);
      return !remote.etag().isEmpty()
          && Files.isRegularFile(path)
          && file.path(ETAG).asText().equals(remote.etag())
          && file.path(SIZE).asLong() == Files.size(path)
          && remote.size().orElse(file.path(SIZE).asLong()) == file.path(SIZE).asLong();
    }

    void add(String name, HubHttp.Remote remote) throws IOException {
      ObjectNode file = state.withObject("/" + FILES).putObject(name);
      file.put(ETAG, remote.etag());
      file.put(SIZE, Files.size(folder.resolve(name)));
      write();
    }

    void complete(boolean all) throws IOException {
      state.put(COMPLETE, all);
      write();
    }

    private void write() throws IOException {
      AtomicFile.write(folder.resolve(STATE), JSON.writeValueAsBytes(state));
    }
  }
}
