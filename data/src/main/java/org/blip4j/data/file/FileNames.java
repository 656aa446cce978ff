package org.blip4j.data.file;

import com.google.common.base.CharMatcher;
import com.google.common.collect.ImmutableListMultimap;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.text.Normalizer;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * Finds the files that lists mean, also where another system wrote the names: where no file has a
 * name as it stands, {@code \} is a {@code /}, letters that a Mac takes apart (NFD) equal the whole
 * ones (NFC), and a name that differs in case from exactly one file means that file.
 *
 * <p>Each folder is listed once, when a name in it is first not found as it stands.
 */
public final class FileNames {
  private final Map<Path, ImmutableListMultimap<String, Path>> listed = new HashMap<>();

  /** The form in which names are compared: composed, lower case. */
  public static String folded(String name) {
    boolean plain = CharMatcher.ascii().matchesAllOf(name);
    String composed = plain ? name : Normalizer.normalize(name, Normalizer.Form.NFC);
    return composed.toLowerCase(Locale.ROOT);
  }

  /** Of names that are equal when {@link #folded}, those that are nearest to the one written. */
  public static List<Path> nearest(List<Path> candidates, String written) {
    String composed = Normalizer.normalize(written, Normalizer.Form.NFC);
    List<Path> equal = candidates.stream().filter(p -> p.endsWith(written)).toList();
    List<Path> same =
        candidates.stream()
            .filter(p -> Normalizer.normalize(p.toString(), Normalizer.Form.NFC).endsWith(composed))
            .toList();
    return !equal.isEmpty() ? equal : !same.isEmpty() ? same : candidates;
  }

  /** The file that a name means, or its path as it stands, if there is none. */
  public Path find(String name) {
    Path written = Path.of(name);
    if (Files.exists(written)) {
      return written;
    }
    Path slashed = name.indexOf('\\') < 0 ? written : Path.of(name.replace('\\', '/'));
    return Files.exists(slashed) ? slashed : walk(slashed).orElse(written);
  }

  /** Goes down folder by folder; empty where a part names no file, or more than one. */
  private Optional<Path> walk(Path path) {
    Path here = path.isAbsolute() ? path.getRoot() : Path.of("");
    for (Path part : path) {
      Path next = here.resolve(part);
      if (!Files.exists(next)) {
        List<Path> found = nearest(list(here).get(folded(part.toString())), part.toString());
        if (found.size() != 1) {
          return Optional.empty();
        }
        next = found.get(0);
      }
      here = next;
    }
    return Optional.of(here);
  }

  private ImmutableListMultimap<String, Path> list(Path folder) {
    return listed.computeIfAbsent(folder, FileNames::listNow);
  }

  private static ImmutableListMultimap<String, Path> listNow(Path folder) {
    ImmutableListMultimap.Builder<String, Path> names = ImmutableListMultimap.builder();
    boolean here = folder.toString().isEmpty();
    try (Stream<Path> entries = Files.list(here ? Path.of(".") : folder)) {
      for (Path entry : (Iterable<Path>) entries.sorted()::iterator) {
        Path name = entry.getFileName();
        names.put(folded(name.toString()), here ? name : folder.resolve(name));
      }
    } catch (IOException | InvalidPathException e) {
      return ImmutableListMultimap.of(); // no folder: the name as it stands is then not found
    }
    return names.build();
  }
}
