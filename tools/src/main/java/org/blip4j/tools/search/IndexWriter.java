package org.blip4j.tools.search;

import com.fasterxml.jackson.databind.json.JsonMapper;
import com.google.common.io.MoreFiles;
import com.google.common.io.RecursiveDeleteOption;
import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.blip4j.data.file.AtomicFile;
import org.blip4j.data.file.AtomicFolder;
import org.blip4j.data.file.FolderLock;
import org.blip4j.data.file.JsonFile;
import org.blip4j.tools.infer.NpyWriter;

/**
 * Makes an index, or brings one up to date: features of the finished one are taken over, new ones
 * are stored in the hidden folder {@value #STATE} as they are computed, so that a killed process
 * loses one batch, and all are written in the order of the input at the end.
 */
final class IndexWriter implements Closeable {
  /** The hidden folder of what is computed and not yet in the index. */
  static final String STATE = ".indexing";

  private static final JsonMapper JSON = JsonMapper.builder().build();

  private final Path folder;
  private final FeatureIndex.Info info;
  private final Optional<FeatureIndex> old;
  private final Map<Picture, Integer> oldRows = new HashMap<>();
  private final FolderLock lock;
  private StoredFeatures stored;

  /**
   * What became of an index.
   *
   * @param pictures that are in it now
   * @param added of them were not in it
   * @param changed of them were in it as they were before
   * @param dropped pictures that are in it no more
   */
  record Outcome(String index, int pictures, int added, int changed, int dropped) {
    String text() {
      return "%s: pictures: %d in all, %d added, %d changed, %d dropped"
          .formatted(index, pictures, added, changed, dropped);
    }
  }

  private IndexWriter(
      Path folder, FeatureIndex.Info info, Optional<FeatureIndex> old, FolderLock lock) {
    this.folder = folder;
    this.info = info;
    this.old = old;
    this.lock = lock;
  }

  /**
   * Takes a folder, and what is in it of an index with the same features.
   *
   * @param overwrite whether an index of other features, or a damaged one, may be replaced
   * @throws IllegalArgumentException if it has other features and may not be replaced
   * @throws IOException if it holds something else
   */
  static IndexWriter open(Path folder, FeatureIndex.Info info, boolean overwrite)
      throws IOException {
    refuseStrangeFiles(folder);
    FolderLock lock = FolderLock.take(folder);
    try {
      AtomicFolder.sweep(folder);
      IndexWriter writer = new IndexWriter(folder, info, finished(folder, info, overwrite), lock);
      writer.openState(overwrite);
      return writer;
    } catch (IOException | RuntimeException | Error e) {
      lock.close();
      throw e;
    }
  }

  private static void refuseStrangeFiles(Path folder) throws IOException {
    if (!Files.isDirectory(folder)
        || Files.exists(folder.resolve(FeatureIndex.INFO))
        || Files.exists(folder.resolve(STATE))) {
      return;
    }
    try (Stream<Path> entries = Files.list(folder)) {
      Optional<Path> strange =
          entries
              .filter(entry -> !entry.endsWith(FolderLock.NAME) && !AtomicFolder.isWorkplace(entry))
              .findFirst();
      if (strange.isPresent()) {
        throw new IOException(
            "%s exists and is no index (it holds %s); choose another place"
                .formatted(folder, strange.get().getFileName()));
      }
    }
  }

  private static Optional<FeatureIndex> finished(
      Path folder, FeatureIndex.Info info, boolean overwrite) throws IOException {
    if (overwrite || !Files.exists(folder.resolve(FeatureIndex.INFO))) {
      return Optional.empty();
    }
    FeatureIndex index = FeatureIndex.open(folder);
    refuseOther(folder, index.info(), info);
    return Optional.of(index);
  }

  private static void refuseOther(Path folder, FeatureIndex.Info there, FeatureIndex.Info here) {
    String difference = there.differenceTo(here);
    if (!difference.isEmpty()) {
      throw new IllegalArgumentException(
          "%s has other features: %s; choose another folder, or give --overwrite to make it anew"
              .formatted(folder, difference));
    }
  }

  private void openState(boolean overwrite) throws IOException {
    Path state = folder.resolve(STATE);
    Path begun = state.resolve(FeatureIndex.INFO);
    if (Files.exists(begun)) {
      FeatureIndex.Info there = JsonFile.read(begun).as(FeatureIndex.Info.class);
      if (overwrite && !there.differenceTo(info).isEmpty()) {
        removeState();
      } else {
        refuseOther(folder, there, info);
      }
    }
    Files.createDirectories(state);
    AtomicFile.write(begun, JsonFile.write(info));
    stored = new StoredFeatures(state);
    if (old.isPresent()) {
      for (int row = 0; row < old.get().size(); row++) {
        oldRows.put(old.get().picture(row), row);
      }
    }
  }

  /** Whether the feature of the picture, as its file is now, is known. */
  boolean has(Picture picture) {
    return oldRows.containsKey(picture) || stored.has(picture);
  }

  /** How many features were computed and are not yet in the finished index. */
  int taken() {
    return stored.size();
  }

  /** Stores a batch; each feature has length 1. */
  void add(List<Picture> pictures, List<float[]> values) throws IOException {
    stored.add(pictures, values);
  }

  /**
   * Writes the index, with those pictures whose features are known, in the order of the set.
   *
   * @throws IOException if there is none
   */
  Outcome finish(Set<Picture> wanted) throws IOException {
    List<Picture> order = wanted.stream().filter(this::has).toList();
    if (order.isEmpty()) {
      throw new IOException("none of the pictures could be read; there is no index to write");
    }
    Set<String> before = new HashSet<>();
    oldRows.keySet().forEach(picture -> before.add(picture.place()));
    int added = 0;
    int kept = 0;
    for (Picture picture : order) {
      added += before.remove(picture.place()) ? 0 : 1;
      kept += oldRows.containsKey(picture) ? 1 : 0;
    }
    Outcome outcome =
        new Outcome(
            folder.toString(), order.size(), added, order.size() - added - kept, before.size());
    if (!isWritten(order)) {
      write(order);
    }
    stored.close();
    removeState();
    return outcome;
  }

  private void removeState() throws IOException {
    MoreFiles.deleteRecursively(folder.resolve(STATE), RecursiveDeleteOption.ALLOW_INSECURE);
  }

  private boolean isWritten(List<Picture> order) {
    return order.size() == oldRows.size()
        && IntStream.range(0, order.size())
            .allMatch(row -> oldRows.getOrDefault(order.get(row), -1) == row);
  }

  private int width() {
    return old.map(index -> index.info().width()).orElse(stored.width());
  }

  private void write(List<Picture> order) throws IOException {
    List<Path> older = new ArrayList<>();
    try (AtomicFolder draft = AtomicFolder.create(folder.resolve(FeatureIndex.INFO));
        NpyWriter array = new NpyWriter(draft.path().resolve(FeatureIndex.FEATURES), false)) {
      StringBuilder text = new StringBuilder();
      for (Picture picture : order) {
        Integer row = oldRows.get(picture);
        array.add(picture.image(), row != null ? old.get().feature(row) : stored.feature(picture));
        text.append(JSON.writeValueAsString(picture)).append('\n');
      }
      array.commit();
      Files.writeString(draft.path().resolve(FeatureIndex.PICTURES), text);
      String sha256 = FeatureIndex.sha256(text.toString());
      FeatureIndex.Info done = info.with(order.size(), width(), sha256);
      Files.writeString(draft.path().resolve(FeatureIndex.INFO), JsonFile.write(done));
      try (Stream<Path> files = Files.list(draft.path())) {
        files
            .map(file -> folder.resolve(file.getFileName()))
            .filter(Files::exists)
            .forEach(older::add);
      }
      draft.commitFiles(older);
    }
  }

  @Override
  public void close() throws IOException {
    try (lock) {
      stored.close();
      if (stored.size() == 0 && Files.exists(folder.resolve(STATE))) {
        removeState();
      }
    }
  }
}
