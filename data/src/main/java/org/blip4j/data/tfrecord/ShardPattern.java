package org.blip4j.data.tfrecord;

import com.google.common.base.Joiner;
import java.io.IOException;
import java.nio.file.FileSystems;
import java.nio.file.FileVisitOption;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.PathMatcher;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/** One way of naming shards; each knows how to find its files, in order. */
sealed interface ShardPattern {
  Pattern COUNTED = Pattern.compile("(.+)@(\\d{1,9})");
  int LISTED = 5;

  /** Files of a folder whose first bytes are looked at before it counts as one without shards. */
  int TRIED = 1000;

  List<String> ENDINGS =
      List.of("", ".tfrecord", ".tfrecord.gz", ".tfrecords", ".tfrec", ".tfr", ".record");

  /** The files, in order. */
  List<Path> find() throws IOException;

  /** What exists literally is a file or folder; else {@code NAME@N}, a glob, a missing file. */
  static ShardPattern parse(String pattern) {
    Path literal = pattern.indexOf('\0') < 0 ? Path.of(pattern) : null;
    if (literal != null && Files.isDirectory(literal)) {
      return new Folder(literal);
    }
    if (literal != null && Files.exists(literal)) {
      return new OneFile(literal);
    }
    Matcher counted = COUNTED.matcher(pattern);
    if (counted.matches()) {
      return new Counted(Path.of(counted.group(1)), Integer.parseInt(counted.group(2)));
    }
    return firstWildcard(pattern) < 0 ? new OneFile(Path.of(pattern)) : new Glob(pattern);
  }

  private static int firstWildcard(String pattern) {
    for (int i = 0; i < pattern.length(); i++) {
      if ("*?[{".indexOf(pattern.charAt(i)) >= 0) {
        return i;
      }
    }
    return -1;
  }

  /** A file named as such. */
  record OneFile(Path path) implements ShardPattern {
    @Override
    public List<Path> find() throws IOException {
      if (!Files.exists(path)) {
        throw new IOException(path + ": there is no such shard, folder or glob; check the name");
      }
      return List.of(path);
    }
  }

  /** The shards directly in a folder: by name, or, if no name says so, by content. */
  record Folder(Path path) implements ShardPattern {
    @Override
    public List<Path> find() throws IOException {
      List<Path> files = walk(path, 1, p -> !p.getFileName().toString().startsWith("."));
      List<Path> shards = new ArrayList<>(files);
      shards.removeIf(p -> !ShardSet.ShardName.looksLikeShard(p.getFileName().toString()));
      for (int i = 0; i < files.size() && i < TRIED && shards.isEmpty(); i++) {
        shards.addAll(
            ShardSet.ShardName.holdsRecords(files.get(i)) ? holdingRecords(files) : List.of());
      }
      if (shards.isEmpty()) {
        throw new IOException(
            path
                + ": the folder has no shards (*.tfrecord, *.tfrec, *.record, NAME-00000-of-00256,"
                + " compressed or not)");
      }
      requireComplete(shards);
      return shards;
    }

    private static List<Path> holdingRecords(List<Path> files) throws IOException {
      List<Path> shards = new ArrayList<>();
      for (Path file : files) {
        if (ShardSet.ShardName.holdsRecords(file)) {
          shards.add(file);
        }
      }
      return shards;
    }
  }

  /** The files that a glob matches. */
  record Glob(String pattern) implements ShardPattern {
    @Override
    public List<Path> find() throws IOException {
      int slash = pattern.lastIndexOf('/', firstWildcard(pattern));
      String base = slash < 0 ? "" : pattern.substring(0, Math.max(slash, 1));
      String rest = pattern.substring(slash + 1);
      Path root = Path.of(base);
      if (!Files.isDirectory(base.isEmpty() ? Path.of(".") : root)) {
        throw new IOException(pattern + ": there is no folder " + root);
      }
      PathMatcher matcher = FileSystems.getDefault().getPathMatcher("glob:" + rest);
      int depth =
          rest.contains("**")
              ? Integer.MAX_VALUE
              : 1 + (int) rest.chars().filter(c -> c == '/').count();
      List<Path> files =
          walk(root, depth, p -> !isHidden(p, rest) && matcher.matches(root.relativize(p)));
      if (files.isEmpty()) {
        throw new IOException(pattern + ": the glob matches no file");
      }
      requireComplete(files);
      return files;
    }
  }

  /** As in a shell, {@code *} does not reach names that begin with a point. */
  private static boolean isHidden(Path file, String glob) {
    String asked = glob.substring(glob.lastIndexOf('/') + 1);
    return file.getFileName().toString().startsWith(".") && !asked.startsWith(".");
  }

  /** {@code NAME@N}: all of a numbered set. */
  record Counted(Path name, int count) implements ShardPattern {
    @Override
    public List<Path> find() throws IOException {
      if (count < 1) {
        throw new IOException(name + "@0: a set has at least one shard");
      }
      Set<String> present = siblings(name);
      String fileName = String.valueOf(name.getFileName());
      for (String ending : ENDINGS) {
        ShardSet.ShardName first = new ShardSet.ShardName(fileName, 0, count, ending);
        if (present.contains(first.fileName())) {
          requireWhole(first, name, present);
          return IntStream.range(0, count)
              .mapToObj(i -> name.resolveSibling(first.withIndex(i).fileName()))
              .toList();
        }
      }
      String first =
          new ShardSet.ShardName(String.valueOf(name.getFileName()), 0, count, "").fileName();
      throw new IOException(
          "%s@%d: there is no %s, with or without .tfrecord or .tfrecord.gz"
              .formatted(name, count, name.resolveSibling(first)));
    }
  }

  private static List<Path> walk(Path root, int depth, Predicate<Path> wanted) throws IOException {
    try (Stream<Path> files = Files.walk(root, depth, FileVisitOption.FOLLOW_LINKS)) {
      return files
          .filter(p -> !p.equals(root) && wanted.test(p) && Files.isRegularFile(p))
          .sorted(Comparator.comparing(Path::toString))
          .toList();
    }
  }

  /** Every numbered set that is touched must be whole on the disk. */
  private static void requireComplete(List<Path> files) throws IOException {
    Map<Path, Set<String>> folders = new HashMap<>();
    Set<Path> checked = new HashSet<>();
    for (Path file : files) {
      Optional<ShardSet.ShardName> name = ShardSet.ShardName.parse(file.getFileName().toString());
      if (name.isPresent()
          && checked.add(file.resolveSibling(name.get().withIndex(0).fileName()))) {
        Path folder = file.toAbsolutePath().getParent();
        if (!folders.containsKey(folder)) {
          folders.put(folder, siblings(file));
        }
        requireWhole(name.get(), file, folders.get(folder));
      }
    }
  }

  /** However many shards a name claims, this takes no longer than there are files. */
  private static void requireWhole(ShardSet.ShardName any, Path sibling, Set<String> present)
      throws IOException {
    List<Path> missing = new ArrayList<>();
    for (int i = 0; i < any.count() && missing.size() <= LISTED; i++) {
      String name = any.withIndex(i).fileName();
      if (!present.contains(name)) {
        missing.add(sibling.resolveSibling(name));
      }
    }
    if (!missing.isEmpty()) {
      long there =
          present.stream()
              .flatMap(name -> ShardSet.ShardName.parse(name).stream())
              .filter(name -> name.withIndex(0).equals(any.withIndex(0)))
              .count();
      throw new IOException(
          "%d of %d shards are missing: %s%s; get them, or name the files to read one by one"
              .formatted(
                  any.count() - there,
                  any.count(),
                  Joiner.on(", ").join(missing.subList(0, Math.min(LISTED, missing.size()))),
                  missing.size() > LISTED ? " ..." : ""));
    }
  }

  /** The names of the files in a file's folder. */
  private static Set<String> siblings(Path file) throws IOException {
    Path folder = file.toAbsolutePath().getParent();
    if (!Files.isDirectory(folder)) {
      return Set.of();
    }
    try (Stream<Path> files = Files.list(folder)) {
      return files.map(path -> path.getFileName().toString()).collect(Collectors.toSet());
    }
  }
}
