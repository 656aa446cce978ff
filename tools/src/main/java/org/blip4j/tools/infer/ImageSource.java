package org.blip4j.tools.infer;

import com.google.common.collect.ImmutableList;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.FileVisitOption;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Stream;
import org.blip4j.data.tfrecord.ShardName;
import org.blip4j.data.tfrecord.ShardSet;

/** Where images come from: files, shards, or a list that is read line by line. */
sealed interface ImageSource {
  /** Endings of the files that are taken from a folder. */
  ImmutableList<String> ENDINGS =
      ImmutableList.of(".jpg", ".jpeg", ".png", ".gif", ".bmp", ".webp");

  /** Single files, in order. */
  record Paths(ImmutableList<Path> paths) implements ImageSource {}

  /** Records of shards, in order. */
  record Shards(ShardSet shards) implements ImageSource {}

  /** Paths of files, one a line. */
  record Lines(BufferedReader reader) implements ImageSource {}

  /**
   * What an argument names: a file, a folder (with all below it), a glob, a shard.
   *
   * @throws IOException if it names nothing
   */
  static ImageSource of(String argument) throws IOException {
    Path path = Path.of(argument);
    if (Files.isDirectory(path)) {
      return folder(path);
    }
    if (Files.exists(path)) {
      return isShard(path)
          ? new Shards(ShardSet.of(List.of(path)))
          : new Paths(ImmutableList.of(path));
    }
    List<Path> found = ShardSet.find(List.of(argument)).paths();
    return found.stream().allMatch(ImageSource::isShard)
        ? new Shards(ShardSet.of(found))
        : new Paths(ImmutableList.copyOf(found));
  }

  private static ImageSource folder(Path folder) throws IOException {
    List<Path> images;
    List<Path> shards;
    try (Stream<Path> content =
        Files.walk(folder, FileVisitOption.FOLLOW_LINKS).sorted(Comparator.naturalOrder())) {
      images = new ArrayList<>();
      shards = new ArrayList<>();
      content
          .filter(Files::isRegularFile)
          .forEach(file -> (isShard(file) ? shards : images).add(file));
    } catch (UncheckedIOException e) {
      throw e.getCause();
    }
    images.removeIf(file -> !hasImageEnding(file));
    if (!images.isEmpty()) {
      return new Paths(ImmutableList.copyOf(images));
    }
    if (!shards.isEmpty()) {
      return new Shards(ShardSet.of(shards));
    }
    throw new IOException(
        folder
            + ": no images and no shards in this folder (%s, *.tfrecord)"
                .formatted(String.join(" ", ENDINGS)));
  }

  private static boolean isShard(Path file) {
    return ShardName.looksLikeShard(file.getFileName().toString());
  }

  private static boolean hasImageEnding(Path file) {
    String name = file.getFileName().toString().toLowerCase(Locale.ROOT);
    return !name.startsWith(".") && ENDINGS.stream().anyMatch(name::endsWith);
  }

  /** How many images there are, if that can be told without reading them. */
  default Optional<Integer> count() {
    return this instanceof Paths files ? Optional.of(files.paths().size()) : Optional.empty();
  }
}
