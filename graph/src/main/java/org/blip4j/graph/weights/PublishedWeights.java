package org.blip4j.graph.weights;

import com.google.common.collect.ImmutableMap;
import com.google.common.collect.ImmutableSet;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import org.blip4j.data.weights.StoredTensor;
import org.blip4j.data.weights.WeightFile;
import org.blip4j.data.weights.WeightFileException;

/**
 * Published weights under the names that they had before a wrapper put something in front of all of
 * them: {@code module.} of DataParallel, {@code _orig_mod.} of a compiled model, {@code model.} of
 * a training framework.
 *
 * @param file the file as it is
 * @param prefix what stands before every name
 * @param tensors the tensors under their published names
 */
public record PublishedWeights(
    WeightFile file, String prefix, ImmutableMap<String, StoredTensor> tensors)
    implements WeightFile {
  private static final int DEEPEST = 4;
  private static final int MOST = 200;
  private static final int SHOWN = 3;

  /**
   * Opens a file or folder.
   *
   * @throws WeightFileException as {@link WeightFile#open} and {@link #of}
   */
  public static WeightFile open(Path path) throws IOException {
    WeightFile file = WeightFile.open(path);
    try {
      return of(file);
    } catch (IOException | RuntimeException e) {
      file.close();
      throw e;
    }
  }

  /**
   * The file under published names; the same file if it has them already, or none at all.
   *
   * @throws WeightFileException if only some of the names have something before them, which nothing
   *     can tell from another model's
   */
  public static WeightFile of(WeightFile file) throws WeightFileException {
    ImmutableSet<String> names = file.tensors().keySet();
    Optional<String> found =
        isPublished(names)
            ? Optional.empty()
            : prefixes(names).filter(prefix -> isPublished(without(prefix, names))).findFirst();
    if (found.isEmpty()) {
      return file;
    }
    String prefix = found.get();
    List<String> others = names.stream().filter(name -> !name.startsWith(prefix)).toList();
    if (others.size() > names.size() / 2) {
      return file;
    }
    if (!others.isEmpty()) {
      throw new WeightFileException(
          file.path(),
          "%d of %d tensors are BLIP's with '%s' before their names, %d are not (%s); save the"
                  .formatted(
                      names.size() - others.size(),
                      names.size(),
                      prefix,
                      others.size(),
                      String.join(", ", others.subList(0, Math.min(SHOWN, others.size()))))
              + " model's own state dict");
    }
    ImmutableMap.Builder<String, StoredTensor> tensors = ImmutableMap.builder();
    file.tensors().forEach((name, tensor) -> tensors.put(name.substring(prefix.length()), tensor));
    return new PublishedWeights(file, prefix, tensors.buildOrThrow());
  }

  /** What may stand before the names: their first parts, short ones first. */
  private static Stream<String> prefixes(ImmutableSet<String> names) {
    Set<String> prefixes = new LinkedHashSet<>();
    for (String name : names) {
      int end = name.indexOf('.');
      for (int parts = 0; parts < DEEPEST && end >= 0 && prefixes.size() < MOST; parts++) {
        prefixes.add(name.substring(0, end + 1));
        end = name.indexOf('.', end + 1);
      }
    }
    return prefixes.stream();
  }

  private static List<String> without(String prefix, ImmutableSet<String> names) {
    return names.stream()
        .filter(name -> name.startsWith(prefix))
        .map(name -> name.substring(prefix.length()))
        .toList();
  }

  private static boolean isPublished(Collection<String> names) {
    try {
      return PublishedForm.of(names) != null;
    } catch (IllegalArgumentException e) {
      return false;
    }
  }

  @Override
  public Path path() {
    return file.path();
  }

  @Override
  public String kind() {
    return file.kind() + ", names after '" + prefix + "'";
  }

  @Override
  public ImmutableMap<String, String> metadata() {
    return file.metadata();
  }

  @Override
  public void close() throws IOException {
    file.close();
  }
}
