package org.blip4j.tools.doctor;

import com.google.common.base.Splitter;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Finds the CUDA runtime and cuDNN where the dynamic linker looks for them and where installers put
 * them.
 *
 * @param folders folders to look in, in this order
 */
record CudaLibraries(List<Path> folders) {
  private static final Pattern VERSION = Pattern.compile("\\.so\\.(\\d+(\\.\\d+)*)$");

  /** The usual folders of this machine. */
  static CudaLibraries ofMachine(String libraryPath) {
    List<Path> folders = new ArrayList<>();
    Splitter.on(':').omitEmptyStrings().split(libraryPath).forEach(p -> folders.add(Path.of(p)));
    folders.add(Path.of("/usr/local/cuda/lib64"));
    folders.addAll(
        matching(Path.of("/usr/local"), "cuda-*").stream()
            .map(folder -> folder.resolve("lib64"))
            .toList());
    folders.add(Path.of("/usr/lib/x86_64-linux-gnu"));
    folders.add(Path.of("/usr/lib/aarch64-linux-gnu"));
    folders.add(Path.of("/usr/lib64"));
    return new CudaLibraries(List.copyOf(folders));
  }

  /** The version of a library such as {@code libcudnn}, as the name of its file tells it. */
  Optional<String> version(String library) {
    return folders.stream()
        .flatMap(folder -> matching(folder, library + ".so.*").stream())
        .map(CudaLibraries::versionOf)
        .flatMap(Optional::stream)
        .max((a, b) -> Integer.compare(a.length(), b.length()));
  }

  private static Optional<String> versionOf(Path file) {
    try {
      Matcher matcher = VERSION.matcher(file.toRealPath().getFileName().toString());
      return matcher.find() ? Optional.of(matcher.group(1)) : Optional.empty();
    } catch (IOException e) {
      return Optional.empty(); // a link to nothing
    }
  }

  private static List<Path> matching(Path folder, String glob) {
    if (!Files.isDirectory(folder)) {
      return List.of();
    }
    try (DirectoryStream<Path> files = Files.newDirectoryStream(folder, glob)) {
      List<Path> found = new ArrayList<>();
      files.forEach(found::add);
      return found;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
