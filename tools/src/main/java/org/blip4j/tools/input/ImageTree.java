package org.blip4j.tools.input;

import com.google.common.collect.ImmutableList;
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

/**
 * What a folder and all below it hold, by name; links are followed, each loop once.
 *
 * @param images files with the ending of an image, links that lead nowhere, and folders that may
 *     not be read; the last two fail when they are read, and so are named
 * @param shards TFRecord shards
 */
record ImageTree(List<Path> images, List<Path> shards) {
  /** Endings of the files that are taken. */
  static final ImmutableList<String> ENDINGS =
      ImmutableList.of(".jpg", ".jpeg", ".png", ".gif", ".bmp", ".webp", ".tif", ".tiff");

  static ImageTree of(Path folder) throws IOException {
    ImageTree tree = new ImageTree(new ArrayList<>(), new ArrayList<>());
    Files.walkFileTree(
        folder,
        EnumSet.of(FileVisitOption.FOLLOW_LINKS),
        Integer.MAX_VALUE,
        new SimpleFileVisitor<>() {
          @Override
          public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) {
            boolean broken = attributes.isSymbolicLink();
            if (attributes.isRegularFile() && ImageSource.isShard(file)) {
              tree.shards().add(file);
            } else if ((attributes.isRegularFile() || broken) && hasImageEnding(file)) {
              tree.images().add(file);
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

  private static boolean hasImageEnding(Path file) {
    String name = file.getFileName().toString().toLowerCase(Locale.ROOT);
    return !name.startsWith(".") && ENDINGS.stream().anyMatch(name::endsWith);
  }
}
