package org.blip4j.tools.input;

import com.google.common.base.Joiner;
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
import org.blip4j.data.sample.ImageInfo;
import org.blip4j.data.tfrecord.ShardSet;

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
record ImageTree(List<Path> images, List<Path> shards, SortedMap<String, Integer> leftOut) {
  private static final ImmutableSet<String> CAPTIONS =
      ImmutableSet.of(".txt", ".caption", ".json", ".jsonl", ".csv", ".tsv", ".md");

  static ImageTree of(Path folder) throws IOException {
    ImageTree tree = new ImageTree(new ArrayList<>(), new ArrayList<>(), new TreeMap<>());
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
