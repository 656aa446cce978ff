package org.blip4j.data.tfrecord;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The name of one shard of a numbered set: {@code base-00003-of-00256} and an optional ending such
 * as {@code .tfrecord} or {@code .tfrecord.gz}.
 */
public record ShardName(String base, int index, int count, String ending) {
  private static final Pattern NUMBERED =
      Pattern.compile("(.+)-(\\d{5,9})-of-(\\d{5,9})(|\\.[^/]*)", Pattern.DOTALL);
  private static final Pattern ENDING =
      Pattern.compile(
          "\\.(tfrecords?|tfrec|tfr|records?)(\\.gz|\\.zlib)?$", Pattern.CASE_INSENSITIVE);
  private static final Pattern COUNTED = Pattern.compile(".+-\\d{5,9}-of-\\d{5,9}(\\.gz|\\.zlib)?");

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
   * .tfrecord}, {@code .tfrecords}, {@code .tfrec}, {@code .tfr} or {@code .record}, compressed or
   * not, in any case, or a number of a set.
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
