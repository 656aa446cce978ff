package org.blip4j.tools.infer;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine.Option;

/** Options that name images beside a command's own arguments. */
final class ImageArguments {
  @Option(
      names = "--images-from",
      paramLabel = "FILE",
      description = "Read paths of images from a file, one a line; - is standard input.")
  private String listFile;

  /**
   * The images of the arguments and of the list.
   *
   * @throws IOException if an argument names nothing
   */
  ImageStream open(List<String> arguments, InputStream in) throws IOException {
    if (arguments.isEmpty() && listFile == null) {
      throw new IllegalArgumentException(
          "no images given; name files, folders, globs or shards, or give --images-from FILE");
    }
    List<ImageSource> sources = new ArrayList<>();
    for (String argument : arguments) {
      sources.add(ImageSource.of(argument));
    }
    if (listFile != null) {
      sources.add(new ImageSource.Lines(lines(in)));
    }
    return new ImageStream(sources);
  }

  private BufferedReader lines(InputStream in) throws IOException {
    return listFile.equals("-")
        ? new BufferedReader(new InputStreamReader(in, StandardCharsets.UTF_8))
        : Files.newBufferedReader(Path.of(listFile));
  }
}
