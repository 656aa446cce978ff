package org.blip4j.data.dataset;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;
import org.blip4j.data.sample.Columns;

/**
 * Where images and captions come from: an image folder and the rows of its caption file.
 *
 * <p>A source named by a folder has its caption file in it: {@code captions}, {@code metadata},
 * {@code annotations} or {@code results} with {@code .csv .tsv .json .jsonl}, or the only file with
 * such an ending; or else a {@code .txt} beside each image. A source named by a caption file has
 * its images in the same folder or below.
 */
public record PackSource(ImageFolder folder, List<CaptionRow> rows) {
  private static final List<String> NAMES =
      List.of("captions", "metadata", "annotations", "results");
  private static final List<String> ENDINGS = List.of("csv", "tsv", "json", "jsonl");

  /**
   * How caption files are read.
   *
   * @param noHeader take the first row of a CSV file for data
   */
  public record Reading(ColumnNames names, boolean noHeader) {}

  /** A folder with captions in it, or a caption file with images around it. */
  public static PackSource open(Path source, Reading reading) throws IOException {
    if (Files.isDirectory(source)) {
      List<Path> candidates = captionFiles(source);
      ImageFolder folder = ImageFolder.open(source);
      return candidates.isEmpty()
          ? sidecars(folder)
          : new PackSource(folder, read(candidates.get(0), reading));
    }
    if (!Files.exists(source)) {
      throw new IOException(source + ": there is no such folder or caption file");
    }
    return open(source, source.toAbsolutePath().getParent(), reading);
  }

  /** A caption file and the folder of its images. */
  public static PackSource open(Path captions, Path images, Reading reading) throws IOException {
    List<CaptionRow> rows = read(captions, reading);
    return new PackSource(ImageFolder.open(images), rows);
  }

  private static List<CaptionRow> read(Path file, Reading reading) throws IOException {
    if (!Files.isRegularFile(file)) {
      throw new IOException(file + ": there is no such caption file");
    }
    return switch (ending(file)) {
      case "jsonl", "ndjson" -> new JsonCaptions(file, reading.names()).readLines();
      case "json" -> new JsonCaptions(file, reading.names()).read();
      case "csv", "tsv", "txt", "token" ->
          new CsvCaptions(file, reading.names(), reading.noHeader()).read();
      default ->
          throw new IOException(
              file + ": captions are read from .csv, .tsv, .json and .jsonl files only");
    };
  }

  /** The caption file of a folder, if it has any; several of unknown names are an error. */
  private static List<Path> captionFiles(Path folder) throws IOException {
    List<Path> files;
    try (Stream<Path> entries = Files.list(folder)) {
      files =
          entries
              .filter(p -> Files.isRegularFile(p) && ENDINGS.contains(ending(p)))
              .sorted()
              .toList();
    }
    List<Path> known =
        files.stream()
            .filter(p -> NAMES.contains(ImageFolder.stem(p).toLowerCase(Locale.ROOT)))
            .toList();
    List<Path> candidates = known.isEmpty() ? files : known;
    if (candidates.size() > 1) {
      throw new IOException(
          "%s has more than one caption file: %s; choose one with --captions"
              .formatted(
                  folder, candidates.stream().map(p -> p.getFileName().toString()).toList()));
    }
    return candidates;
  }

  private static PackSource sidecars(ImageFolder folder) throws IOException {
    List<CaptionRow> rows = new ArrayList<>();
    for (Path image : folder.images()) {
      Path text = image.resolveSibling(ImageFolder.stem(image) + ".txt");
      if (Files.isRegularFile(text)) {
        List<String> texts =
            Files.readAllLines(text, StandardCharsets.UTF_8).stream()
                .map(String::strip)
                .filter(line -> !line.isEmpty())
                .toList();
        String name = folder.root().relativize(image).toString();
        rows.add(new CaptionRow(name, texts, Columns.NONE, text.toString()));
      }
    }
    if (rows.isEmpty()) {
      throw new IOException(
          "%s: has %d images but no captions.csv, .tsv, .json or .jsonl, and no .txt beside an image;"
                  .formatted(folder.root(), folder.images().size())
              + " name the file with --captions");
    }
    return new PackSource(folder, rows);
  }

  private static String ending(Path file) {
    String name = file.getFileName().toString().toLowerCase(Locale.ROOT);
    return name.substring(name.lastIndexOf('.') + 1);
  }
}
