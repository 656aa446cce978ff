package org.blip4j.savedmodel.capfilt;

import com.google.common.collect.ImmutableList;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import org.blip4j.data.tfrecord.ShardSet;

/**
 * A shard that CapFilt reads.
 *
 * @param name what its outputs are called
 * @param path where it lies
 * @param bytes how long it is, so that a changed one is noticed
 */
public record InputShard(String name, String path, long bytes) {
  /**
   * The shards of a set, named after their files without the ending.
   *
   * @throws IllegalArgumentException if two would have one name
   */
  public static ImmutableList<InputShard> of(ShardSet shards) throws IOException {
    Map<String, Path> seen = new HashMap<>();
    ImmutableList.Builder<InputShard> all = ImmutableList.builder();
    for (Path path : shards.paths()) {
      String name =
          path.getFileName().toString().replaceFirst("\\.tfrecords?(\\.gz|\\.zlib)?$", "");
      Path other = seen.putIfAbsent(name, path);
      if (other != null) {
        throw new IllegalArgumentException(
            "shards %s and %s would both be written as %s.tfrecord; rename one, or run them apart"
                .formatted(other, path, name));
      }
      all.add(new InputShard(name, path.toAbsolutePath().toString(), Files.size(path)));
    }
    return all.build();
  }

  Path file() {
    return Path.of(path);
  }

  /** Whether this is the same content as far as name and length tell, wherever it lies. */
  public boolean isLike(InputShard other) {
    return name.equals(other.name) && bytes == other.bytes;
  }
}
