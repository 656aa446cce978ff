package org.blip4j.training.run;

import com.google.common.collect.SetMultimap;
import com.google.common.collect.TreeMultimap;
import java.io.IOException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.blip4j.data.file.AtomicFolder;
import org.blip4j.graph.config.ConfigJson;
import org.tensorflow.exceptions.TensorFlowException;

/**
 * The checkpoints of a run: {@code step-N.data-00000-of-00001}, {@code step-N.json} and {@code
 * step-N.index}.
 *
 * <p>A checkpoint is written in a folder beside, flushed to the disk and moved file by file, the
 * state last; without it the checkpoint does not exist. What a killed process leaves is removed at
 * the next start.
 */
final class CheckpointStore {
  private static final Pattern NAME = Pattern.compile("step-(\\d{1,18})\\.(.+)");
  private static final String INDEX = "index";
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
    SetMultimap<Long, String> endings = TreeMultimap.create();
    for (Path file : files(folder)) {
      Matcher matcher = NAME.matcher(file.getFileName().toString());
      if (matcher.matches()) {
        endings.put(Long.parseLong(matcher.group(1)), matcher.group(2));
      }
    }
    return endings.keySet().stream()
        .filter(step -> endings.get(step).containsAll(List.of(INDEX, STATE)))
        .toList();
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
    AtomicFolder.sweep(folder);
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
    String name = "step-" + state.step();
    try (AtomicFolder written = AtomicFolder.create(folder.resolve(name))) {
      variables.write(written.path().resolve(name).toString());
      Files.writeString(written.path().resolve(name + "." + STATE), ConfigJson.write(state));
      written.commitFiles(List.of());
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
      Files.deleteIfExists(file(step, STATE));
    }
    clean();
  }

  private Path file(long step, String ending) {
    return folder.resolve("step-" + step + "." + ending);
  }

  private static List<Path> files(Path folder) throws IOException {
    if (!Files.isDirectory(folder)) {
      return List.of();
    }
    try (Stream<Path> files = Files.list(folder)) {
      return files.filter(Files::isRegularFile).toList();
    }
  }
}
