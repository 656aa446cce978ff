package org.blip4j.tools.input;

import com.google.common.collect.ImmutableList;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.blip4j.data.file.FileNames;
import org.blip4j.data.file.TextFile;
import org.blip4j.data.tfrecord.ShardSet;
import org.blip4j.tools.console.Console;
import picocli.CommandLine.Option;

/** Options that name images beside a command's own arguments. */
public final class ImageArguments {
  @Option(
      names = "--images-from",
      paramLabel = "FILE",
      description = "Read paths of images from a file, one a line; - is standard input.")
  private String listFile;

  /** Whether there is a list. */
  public boolean given() {
    return listFile != null;
  }

  /** Whether the list is read from standard input. */
  public boolean usesStandardInput() {
    return "-".equals(listFile);
  }

  /**
   * The images of the arguments and of the list. An argument that names nothing becomes an image
   * that cannot be read, as long as there is another one.
   *
   * @throws IOException if no argument names anything
   */
  public ImageStream open(List<String> arguments, Console console) throws IOException {
    return new ImageStream(sources(arguments, console.in()), note -> console.warn("%s", note));
  }

  /** The same where every image must be a file of its own. */
  public ImageStream openFiles(List<String> arguments, Console console, String why)
      throws IOException {
    List<ImageSource> sources = sources(arguments, console.in());
    for (ImageSource source : sources) {
      if (source instanceof ImageSource.Shards shards) {
        throw new IllegalArgumentException(shards.shards().paths().get(0) + " is a shard; " + why);
      }
    }
    return new ImageStream(sources, note -> console.warn("%s", note));
  }

  /**
   * A file that holds an image, or a shard of them.
   *
   * @param file as it was named
   */
  public record Place(Path file, boolean shard) {}

  /**
   * Where the images of the arguments and of the list lie, in order, before any of them is read;
   * what names nothing is told as failed.
   *
   * @throws IOException if no argument names anything
   */
  public List<Place> places(List<String> arguments, Console console) throws IOException {
    List<Place> places = new ArrayList<>();
    for (ImageSource source : sources(arguments, console.in())) {
      if (source instanceof ImageSource.Lines lines) {
        try (TextFile reader = lines.reader()) {
          addLines(reader, places, console);
        }
      } else {
        add(source, places, console);
      }
    }
    return places;
  }

  private static void addLines(TextFile lines, List<Place> places, Console console)
      throws IOException {
    FileNames names = new FileNames();
    for (Optional<TextFile.Line> next = lines.next(); next.isPresent(); next = lines.next()) {
      TextFile.Line line = next.get();
      if (line.problem().isPresent()) {
        console.failed("%s line %d".formatted(lines.name(), line.number()), line.problem().get());
      } else if (!line.text().isBlank()) {
        add(named(names, line.text()), places, console);
      }
    }
  }

  private static ImageSource named(FileNames names, String name) {
    try {
      Path path = names.find(name);
      if (Files.isDirectory(path)) {
        return ImageSource.folder(path);
      }
      return Files.exists(path) && ImageSource.isShard(path)
          ? new ImageSource.Shards(ShardSet.of(List.of(path)))
          : new ImageSource.Paths(List.of(path));
    } catch (IOException | InvalidPathException e) {
      return new ImageSource.Missing(name, String.valueOf(e.getMessage()));
    }
  }

  private static void add(ImageSource source, List<Place> places, Console console) {
    if (source instanceof ImageSource.Paths files) {
      files.note().ifPresent(note -> console.warn("%s", note));
      files.paths().forEach(path -> places.add(new Place(path, false)));
    } else if (source instanceof ImageSource.Shards shards) {
      shards.shards().paths().forEach(path -> places.add(new Place(path, true)));
    } else if (source instanceof ImageSource.Missing missing) {
      console.failed(missing.argument(), missing.why());
    }
  }

  private List<ImageSource> sources(List<String> arguments, InputStream in) throws IOException {
    if (arguments.isEmpty() && listFile == null) {
      throw new IllegalArgumentException(
          "no images given; name files, folders, globs or shards, or give --images-from FILE");
    }
    List<ImageSource> sources = new ArrayList<>();
    IOException first = null;
    for (String argument : arguments) {
      try {
        sources.addAll(ImageSource.find(argument));
      } catch (InvalidPathException e) {
        sources.add(new ImageSource.Missing(argument, "not a path: " + e.getReason()));
      } catch (IOException e) {
        first = first == null ? e : first;
        String prefix = argument + ": ";
        String why = String.valueOf(e.getMessage());
        sources.add(
            new ImageSource.Missing(
                argument, why.startsWith(prefix) ? why.substring(prefix.length()) : why));
      }
    }
    if (listFile != null) {
      sources.add(new ImageSource.Lines(lines(in)));
    } else if (first != null
        && sources.stream().allMatch(source -> source instanceof ImageSource.Missing)) {
      throw first;
    }
    return ImmutableList.copyOf(sources);
  }

  private TextFile lines(InputStream in) throws IOException {
    return usesStandardInput()
        ? TextFile.open("standard input", in)
        : TextFile.open(Path.of(listFile));
  }
}
