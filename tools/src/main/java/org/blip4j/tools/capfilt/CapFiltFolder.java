package org.blip4j.tools.capfilt;

import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.blip4j.data.file.AtomicFile;
import org.blip4j.data.file.AtomicFolder;
import org.blip4j.graph.config.ConfigJson;

/**
 * The files of a CapFilt output folder: {@code NAME.tfrecord}, {@code scores/NAME.jsonl}, {@code
 * stats.json}, {@code _SUCCESS}; and, hidden in {@code .capfilt}, the plan, the claims and a mark
 * for each finished shard.
 *
 * @param path the folder
 */
public record CapFiltFolder(Path path) {
  private static final String STATE = ".capfilt";

  /** The kept pairs of an input shard. */
  public Path shard(String name) {
    return path.resolve(name + ".tfrecord");
  }

  /** The scores of all images of an input shard. */
  public Path scores(String name) {
    return path.resolve("scores").resolve(name + ".jsonl");
  }

  /** The totals. */
  public Path stats() {
    return path.resolve("stats.json");
  }

  /** There, if and only if all is done. */
  public Path success() {
    return path.resolve("_SUCCESS");
  }

  /** The plan of the run. */
  public Path plan() {
    return path.resolve(STATE).resolve("plan.json");
  }

  Path claim(String name) {
    return path.resolve(STATE).resolve(name + ".claim");
  }

  Path mark(String name) {
    return path.resolve(STATE).resolve(name + ".done");
  }

  boolean isDone(String name) {
    return Files.exists(mark(name)) && Files.exists(shard(name)) && Files.exists(scores(name));
  }

  boolean isFinished() {
    return Files.exists(success());
  }

  /** The plan that the folder was begun with. */
  public CapFiltPlan readPlan() throws IOException {
    if (!Files.exists(plan())) {
      throw new IOException(path + " is not an output folder of capfilt: it has no " + plan());
    }
    return ConfigJson.read(plan(), CapFiltPlan.class);
  }

  /**
   * Starts the folder, or joins the work on it if it was started with the same plan.
   *
   * @throws IllegalArgumentException if it was started with another plan
   * @throws IOException if it holds something else
   */
  void join(CapFiltPlan plan) throws IOException {
    if (Files.exists(path) && !Files.isDirectory(path)) {
      throw new NotDirectoryException(path.toString());
    }
    if (!Files.exists(plan())) {
      refuseStrangeFiles();
      Files.createDirectories(plan().getParent());
      Files.createDirectories(path.resolve("scores"));
      start(plan);
    }
    String difference = readPlan().differenceTo(plan);
    if (!difference.isEmpty()) {
      throw new IllegalArgumentException(
          "%s was begun with other settings: %s; choose another folder, or give --overwrite"
              .formatted(path, difference));
    }
  }

  /** Of several processes that start at once, the first one's plan stands. */
  private void start(CapFiltPlan plan) throws IOException {
    Path mine = Files.createTempFile(plan().getParent(), "plan", ".tmp");
    try {
      ConfigJson.write(mine, plan);
      Files.createLink(plan(), mine);
    } catch (FileAlreadyExistsException e) {
      return;
    } catch (UnsupportedOperationException e) {
      Files.move(mine, plan());
    } finally {
      Files.deleteIfExists(mine);
    }
  }

  private void refuseStrangeFiles() throws IOException {
    if (!Files.exists(path)) {
      return;
    }
    try (Stream<Path> entries = Files.list(path)) {
      List<String> strange =
          entries
              .filter(entry -> !AtomicFolder.isWorkplace(entry))
              .map(entry -> entry.getFileName().toString())
              .filter(this::isStrange)
              .toList();
      if (!strange.isEmpty()) {
        throw new IOException(
            "%s exists and is not an output folder of capfilt (it holds %s); choose another place"
                .formatted(path, strange.get(0)));
      }
    }
  }

  private boolean isStrange(String name) {
    return !name.equals(STATE) && !name.equals("scores");
  }

  /** Removes what an earlier run left, as its plan lists it, and nothing else. */
  void clear() throws IOException {
    if (!Files.exists(plan())) {
      return;
    }
    Files.deleteIfExists(success());
    for (String name : readPlan().names()) {
      Files.deleteIfExists(mark(name));
      Files.deleteIfExists(claim(name));
      Files.deleteIfExists(shard(name));
      Files.deleteIfExists(scores(name));
    }
    Files.deleteIfExists(stats());
    Files.delete(plan());
  }

  /** Removes what killed processes left half-written; to be called when all shards are done. */
  void sweep() throws IOException {
    for (Path folder : List.of(path, path.resolve("scores"), path.resolve(STATE))) {
      AtomicFolder.sweep(folder);
      try (Stream<Path> entries = Files.list(folder)) {
        for (Path entry : (Iterable<Path>) entries::iterator) {
          String name = entry.getFileName().toString();
          if (name.startsWith(".") && name.endsWith(".tmp")) {
            Files.deleteIfExists(entry);
          }
        }
      }
    }
  }

  void finish() throws IOException {
    AtomicFile.write(success(), new byte[0]);
  }
}
