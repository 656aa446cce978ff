package org.blip4j.tools.input;

import com.google.common.collect.ImmutableList;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.blip4j.data.file.TextFile;
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
