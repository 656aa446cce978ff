package org.blip4j.data.tfrecord;

import com.google.common.collect.ImmutableList;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;

/**
 * An ordered list of shard files.
 *
 * <p>A pattern is a file, a folder (its shards by name, not deeper), a glob ({@code *}, {@code ?},
 * {@code **}, {@code [a-c]}, {@code {a,b}}), or {@code NAME@N} for {@code NAME-00000-of-0000N} and
 * so on, with or without {@code .tfrecord}. Patterns keep the order given, the files of one are in
 * order of name, a file met twice counts once.
 */
public record ShardSet(ImmutableList<Path> paths) {
  public ShardSet {
    if (paths.isEmpty()) {
      throw new IllegalArgumentException("a shard set needs at least one shard");
    }
  }

  /** The set of exactly these files. */
  public static ShardSet of(Collection<Path> paths) {
    return new ShardSet(ImmutableList.copyOf(paths));
  }

  /**
   * Finds the shards of patterns.
   *
   * @throws IOException if a pattern matches nothing, or a folder, glob or {@code NAME@N} yields a
   *     numbered set of which shards are missing (name the files themselves to read a part)
   */
  public static ShardSet find(List<String> patterns) throws IOException {
    if (patterns.isEmpty()) {
      throw new IllegalArgumentException("no shards given; name files, folders or globs");
    }
    Set<Path> found = new LinkedHashSet<>();
    for (String pattern : patterns) {
      found.addAll(ShardPattern.parse(pattern).find());
    }
    return of(found);
  }

  /**
   * What each shard is called within the set: the shortest end of its path that no other has, so
   * mostly its file name, and {@code web/00000.tfrecord} beside {@code human/00000.tfrecord}.
   */
  public ImmutableList<String> names() {
    List<Path> absolute = paths.stream().map(p -> p.toAbsolutePath().normalize()).toList();
    Map<Path, Integer> named = new HashMap<>();
    List<Integer> open = new ArrayList<>();
    Path[] names = new Path[size()];
    for (int i = 0; i < size(); i++) {
      open.add(i);
    }
    for (int length = 1; !open.isEmpty(); length++) {
      named.clear();
      for (int i : open) {
        Path path = absolute.get(i);
        int parts = path.getNameCount();
        names[i] = path.subpath(Math.max(0, parts - length), parts);
        named.merge(names[i], 1, Integer::sum);
      }
      int most = length;
      open.removeIf(i -> named.get(names[i]) == 1 || absolute.get(i).getNameCount() <= most);
    }
    return Arrays.stream(names).map(Path::toString).collect(ImmutableList.toImmutableList());
  }

  /** Number of shards. */
  public int size() {
    return paths.size();
  }

  /**
   * Every {@code of}-th shard from number {@code worker} on; the slices of all workers are disjoint
   * and together the whole set.
   */
  public ShardSet slice(int worker, int of) {
    if (of < 1 || worker < 0 || worker >= of) {
      throw new IllegalArgumentException(
          "worker %d of %d does not exist; workers count from 0 to %d"
              .formatted(worker, of, of - 1));
    }
    if (worker >= size()) {
      throw new IllegalArgumentException(
          "worker %d has nothing to do: there are only %d shards for %d workers; use fewer workers"
              .formatted(worker, size(), of));
    }
    return of(
        IntStream.range(0, size()).filter(i -> i % of == worker).mapToObj(paths::get).toList());
  }

  /** Shards {@code first} to {@code last}, both included, counted from 0. */
  public ShardSet range(int first, int last) {
    if (first < 0 || last < first || last >= size()) {
      throw new IllegalArgumentException(
          "shards %d-%d do not exist; the set has shards 0 to %d"
              .formatted(first, last, size() - 1));
    }
    return of(paths.subList(first, last + 1));
  }

  /** Bytes of all shards as they lie on the disk. */
  public long bytes() throws IOException {
    long sum = 0;
    for (Path path : paths) {
      sum += Files.size(path);
    }
    return sum;
  }

  /**
   * The name of one shard of a numbered set: {@code base-00003-of-00256} and an optional ending
   * such as {@code .tfrecord} or {@code .tfrecord.gz}.
   */
  public record ShardName(String base, int index, int count, String ending) {
    private static final Pattern NUMBERED =
        Pattern.compile("(.+)-(\\d{5,9})-of-(\\d{5,9})(|\\.[^/]*)", Pattern.DOTALL);
    private static final Pattern ENDING =
        Pattern.compile(
            "\\.(tfrecords?|tfrec|tfr|records?)(\\.gz|\\.zlib)?$", Pattern.CASE_INSENSITIVE);
    private static final Pattern COUNTED =
        Pattern.compile(".+-\\d{5,9}-of-\\d{5,9}(\\.gz|\\.zlib)?");

    public ShardName {
      if (count < 1 || index < 0 || index >= count) {
        throw new IllegalArgumentException(
            "shard %d of %d of \"%s\" does not exist; shards count from 0 to %d"
                .formatted(index, count, base, count - 1));
      }
    }

    /** Takes a numbered name apart; empty for any other name. */
    public static Optional<ShardName> parse(String fileName) {
      Matcher m = NUMBERED.matcher(fileName);
      if (!m.matches()) {
        return Optional.empty();
      }
      int index = Integer.parseInt(m.group(2));
      int count = Integer.parseInt(m.group(3));
      if (index >= count) {
        return Optional.empty();
      }
      return Optional.of(new ShardName(m.group(1), index, count, m.group(4)));
    }

    /**
     * Whether a file is taken for a shard when a folder is given, by its name alone: {@code
     * .tfrecord}, {@code .tfrecords}, {@code .tfrec}, {@code .tfr} or {@code .record}, compressed
     * or not, in any case, or a number of a set.
     */
    public static boolean looksLikeShard(String fileName) {
      return !fileName.startsWith(".")
          && (COUNTED.matcher(fileName).matches() || !withoutEnding(fileName).equals(fileName));
    }

    /** Whether a file is a plain shard by its content: it begins with a length and its checksum. */
    public static boolean holdsRecords(Path file) throws IOException {
      try (InputStream in = Files.newInputStream(file)) {
        return RecordStream.isPlain(in.readNBytes(RecordStream.HEADER));
      }
    }

    /** A shard's file name without the ending that says that it is one. */
    public static String withoutEnding(String fileName) {
      return ENDING.matcher(fileName).replaceFirst("");
    }

    /** The same set's shard with another number. */
    public ShardName withIndex(int other) {
      return new ShardName(base, other, count, ending);
    }

    /** The file name. */
    public String fileName() {
      return "%s-%05d-of-%05d%s".formatted(base, index, count, ending);
    }
  }
}
