package org.blip4j.data.dataset;

import com.google.common.collect.ImmutableList;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.blip4j.data.dataset.CaptionFile.Problem;
import org.blip4j.data.dataset.CaptionFile.Reading;
import org.blip4j.data.dataset.CaptionFile.Row;
import org.blip4j.data.file.TextFile;
import org.blip4j.data.sample.Columns;

/**
 * Which images are packed, with which texts, and which rows cannot be used.
 *
 * <p>Captions of one image become one record with several texts; each question and each statement
 * about two images is a record of its own. Records of one image have one key: the image's, of two
 * the left one's. The key is the file's name without ending; with its folders where two images
 * share that, and with its source's where two sources share these, too.
 *
 * @param items the images to pack
 * @param missing rows whose image is not there
 * @param problems rows that cannot be read, or may mean several images
 * @param uncaptioned how many images have no text
 */
public record PackPlan(
    ImmutableList<Item> items,
    ImmutableList<Problem> missing,
    ImmutableList<Problem> problems,
    long uncaptioned) {
  private static final List<String> NAMES =
      List.of("captions", "metadata", "annotations", "results");

  /**
   * One record to pack.
   *
   * @param file its image, or the left one of a statement
   * @param statement the other image and what is said about both
   */
  public record Item(
      Path file, String key, List<String> texts, Columns columns, Optional<Statement> statement) {
    Stream<Path> files() {
      return Stream.concat(Stream.of(file), statement.map(Statement::right).stream());
    }
  }

  /**
   * What is said about two images.
   *
   * @param label 1 = true, 0 = false, -1 = not known
   */
  public record Statement(Path right, String text, int label) {
    private static final String[] COLUMNS = {
      CaptionFile.RIGHT, CaptionFile.STATEMENT, CaptionFile.LABEL
    };
  }

  /** Images and what is said about them. */
  private record Source(ImageFolder folder, CaptionFile captions) {}

  /** Collects sources. */
  public static final class Builder {
    private final Reading reading;
    private final boolean videos;
    private final List<Source> sources = new ArrayList<>();

    private Builder(Reading reading, boolean videos) {
      this.reading = reading;
      this.videos = videos;
    }

    /**
     * Adds a folder or a caption file. A folder has its caption file in it: {@code captions},
     * {@code metadata}, {@code annotations} or {@code results} with {@code .csv .tsv .json .jsonl},
     * or the only file with such an ending; or else a {@code .txt} beside each image. A caption
     * file has its images in the same folder or below.
     */
    public Builder source(Path source) throws IOException {
      if (Files.isDirectory(source)) {
        ImageFolder folder = open(source);
        Optional<Path> captions = captionFile(source);
        sources.add(
            captions.isPresent()
                ? read(captions.get(), folder)
                : new Source(folder, besides(folder)));
        return this;
      }
      if (!Files.exists(source)) {
        throw new IOException(source + ": there is no such folder or caption file");
      }
      return captions(source, source.toAbsolutePath().getParent());
    }

    /** Adds a caption file and the folder of its images. */
    public Builder captions(Path captions, Path images) throws IOException {
      sources.add(read(captions, open(images)));
      return this;
    }

    private ImageFolder open(Path folder) throws IOException {
      return videos ? ImageFolder.openVideos(folder) : ImageFolder.open(folder);
    }

    private Source read(Path captions, ImageFolder folder) throws IOException {
      return new Source(folder, CaptionFile.read(captions, reading, name -> isThere(folder, name)));
    }

    private static boolean isThere(ImageFolder folder, String name) {
      try {
        return folder.find(name).isPresent();
      } catch (IllegalArgumentException e) {
        return true; // more than once
      }
    }

    /** The plan for all sources. */
    public PackPlan build() {
      return new Planning().plan(sources);
    }
  }

  /** Starts a plan without sources. */
  public static Builder of(Reading reading) {
    return new Builder(reading, false);
  }

  /** Starts a plan whose images are videos (see {@link ImageFolder#videos}). */
  public static Builder ofVideos(Reading reading) {
    return new Builder(reading, true);
  }

  /** The caption file of a folder, if it has any; several of unknown names are an error. */
  private static Optional<Path> captionFile(Path folder) throws IOException {
    List<Path> files;
    try (Stream<Path> entries = Files.list(folder)) {
      files =
          entries.filter(p -> CaptionFile.isKnown(p) && Files.isRegularFile(p)).sorted().toList();
    }
    List<Path> known =
        files.stream()
            .filter(p -> NAMES.contains(ImageFolder.stem(p).toLowerCase(Locale.ROOT)))
            .toList();
    List<Path> candidates = known.isEmpty() ? files : known;
    if (candidates.size() > 1) {
      throw new IOException(
          "%s has more than one caption file: %s; choose one and name it"
              .formatted(
                  folder, candidates.stream().map(p -> p.getFileName().toString()).toList()));
    }
    return candidates.stream().findFirst();
  }

  /** Text files beside images, one caption a line; one that cannot be read is a problem. */
  private static CaptionFile besides(ImageFolder folder) throws IOException {
    ImmutableList.Builder<Row> rows = ImmutableList.builder();
    ImmutableList.Builder<Problem> problems = ImmutableList.builder();
    int texts = 0;
    for (Path image : folder.images()) {
      Optional<Path> text = folder.textBeside(image);
      if (text.isPresent()) {
        texts++;
        try {
          List<String> lines =
              TextFile.lines(text.get()).stream()
                  .map(String::strip)
                  .filter(line -> !line.isEmpty())
                  .toList();
          String name = folder.root().relativize(image).toString();
          rows.add(new Row(name, lines, Columns.NONE, text.get().toString()));
        } catch (IOException e) {
          String place = text.get().toString();
          String what = String.valueOf(e.getMessage());
          problems.add(
              new Problem(
                  place, what.startsWith(place) ? what.substring(place.length()).strip() : what));
        }
      }
    }
    if (texts == 0) {
      throw new IOException(
          "%s: has %d %ss but no captions.csv, .tsv, .json or .jsonl, and no .txt beside an image;"
                  .formatted(folder.root(), folder.images().size(), folder.what())
              + " name the file with the captions");
    }
    return new CaptionFile(rows.build(), problems.build());
  }

  /** Brings the rows of all sources together. */
  private static final class Planning {
    private final List<Item> items = new ArrayList<>();
    private final Map<Path, Item> captioned = new HashMap<>();
    private final ImmutableList.Builder<Problem> missing = ImmutableList.builder();
    private final ImmutableList.Builder<Problem> problems = ImmutableList.builder();

    PackPlan plan(List<Source> sources) {
      long images = 0;
      for (Source source : sources) {
        images += source.folder().images().size();
        problems.addAll(source.captions().problems());
        source.captions().rows().forEach(row -> add(source.folder(), row));
      }
      long used = items.stream().flatMap(Item::files).distinct().count();
      return new PackPlan(
          withUniqueKeys(), missing.build(), problems.build(), Math.max(0, images - used));
    }

    private void add(ImageFolder folder, Row row) {
      try {
        Optional<Path> file = find(folder, row, row.image());
        if (file.isEmpty()) {
          return;
        }
        if (row.isStatement()) {
          addStatement(folder, file.get(), row);
        } else if (row.isQuestion()) {
          row.requireQuestion();
          item(folder, file.get(), row.columns(), Optional.empty());
        } else {
          captioned
              .computeIfAbsent(
                  file.get(), image -> item(folder, image, row.columns(), Optional.empty()))
              .texts()
              .addAll(row.texts());
        }
      } catch (IllegalArgumentException e) {
        problems.add(new Problem(row.place(), e.getMessage()));
      }
    }

    private void addStatement(ImageFolder folder, Path left, Row row) {
      String text = row.columns().text(CaptionFile.STATEMENT).orElse("").strip();
      if (text.isEmpty()) {
        throw new IllegalArgumentException("its statement is empty");
      }
      int label = row.label();
      find(folder, row, row.columns().text(CaptionFile.RIGHT).orElse(""))
          .ifPresent(
              right ->
                  item(
                      folder,
                      left,
                      row.columns().without(Statement.COLUMNS),
                      Optional.of(new Statement(right, text, label))));
    }

    /** An image of a row; one that is not there is noted. */
    private Optional<Path> find(ImageFolder folder, Row row, String name) {
      Optional<Path> file = folder.find(name);
      if (file.isEmpty()) {
        missing.add(
            new Problem(
                row.place(),
                "there is no %s \"%s\" below %s".formatted(folder.what(), name, folder.root())));
      }
      return file;
    }

    private Item item(
        ImageFolder folder, Path file, Columns columns, Optional<Statement> statement) {
      Path root = folder.root().normalize();
      Path inside = file.startsWith(root) ? root.relativize(file) : file;
      Item item = new Item(file, inside.toString(), new ArrayList<>(), columns, statement);
      items.add(item);
      return item;
    }

    private ImmutableList<Item> withUniqueKeys() {
      Map<String, Integer> stems = new HashMap<>();
      Map<String, Integer> inside = new HashMap<>();
      Map<Path, Item> images = new HashMap<>();
      items.forEach(item -> images.put(item.file(), item));
      for (Item item : images.values()) {
        stems.merge(ImageFolder.stem(item.file()), 1, Integer::sum);
        inside.merge(item.key(), 1, Integer::sum);
      }
      ImmutableList.Builder<Item> keyed = ImmutableList.builder();
      for (Item item : items) {
        String stem = ImageFolder.stem(item.file());
        String path = inside.get(item.key()) == 1 ? item.key() : item.file().toString();
        String key = stems.get(stem) == 1 ? stem : path;
        keyed.add(
            new Item(
                item.file(), key, List.copyOf(item.texts()), item.columns(), item.statement()));
      }
      return keyed.build();
    }
  }
}
