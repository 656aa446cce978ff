package org.blip4j.savedmodel.hub;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.blip4j.data.file.AtomicFile;

/**
 * The files of one commit of a repository in the cache, with a note of what the hub said about
 * each.
 */
final class HubSnapshot {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final String STATE = ".hub.json";
  private static final String COMPLETE = "complete";
  private static final String FILES = "files";
  private static final String ETAG = "etag";
  private static final String SIZE = "size";

  private final Path folder;
  private final ObjectNode state;

  private HubSnapshot(Path folder, ObjectNode state) {
    this.folder = folder;
    this.state = state;
  }

  /** Opens a snapshot, a new and empty one if there is none. */
  static HubSnapshot open(Path folder) throws IOException {
    Path file = folder.resolve(STATE);
    if (Files.exists(file)) {
      try {
        if (JSON.readTree(Files.readAllBytes(file)) instanceof ObjectNode state) {
          return new HubSnapshot(folder, state);
        }
      } catch (JsonProcessingException e) {
        Files.delete(file); // as if nothing were there
      }
    }
    return new HubSnapshot(folder, JSON.createObjectNode());
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
