package org.blip4j.tools.records;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.blip4j.data.tfrecord.ShardName;
import org.blip4j.data.tfrecord.TfRecordWriter;

/**
 * The set of shards that packing writes: {@code NAME-00000-of-0000N.tfrecord} in a folder.
 *
 * <p>All shards are written in a hidden folder beside and moved when the last is whole, so that
 * nothing of an older set is touched before, and a failed run leaves nothing.
 */
record PackTarget(Path folder, String name, int shards, boolean gzip, boolean overwrite) {
  PackTarget {
    if (name.isEmpty() || name.contains("/") || name.startsWith(".")) {
      throw new IllegalArgumentException(
          "--name is \"%s\"; a plain name such as web is expected".formatted(name));
    }
    if (shards < 1 || shards > 99_999) {
      throw new IllegalArgumentException("--shards is " + shards + ", it must be 1 to 99999");
    }
  }

  ShardName shard(int index) {
    return new ShardName(name, index, shards, gzip ? ".tfrecord.gz" : ".tfrecord");
  }

  /** Refuses to go on where shards of this name lie, unless they may be replaced. */
  void requireFree() throws IOException {
    List<Path> old = older();
    if (!old.isEmpty() && !overwrite) {
      throw new IOException(
          "%s exists already (%d shard(s) named %s); choose another --name or --out, or give"
                  .formatted(old.get(0), old.size(), name)
              + " --overwrite");
    }
  }

  /** Starts a shard in the hidden folder. */
  TfRecordWriter start(Path staging, int index) throws IOException {
    return TfRecordWriter.create(
        staging.resolve(shard(index).fileName()), TfRecordWriter.Options.plain().withGzip(gzip));
  }

  Path stage() throws IOException {
    Files.createDirectories(folder);
    return Files.createTempDirectory(folder, "." + name + "-packing-");
  }

  /** Puts the finished shards in their place and removes an older set of the same name. */
  void publish(Path staging) throws IOException {
    List<Path> old = new ArrayList<>(older());
    for (int i = 0; i < shards; i++) {
      Path place = folder.resolve(shard(i).fileName());
      Files.move(staging.resolve(shard(i).fileName()), place, StandardCopyOption.REPLACE_EXISTING);
      old.remove(place);
    }
    for (Path stale : old) {
      Files.delete(stale);
    }
  }

  /** Removes the hidden folder with what is left in it. */
  static void discard(Path staging) throws IOException {
    try (Stream<Path> files = Files.list(staging)) {
      for (Path file : (Iterable<Path>) files::iterator) {
        Files.delete(file);
      }
    }
    Files.delete(staging);
  }

  private List<Path> older() throws IOException {
    if (!Files.exists(folder)) {
      return List.of();
    }
    if (!Files.isDirectory(folder)) {
      throw new IOException(folder + " is a file; --out names a folder");
    }
    try (Stream<Path> files = Files.list(folder)) {
      return files.filter(this::isOurs).sorted().toList();
    }
  }

  private boolean isOurs(Path file) {
    Optional<ShardName> shard = ShardName.parse(file.getFileName().toString());
    return shard.isPresent() && shard.get().base().equals(name);
  }
}
