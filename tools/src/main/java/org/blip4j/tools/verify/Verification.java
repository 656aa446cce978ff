package org.blip4j.tools.verify;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/** Finds goldens and runs the check of each; what cannot be checked is a failed row, too. */
public final class Verification {
  private Verification() {}

  /**
   * The goldens that a path stands for: the folder or file itself, or all that are found below a
   * folder which is none; none found is for the caller to report.
   *
   * @throws IllegalArgumentException if nothing is there
   */
  public static List<Golden> find(Path path) throws IOException {
    if (!Files.exists(path)) {
      throw new IllegalArgumentException(path + ": no such golden folder or file");
    }
    if (!Files.isDirectory(path) || isGoldenFolder(path)) {
      return List.of(Golden.of(path));
    }
    List<Golden> found = new ArrayList<>();
    List<Path> candidates;
    try (Stream<Path> walk = Files.walk(path)) {
      candidates = walk.sorted().toList();
    }
    for (Path candidate : candidates) {
      if (isGoldenFolder(candidate)) {
        found.add(Golden.of(candidate));
      } else if (candidate.toString().endsWith(".jsonl")
          && !isGoldenFolder(candidate.getParent())) {
        found.add(Golden.of(candidate));
      }
    }
    return found;
  }

  /**
   * Checks one golden; every outcome is a row, and no row at all is a failure.
   *
   * @param machine devices, threads and kernels
   */
  public static void check(Golden golden, GoldenGraph.Machine machine, RowSink rows) {
    List<CheckRow> seen = new ArrayList<>();
    try {
      golden
          .kind()
          .checker(machine)
          .check(
              golden,
              row -> {
                seen.add(row);
                rows.accept(row);
              });
    } catch (UncheckedIOException e) {
      throw e; // the rows could not be written
    } catch (IOException | RuntimeException e) {
      CheckRow failed = CheckRow.failed(golden.name(), "read", String.valueOf(e.getMessage()));
      seen.add(failed);
      rows.accept(failed);
    }
    if (seen.isEmpty()) {
      rows.accept(CheckRow.failed(golden.name(), "anything", "nothing was compared"));
    }
  }

  private static boolean isGoldenFolder(Path path) {
    return Files.isRegularFile(path.resolve("cases.json"));
  }
}
