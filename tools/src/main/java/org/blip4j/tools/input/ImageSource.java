package org.blip4j.tools.input;

import com.google.common.base.Joiner;
import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableSet;
import java.io.IOException;
import java.nio.file.FileSystemLoopException;
import java.nio.file.FileVisitOption;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.Collections;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
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
    Tree tree = Tree.of(folder);
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

  /**
   * What a folder and all below it hold; links are followed, each loop once.
   *
   * @param images files with the ending of an image or the first bytes of one, links that lead
   *     nowhere, and folders that may not be read; the last two fail when they are read, and so are
   *     named
   * @param shards TFRecord shards, by name or by content
   * @param leftOut how many other files there are of each ending, hidden files and those that hold
   *     captions not counted
   */
  record Tree(List<Path> images, List<Path> shards, SortedMap<String, Integer> leftOut) {
    private static final ImmutableSet<String> CAPTIONS =
        ImmutableSet.of(".txt", ".caption", ".json", ".jsonl", ".csv", ".tsv", ".md");

    static Tree of(Path folder) throws IOException {
      Tree tree = new Tree(new ArrayList<>(), new ArrayList<>(), new TreeMap<>());
      Files.walkFileTree(
          folder,
          EnumSet.of(FileVisitOption.FOLLOW_LINKS),
          Integer.MAX_VALUE,
          new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) {
              boolean broken = attributes.isSymbolicLink();
              String name = file.getFileName().toString();
              if (attributes.isRegularFile() && ShardSet.ShardName.looksLikeShard(name)) {
                tree.shards().add(file);
              } else if (attributes.isRegularFile() || broken) {
                tree.add(file);
              }
              return FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult visitFileFailed(Path file, IOException e) throws IOException {
              if (file.equals(folder)) {
                throw e;
              }
              if (!(e instanceof FileSystemLoopException)) {
                tree.images().add(file);
              }
              return FileVisitResult.CONTINUE;
            }
          });
      Collections.sort(tree.images());
      Collections.sort(tree.shards());
      return tree;
    }

    private void add(Path file) {
      String name = file.getFileName().toString().toLowerCase(Locale.ROOT);
      int point = name.lastIndexOf('.');
      String ending = point < 0 ? "no ending" : name.substring(point);
      if (name.startsWith(".") || CAPTIONS.contains(ending)) {
        return;
      }
      if (ImageInfo.ImageFormat.isNameOfImage(file) || startsLikeImage(file)) {
        images.add(file);
      } else if (ImageSource.holdsRecords(file)) {
        shards.add(file);
      } else {
        leftOut.merge(ending, 1, Integer::sum);
      }
    }

    private static boolean startsLikeImage(Path file) {
      try {
        return ImageInfo.ImageFormat.of(file).isPresent();
      } catch (IOException e) {
        return false; // a link that leads nowhere, or not to be read: then its name is all there is
      }
    }

    /** What to say of the files that were left out, if there are any. */
    Optional<String> note(Path folder) {
      int count = leftOut.values().stream().mapToInt(Integer::intValue).sum();
      return count == 0
          ? Optional.empty()
          : Optional.of(
              "%s: %d file(s) that are no images left out (%s)"
                  .formatted(
                      folder, count, Joiner.on(", ").withKeyValueSeparator(" ").join(leftOut)));
    }
  }
}
