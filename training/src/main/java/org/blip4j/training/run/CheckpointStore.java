package org.blip4j.training.run;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.blip4j.graph.config.ConfigJson;
import org.tensorflow.exceptions.TensorFlowException;

/**
 * The checkpoints of a run: {@code step-N.data-00000-of-00001}, {@code step-N.json} and {@code
 * step-N.index}.
 *
 * <p>A checkpoint is written in a folder beside, flushed to the disk and renamed file by file, the
 * index last; without its index it does not exist. What a killed process leaves is removed at the
 * next start.
 */
final class CheckpointStore {
  private static final Pattern NAME = Pattern.compile("step-(\\d{1,18})\\.(.+)");
  private static final String INDEX = "index";
  private static final String WRITING = ".writing";
  private static final String STATE = "json";

  private final Path folder;
  private final int keep;

  /** Writes variables to a path without {@code .index}. */
  @FunctionalInterface
  interface Writer {
    void write(String prefix) throws IOException;
  }

  CheckpointStore(Path folder, int keep) {
    this.folder = folder;
    this.keep = keep;
  }

  /** The steps of whole checkpoints, oldest first. */
  List<Long> steps() throws IOException {
    if (!Files.isDirectory(folder)) {
      return List.of();
    }
    List<Long> steps = new ArrayList<>();
    for (Path file : files(folder)) {
      Matcher matcher = NAME.matcher(file.getFileName().toString());
      if (matcher.matches() && matcher.group(2).equals(INDEX)) {
        steps.add(Long.parseLong(matcher.group(1)));
      }
    }
    steps.sort(Comparator.naturalOrder());
    return List.copyOf(steps);
  }

  /** The newest whole checkpoint. */
  Optional<CheckpointState> newest() throws IOException {
    List<Long> steps = steps();
    if (steps.isEmpty()) {
      return Optional.empty();
    }
    long step = steps.get(steps.size() - 1);
    return Optional.of(ConfigJson.read(file(step, STATE), CheckpointState.class));
  }

  /** The path of a checkpoint without {@code .index}. */
  String prefix(long step) {
    return folder.resolve("step-" + step).toString();
  }

  /** Removes what a killed process left half-written. */
  void clean() throws IOException {
    if (!Files.isDirectory(folder)) {
      return;
    }
    deleteTree(folder.resolve(WRITING));
    Set<Long> whole = new HashSet<>(steps());
    for (Path file : files(folder)) {
      Matcher matcher = NAME.matcher(file.getFileName().toString());
      if (matcher.matches() && !whole.contains(Long.parseLong(matcher.group(1)))) {
        Files.delete(file);
      }
    }
  }

  /** Writes a checkpoint and removes those beyond the number to keep. */
  void write(CheckpointState state, Writer variables) throws IOException {
    Path beside = folder.resolve(WRITING);
    try {
      Files.createDirectories(folder);
      deleteTree(beside);
      Files.createDirectories(beside);
      String name = "step-" + state.step();
      variables.write(beside.resolve(name).toString());
      Files.writeString(beside.resolve(name + "." + STATE), ConfigJson.write(state));
      List<Path> written = new ArrayList<>(files(beside));
      written.sort(Comparator.comparing(file -> file.toString().endsWith("." + INDEX)));
      for (Path file : written) {
        sync(file);
      }
      for (Path file : written) {
        Files.move(
            file,
            folder.resolve(file.getFileName()),
            StandardCopyOption.ATOMIC_MOVE,
            StandardCopyOption.REPLACE_EXISTING);
      }
      deleteTree(beside);
    } catch (IOException | TensorFlowException e) {
      FileSystemException named =
          new FileSystemException(
              prefix(state.step()), null, "the checkpoint cannot be written: " + e.getMessage());
      named.initCause(e);
      throw named;
    }
    removeOld();
  }

  private void removeOld() throws IOException {
    List<Long> steps = steps();
    for (long step : steps.subList(0, Math.max(0, steps.size() - keep))) {
      Files.deleteIfExists(file(step, INDEX));
    }
    clean();
  }

  private Path file(long step, String ending) {
    return folder.resolve("step-" + step + "." + ending);
  }

  private static void sync(Path file) throws IOException {
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
      channel.force(true);
    }
  }

  private static List<Path> files(Path folder) throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files.filter(Files::isRegularFile).toList();
    }
  }

  static void deleteTree(Path folder) throws IOException {
    if (!Files.exists(folder)) {
      return;
    }
    List<Path> paths;
    try (Stream<Path> walk = Files.walk(folder)) {
      paths = walk.sorted(Comparator.reverseOrder()).toList();
    }
    for (Path path : paths) {
      Files.delete(path);
    }
  }
}
