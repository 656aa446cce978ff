package org.blip4j.data.pipeline;

import com.google.common.collect.ImmutableList;
import com.google.common.hash.Hasher;
import com.google.common.hash.Hashing;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import org.blip4j.data.stream.InOrder;
import org.blip4j.data.tfrecord.TfRecordException;
import org.blip4j.data.tfrecord.TfRecordReader;
import org.blip4j.data.tfrecord.TfRecordWriter;

/**
 * Where the records of all data sets lie and how many items they make.
 *
 * <p>It is made once: of a plain shard the length of each record and the outline of its columns are
 * read (some hundred bytes a record), a compressed one is read through. Kept in a file, it is used
 * again for each shard whose size and time of modification are as they were.
 */
public final class DataIndex {
  private static final int AT_ONCE = 8;
  private static final int TOLD_EVERY = 1000;

  private final Mixture mixture;
  private final ImmutableList<Part> parts;
  private final ImmutableList<String> changed;
  private final boolean made;

  /**
   * A data set with the index of its shards.
   *
   * @param names of the shards within the set
   */
  record Part(Mixture.DataSet set, ImmutableList<String> names, ImmutableList<ShardIndex> shards) {
    /** Items of an epoch of the set. */
    long items() {
      return shards.stream().mapToLong(ShardIndex::items).sum();
    }
  }

  private DataIndex(
      Mixture mixture, ImmutableList<Part> parts, ImmutableList<String> changed, boolean made) {
    this.mixture = mixture;
    this.parts = parts;
    this.changed = changed;
    this.made = made;
  }

  /**
   * Takes what a file has of the index and makes the rest; nothing is written.
   *
   * @param kept a file that {@link #save} writes; it need not be there yet
   * @param progress told from time to time when much has to be made
   * @throws IOException if a shard cannot be read, or its framing is damaged and damage raises
   */
  public static DataIndex open(
      Mixture mixture,
      SampleKind<?> kind,
      SourceOptions options,
      Optional<Path> kept,
      Consumer<String> progress)
      throws IOException {
    Map<String, ShardIndex> known = new HashMap<>();
    if (kept.isPresent()) {
      read(kept.get(), known);
    }
    String rule = kind.rule(options.codec().aliases());
    List<Path> missing = new ArrayList<>();
    List<String> changed = new ArrayList<>();
    for (Mixture.DataSet set : mixture.sets()) {
      for (Path shard : set.shards().paths()) {
        ShardIndex old = known.get(shard.toAbsolutePath().toString());
        if (old == null || !Files.exists(shard) || !old.isFresh(rule)) {
          missing.add(shard);
          if (!known.isEmpty()) {
            changed.add(shard + (old == null ? " is new" : " was changed"));
          }
        }
      }
    }
    make(missing, kind, options, progress).forEach(shard -> known.put(shard.path(), shard));
    ImmutableList.Builder<Part> parts = ImmutableList.builder();
    for (Mixture.DataSet set : mixture.sets()) {
      ImmutableList.Builder<ShardIndex> shards = ImmutableList.builder();
      for (Path path : set.shards().paths()) {
        ShardIndex shard = known.get(path.toAbsolutePath().toString());
        if (!shard.damage().isEmpty()) {
          options.damage().handle(lost(path, shard), new IOException(shard.damage()));
        }
        shards.add(shard);
      }
      parts.add(new Part(set, set.shards().names(), shards.build()));
    }
    return new DataIndex(mixture, parts.build(), ImmutableList.copyOf(changed), !missing.isEmpty());
  }

  /** Makes the index of all shards. */
  public static DataIndex of(Mixture mixture, SampleKind<?> kind, SourceOptions options)
      throws IOException {
    return open(mixture, kind, options, Optional.empty(), done -> {});
  }

  private static SourceOptions.DamagePolicy.Damaged lost(Path path, ShardIndex shard) {
    long end = shard.windows().stream().mapToLong(ShardIndex.Window::bytes).sum();
    return new SourceOptions.DamagePolicy.Damaged(path, end, shard.damage(), true);
  }

  private static List<ShardIndex> make(
      List<Path> shards, SampleKind<?> kind, SourceOptions options, Consumer<String> progress)
      throws IOException {
    List<ShardIndex> made = new ArrayList<>();
    Iterator<Path> waiting = shards.iterator();
    try (InOrder<ShardIndex> all =
        new InOrder<>(
            AT_ONCE,
            () -> {
              if (!waiting.hasNext()) {
                return Optional.empty();
              }
              Path shard = waiting.next();
              return Optional.of(() -> ShardIndex.make(shard, kind, options));
            })) {
      for (var next = all.next(); next.isPresent(); next = all.next()) {
        made.add(next.get());
        if (made.size() % TOLD_EVERY == 0) {
          progress.accept(
              "index of the data: %,d of %,d shards".formatted(made.size(), shards.size()));
        }
      }
    }
    return made;
  }

  private static void read(Path file, Map<String, ShardIndex> known) throws IOException {
    if (!Files.isRegularFile(file)) {
      return;
    }
    try (TfRecordReader reader = TfRecordReader.open(file)) {
      for (var record = reader.next(); record.isPresent(); record = reader.next()) {
        ShardIndex.decode(record.get()).ifPresent(shard -> known.put(shard.path(), shard));
      }
    } catch (TfRecordException e) {
      known.clear(); // it is made anew
    }
  }

  /** Writes the index to a file, unless all of it came from there. */
  public void save(Path file) throws IOException {
    if (!made && Files.exists(file)) {
      return;
    }
    TfRecordWriter.Options options = TfRecordWriter.Options.plain().withOverwrite(true);
    try (TfRecordWriter writer = TfRecordWriter.create(file, options)) {
      for (Part part : parts) {
        for (ShardIndex shard : part.shards()) {
          writer.write(shard.encode());
        }
      }
      writer.commit();
    }
  }

  /** The data sets. */
  public Mixture mixture() {
    return mixture;
  }

  ImmutableList<Part> parts() {
    return parts;
  }

  /** Items of all data sets together. */
  public long items() {
    return parts.stream().mapToLong(Part::items).sum();
  }

  /** Records that make no item. */
  public long without() {
    return parts.stream()
        .flatMap(part -> part.shards().stream())
        .mapToLong(ShardIndex::without)
        .sum();
  }

  /** Shards of which the kept index said something else, each with what happened. */
  ImmutableList<String> changed() {
    return changed;
  }

  /**
   * Tells data apart: names and weights of sets, names (not places), sizes and numbers of records
   * and items of their shards. 16 hexadecimal digits.
   */
  public String fingerprint() {
    Hasher hasher = Hashing.murmur3_128().newHasher();
    for (Part part : parts) {
      text(hasher, part.set().name()).putDouble(part.set().weight());
      for (int i = 0; i < part.shards().size(); i++) {
        ShardIndex shard = part.shards().get(i);
        text(hasher, part.names().get(i)).putLong(shard.bytes());
        text(hasher, shard.rule());
        for (ShardIndex.Window window : shard.windows()) {
          hasher.putLong(window.bytes()).putInt(window.records()).putInt(window.items());
        }
      }
    }
    return HexFormat.of().toHexDigits(hasher.hash().asLong());
  }

  private static Hasher text(Hasher hasher, String text) {
    return hasher.putInt(text.length()).putString(text, StandardCharsets.UTF_8);
  }
}
