package org.blip4j.tools.input;

import com.google.common.collect.ImmutableList;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;
import org.blip4j.data.file.TextFile;
import org.blip4j.data.sample.ImageInfo;
import org.blip4j.data.tfrecord.ShardSet;
import org.blip4j.data.tfrecord.TfRecordReader;

/** Where images come from: files, shards, or a list that is read line by line. */
sealed interface ImageSource {
  /** What makes a name a glob, or a numbered set of shards. */
  Pattern PATTERN = Pattern.compile("[*?\\[{]|@\\d+$");

  /** Single files, in order, and what to say before the first. */
  record Paths(ImmutableList<Path> paths, Optional<String> note) implements ImageSource {
    Paths(List<Path> paths) {
      this(ImmutableList.copyOf(paths), Optional.empty());
    }
  }

  /** Records of shards, in order. */
  record Shards(ShardSet shards) implements ImageSource {}

  /** Paths of files, folders or shards, one a line. */
  record Lines(TextFile reader) implements ImageSource {}

  /** An argument that names nothing, and why; it is one failed item among the others. */
  record Missing(String argument, String why) implements ImageSource {}

  /**
   * What an argument names: a file, a folder (with all below it), a glob, a shard.
   *
   * @throws IOException if it names nothing
   */
  static List<ImageSource> find(String argument) throws IOException {
    Path path = Path.of(argument);
    if (Files.isDirectory(path)) {
      return List.of(folder(path));
    }
    if (Files.exists(path)) {
      return runs(List.of(path));
    }
    if (!PATTERN.matcher(argument).find()) {
      throw new IOException(
          argument + ": there is no such image, folder, glob or shard; check the name");
    }
    return runs(ShardSet.find(List.of(argument)).paths());
  }

  /** Neighbours of one kind together. */
  private static List<ImageSource> runs(List<Path> files) {
    List<ImageSource> sources = new ArrayList<>();
    int begin = 0;
    for (int end = 1; end <= files.size(); end++) {
      boolean shards = isShard(files.get(begin));
      if (end == files.size() || isShard(files.get(end)) != shards) {
        List<Path> run = files.subList(begin, end);
        sources.add(shards ? new Shards(ShardSet.of(run)) : new Paths(run));
        begin = end;
      }
    }
    return sources;
  }

  /** The images in a folder and below it; if there are none, the shards. */
  static ImageSource folder(Path folder) throws IOException {
    ImageTree tree = ImageTree.of(folder);
    if (!tree.images().isEmpty()) {
      return new Paths(ImmutableList.copyOf(tree.images()), tree.note(folder));
    }
    if (!tree.shards().isEmpty()) {
      return new Shards(ShardSet.of(tree.shards()));
    }
    throw new IOException(
        folder
            + ": no images and no shards in this folder (%s, *.tfrecord)"
                .formatted(String.join(" ", ImageInfo.ImageFormat.ENDINGS)));
  }

  /** By name; by content, if the name is neither a shard's nor an image's. */
  static boolean isShard(Path file) {
    return file.getFileName() != null
        && (ShardSet.ShardName.looksLikeShard(file.getFileName().toString())
            || (!ImageInfo.ImageFormat.isNameOfImage(file) && holdsRecords(file)));
  }

  /** Whether a file begins with a record's length and its checksum, compressed or not. */
  static boolean holdsRecords(Path file) {
    if (!Files.isRegularFile(file)) {
      return false;
    }
    try (TfRecordReader reader = TfRecordReader.open(file)) {
      return reader.skip();
    } catch (IOException e) {
      return false; // whatever reads the file says why
    }
  }

  /** How many images there are, if that can be told without reading them. */
  default Optional<Integer> count() {
    if (this instanceof Missing) {
      return Optional.of(1);
    }
    return this instanceof Paths files ? Optional.of(files.paths().size()) : Optional.empty();
  }
}
