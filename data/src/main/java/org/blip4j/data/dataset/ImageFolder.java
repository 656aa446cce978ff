package org.blip4j.data.dataset;

import com.google.common.base.CharMatcher;
import com.google.common.base.Strings;
import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableListMultimap;
import com.google.common.collect.ImmutableSet;
import com.google.common.collect.ListMultimap;
import com.google.common.collect.MultimapBuilder;
import java.io.IOException;
import java.nio.file.FileVisitOption;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.blip4j.data.file.FileNames;
import org.blip4j.data.sample.ImageInfo;

/**
 * The image files (or videos) below a folder, found by the names that caption files give them.
 *
 * <p>A name is looked for as a path below the folder, then as the name of a file in any folder,
 * then as such a name without its ending; a number also as that which ends a name after {@code _}
 * (the id of COCO's images). What has no file as it stands is looked for without a caption's number
 * ({@code a.jpg#0}), with {@code \} for {@code /}, and as {@link FileNames} compares.
 */
public final class ImageFolder {
  private static final Pattern NUMBERED = Pattern.compile("(.+)#\\d+");
  private static final Pattern DIGITS = Pattern.compile("\\d+");
  private static final int LONGEST_NUMBER = 20;
  private static final ImmutableSet<String> VIDEOS =
      ImmutableSet.of(
          "mp4", "m4v", "mov", "mkv", "webm", "avi", "mpg", "mpeg", "wmv", "flv", "3gp", "ogv",
          "mts", "m2ts");

  /** The number of COCO's images: {@code COCO_val2014_000000391895}. */
  private static final Pattern NUMBER = Pattern.compile("(?:^|_)([0-9]+)$");

  private final Path root;
  private final String what;
  private final ImmutableList<Path> images;
  private final ListMultimap<String, Path> byPath =
      MultimapBuilder.hashKeys().arrayListValues(1).build();
  private final ListMultimap<String, Path> byName =
      MultimapBuilder.hashKeys().arrayListValues(1).build();
  private final ListMultimap<String, Path> byStem =
      MultimapBuilder.hashKeys().arrayListValues(1).build();
  private final ListMultimap<String, Path> byNumber =
      MultimapBuilder.hashKeys().arrayListValues(1).build();
  private final ImmutableListMultimap<String, Path> texts;

  private ImageFolder(Path root, String what, List<Path> files, List<Path> images) {
    this.root = root;
    this.what = what;
    this.images = ImmutableList.copyOf(images);
    for (Path image : images) {
      byPath.put(FileNames.folded(root.relativize(image).toString()), image);
      byName.put(FileNames.folded(image.getFileName().toString()), image);
      byStem.put(FileNames.folded(stem(image)), image);
      Matcher number = NUMBER.matcher(stem(image));
      if (number.find()) {
        byNumber.put(withoutZeros(number.group(1)), image);
      }
    }
    this.texts =
        files.stream()
            .filter(p -> ending(p).equals("txt"))
            .collect(
                ImmutableListMultimap.toImmutableListMultimap(
                    p -> FileNames.folded(p.resolveSibling(stem(p)).toString()), p -> p));
  }

  public static ImageFolder open(Path root) throws IOException {
    if (!Files.isDirectory(root)) {
      throw new IOException(root + ": there is no such folder of images");
    }
    List<Path> files = files(root);
    return new ImageFolder(
        root, "image", files, files.stream().filter(ImageInfo.ImageFormat::isNameOfImage).toList());
  }

  /** The same of videos: see {@link #videos(Path)}. */
  public static ImageFolder openVideos(Path root) throws IOException {
    if (!Files.isDirectory(root)) {
      throw new IOException(root + ": there is no such folder of videos");
    }
    List<Path> files = files(root);
    return new ImageFolder(root, "video", files, videos(root, files));
  }

  /**
   * The videos below a folder, by path: files with the ending of one, and folders that hold images,
   * which are the frames of one; the folder itself if it holds images and no other video.
   */
  public static List<Path> videos(Path root) throws IOException {
    return videos(root, files(root));
  }

  private static List<Path> videos(Path root, List<Path> files) {
    Set<Path> videos = new TreeSet<>();
    boolean images = false;
    for (Path file : files) {
      boolean inside = !root.equals(file.getParent());
      if (isNameOfVideo(file)) {
        videos.add(file);
      } else if (ImageInfo.ImageFormat.isNameOfImage(file)) {
        images = true;
        if (inside) {
          videos.add(file.getParent());
        }
      }
    }
    return images && videos.isEmpty() ? List.of(root) : List.copyOf(videos);
  }

  /** Whether a file has the ending of a video. */
  public static boolean isNameOfVideo(Path file) {
    return file.getFileName() != null && VIDEOS.contains(ending(file));
  }

  /**
   * The images that are directly in a folder, as the frames of a video: in order of name, where
   * numbers are ordered by value (frame 2 before frame 10).
   */
  public static List<Path> frames(Path folder) throws IOException {
    try (Stream<Path> entries = Files.list(folder)) {
      return entries
          .filter(ImageInfo.ImageFormat::isNameOfImage)
          .sorted(Comparator.comparing(ImageFolder::orderOf).thenComparing(Path::toString))
          .toList();
    }
  }

  private static String orderOf(Path frame) {
    return DIGITS
        .matcher(frame.getFileName().toString())
        .replaceAll(found -> Strings.padStart(found.group(), LONGEST_NUMBER, '0'));
  }

  private static List<Path> files(Path root) throws IOException {
    try (Stream<Path> files = Files.walk(root, FileVisitOption.FOLLOW_LINKS)) {
      return files.filter(Files::isRegularFile).sorted().toList();
    }
  }

  /** All image files, by path. */
  ImmutableList<Path> images() {
    return images;
  }

  Path root() {
    return root;
  }

  /** What it is searched for: image or video. */
  String what() {
    return what;
  }

  /**
   * The file that a caption file means.
   *
   * @throws IllegalArgumentException if several files have that name
   */
  public Optional<Path> find(String named) {
    for (String name : spellings(named)) {
      Optional<Path> found = under(name, named);
      if (found.isPresent()) {
        return found.map(Path::normalize);
      }
    }
    return Optional.empty();
  }

  private Optional<Path> under(String name, String named) {
    try {
      Path path = Path.of(name);
      Path direct = root.resolve(path);
      return Files.isRegularFile(direct) || images.contains(direct)
          ? Optional.of(direct)
          : indexed(path, named);
    } catch (InvalidPathException e) {
      return Optional.empty(); // no file has such a name
    }
  }

  private Optional<Path> indexed(Path path, String named) {
    Path name = path.getFileName();
    if (name == null || name.toString().isEmpty()) {
      return Optional.empty();
    }
    Path inside = path.normalize();
    return one(byPath.get(FileNames.folded(inside.toString())), inside, named)
        .or(() -> one(byName.get(FileNames.folded(name.toString())), inside, named))
        .or(() -> one(byStem.get(FileNames.folded(name.toString())), inside, named))
        .or(() -> one(numbered(name.toString()), inside, named));
  }

  /**
   * The images whose names end with a number, however it is padded, and a number alone is named.
   */
  private List<Path> numbered(String name) {
    return CharMatcher.inRange('0', '9').matchesAllOf(name)
        ? byNumber.get(withoutZeros(name))
        : List.of();
  }

  private static String withoutZeros(String number) {
    return number.replaceFirst("^0+(?=\\d)", "");
  }

  /** Of several, the one whose folders are those of the name, or whose letters are. */
  private static Optional<Path> one(List<Path> found, Path path, String named) {
    List<Path> left = found;
    if (left.size() > 1) {
      int most = left.stream().mapToInt(p -> sharedFolders(p, path)).max().getAsInt();
      left = left.stream().filter(p -> sharedFolders(p, path) == most).toList();
    }
    if (left.size() > 1) {
      left = FileNames.nearest(left, path.getFileName().toString());
    }
    if (left.size() > 1) {
      throw new IllegalArgumentException(
          "\"%s\" may be %s or %s; name it with its folder"
              .formatted(named, left.get(0), left.get(1)));
    }
    return left.stream().findFirst();
  }

  /** How many folders, from the innermost on, two paths have in common. */
  private static int sharedFolders(Path a, Path b) {
    int shared = 0;
    Path left = a.getParent();
    Path right = b.getParent();
    while (left != null
        && right != null
        && left.getFileName() != null
        && right.getFileName() != null
        && FileNames.folded(left.getFileName().toString())
            .equals(FileNames.folded(right.getFileName().toString()))) {
      shared++;
      left = left.getParent();
      right = right.getParent();
    }
    return shared;
  }

  private static Set<String> spellings(String named) {
    Set<String> spellings = new LinkedHashSet<>();
    spellings.add(named);
    spellings.add(named.replace('\\', '/'));
    for (String name : new ArrayList<>(spellings)) {
      Matcher numbered = NUMBERED.matcher(name);
      if (numbered.matches()) {
        spellings.add(numbered.group(1));
      }
    }
    return spellings;
  }

  /** The text file beside an image: with its name and the ending {@code .txt}. */
  Optional<Path> textBeside(Path image) {
    String stem = FileNames.folded(image.resolveSibling(stem(image)).toString());
    return FileNames.nearest(texts.get(stem), stem(image) + ".txt").stream().findFirst();
  }

  /** A file's name without ending. */
  static String stem(Path file) {
    String name = file.getFileName().toString();
    int point = name.lastIndexOf('.');
    return point > 0 ? name.substring(0, point) : name;
  }

  private static String ending(Path file) {
    String name = file.getFileName().toString().toLowerCase(Locale.ROOT);
    return name.substring(name.lastIndexOf('.') + 1);
  }
}
