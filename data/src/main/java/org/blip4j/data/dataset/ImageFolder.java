package org.blip4j.data.dataset;

import java.io.IOException;
import java.nio.file.FileVisitOption;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

/** The image files below a folder, found by path, by file name, or by name without ending. */
public final class ImageFolder {
  private static final Set<String> ENDINGS =
      Set.of("jpg", "jpeg", "png", "gif", "bmp", "webp", "jpe");

  private final Path root;
  private final List<Path> images;
  private final Map<String, List<Path>> byName = new HashMap<>();

  private ImageFolder(Path root, List<Path> images) {
    this.root = root;
    this.images = images;
    for (Path image : images) {
      String name = image.getFileName().toString();
      byName.computeIfAbsent(name, k -> new ArrayList<>()).add(image);
      byName.computeIfAbsent(stem(image), k -> new ArrayList<>()).add(image);
    }
  }

  public static ImageFolder open(Path root) throws IOException {
    if (!Files.isDirectory(root)) {
      throw new IOException(root + ": there is no such folder of images");
    }
    try (Stream<Path> files = Files.walk(root, FileVisitOption.FOLLOW_LINKS)) {
      return new ImageFolder(
          root, files.filter(p -> isImage(p) && Files.isRegularFile(p)).sorted().toList());
    }
  }

  /** All image files, by path. */
  List<Path> images() {
    return images;
  }

  Path root() {
    return root;
  }

  /**
   * The file that a caption file means.
   *
   * @throws IOException if several files have that name
   */
  public Optional<Path> find(String named) throws IOException {
    try {
      Path direct = root.resolve(named);
      if (Files.isRegularFile(direct)) {
        return Optional.of(direct.normalize());
      }
      Path name = Path.of(named).getFileName();
      List<Path> found = name == null ? List.of() : byName.getOrDefault(name.toString(), List.of());
      if (found.size() > 1) {
        throw new IOException(
            "\"%s\" may be %s or %s; name it with its folder"
                .formatted(named, found.get(0), found.get(1)));
      }
      return found.stream().map(Path::normalize).findFirst();
    } catch (InvalidPathException e) {
      return Optional.empty();
    }
  }

  /** A file's name without ending. */
  static String stem(Path file) {
    String name = file.getFileName().toString();
    int point = name.lastIndexOf('.');
    return point > 0 ? name.substring(0, point) : name;
  }

  private static boolean isImage(Path file) {
    String name = file.getFileName().toString().toLowerCase(Locale.ROOT);
    return !name.startsWith(".") && ENDINGS.contains(name.substring(name.lastIndexOf('.') + 1));
  }
}
