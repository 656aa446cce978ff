package org.blip4j.data.dataset;

import com.google.common.collect.ImmutableList;
import com.google.protobuf.ByteString;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.blip4j.data.file.AtomicFolder;
import org.blip4j.data.sample.ExampleCodec;
import org.blip4j.data.sample.ImageInfo;
import org.blip4j.data.sample.Sample;
import org.blip4j.data.sample.SampleException;
import org.blip4j.data.tfrecord.ShardSet;
import org.blip4j.data.tfrecord.TfRecordWriter;

/**
 * Writes the images of a {@link PackPlan}, with their texts, into shards of equal numbers of
 * records.
 *
 * <p>The shards are written in a hidden folder beside and get their names together. Until {@link
 * #close} they count as unfinished: what a killed process leaves, the next one takes for nothing
 * and begins anew.
 */
public final class ShardPacker implements AutoCloseable {
  /**
   * The set of shards to write: {@code NAME-00000-of-0000N.tfrecord} in a folder.
   *
   * @param overwrite whether an older set of this name may be replaced
   */
  public record Target(Path folder, String name, int shards, boolean gzip, boolean overwrite) {
    public Target {
      if (name.isEmpty() || name.contains("/") || name.startsWith(".")) {
        throw new IllegalArgumentException(
            "name is \"%s\"; a plain name such as web is expected".formatted(name));
      }
      if (shards < 1 || shards > 99_999) {
        throw new IllegalArgumentException("shards is " + shards + ", it must be 1 to 99999");
      }
    }

    private String shard(int index) {
      return new ShardSet.ShardName(name, index, shards, gzip ? ".tfrecord.gz" : ".tfrecord")
          .fileName();
    }

    /** Shards of this name that are there; what a killed process left is removed first. */
    private List<Path> older() throws IOException {
      if (!Files.exists(folder)) {
        return List.of();
      }
      if (!Files.isDirectory(folder)) {
        throw new IOException(folder + " is a file; shards are written into a folder");
      }
      AtomicFolder.sweep(folder);
      try (Stream<Path> files = Files.list(folder)) {
        return files.filter(this::isOurs).sorted().toList();
      }
    }

    private boolean isOurs(Path file) {
      return ShardSet.ShardName.parse(file.getFileName().toString())
          .filter(shard -> shard.base().equals(name))
          .isPresent();
    }

    private List<Path> requireFree() throws IOException {
      List<Path> old = older();
      if (!old.isEmpty() && !overwrite) {
        throw new IOException(
            "%s exists already (%d shard(s) named %s); choose another name or folder, or"
                    .formatted(old.get(0), old.size(), name)
                + " allow overwriting");
      }
      return old;
    }
  }

  /** What was written. */
  public record Packed(long images, long texts, long unreadable, long bytes) {}

  /** Told about each image. */
  public interface Listener {
    /** An image was packed or failed. */
    void done();

    /** An image cannot be used. */
    void failed(Path image, String why);
  }

  /** Gives the frames that are kept of a video. */
  public interface Frames {
    /**
     * Image files, in order of time.
     *
     * @throws SampleException if the video cannot be used; says why, without its name
     */
    ImmutableList<ByteString> of(Path video) throws IOException;
  }

  private final Target target;
  private final Optional<Frames> frames;
  private final AtomicFolder staging;
  private final ExampleCodec codec = ExampleCodec.standard();
  private final Set<Path> images = new HashSet<>();
  private long texts;
  private long unreadable;
  private long bytes;

  private ShardPacker(Target target, Optional<Frames> frames, AtomicFolder staging) {
    this.target = target;
    this.frames = frames;
    this.staging = staging;
  }

  /**
   * Starts a set.
   *
   * @throws IOException if shards of this name are there and may not be replaced
   */
  public static ShardPacker open(Target target) throws IOException {
    return open(target, Optional.empty());
  }

  /**
   * Starts a set of videos.
   *
   * @throws IOException if shards of this name are there and may not be replaced
   */
  public static ShardPacker openVideos(Target target, Frames frames) throws IOException {
    return open(target, Optional.of(frames));
  }

  private static ShardPacker open(Target target, Optional<Frames> frames) throws IOException {
    target.requireFree();
    return new ShardPacker(
        target, frames, AtomicFolder.create(target.folder().resolve(target.name())));
  }

  /**
   * Writes all shards and gives them their names.
   *
   * @throws IOException if not one image can be used; then nothing is written
   */
  public Packed pack(PackPlan plan, Listener listener) throws IOException {
    for (int shard = 0; shard < target.shards(); shard++) {
      write(shard, plan, listener);
    }
    if (images.isEmpty()) {
      throw new IOException(
          "none of the %d images can be used; nothing was written".formatted(plan.items().size()));
    }
    staging.commitFiles(target.requireFree());
    return new Packed(images.size(), texts, unreadable, bytes);
  }

  /**
   * Writes a shard of each tar file (see {@link TarSamples}) and gives them their names. What
   * cannot be used is told, and the rest written; of a tar that is cut short, all up to there.
   *
   * @param tars as many as the target has shards
   * @throws IOException if not one image can be used; then nothing is written
   */
  public Packed packTars(List<Path> tars, Listener listener) throws IOException {
    long packed = 0;
    for (int shard = 0; shard < tars.size(); shard++) {
      Path file = staging.path().resolve(target.shard(shard));
      try (TfRecordWriter writer =
          TfRecordWriter.create(file, TfRecordWriter.Options.plain().withGzip(target.gzip()))) {
        packed += pack(tars.get(shard), writer, listener);
        writer.commit();
      }
      bytes += Files.size(file);
    }
    if (packed == 0) {
      throw new IOException(
          "not one image of %d tar file(s) can be used; nothing was written"
              .formatted(tars.size()));
    }
    staging.commitFiles(target.requireFree());
    return new Packed(packed, texts, unreadable, bytes);
  }

  private long pack(Path tar, TfRecordWriter writer, Listener listener) throws IOException {
    long packed = 0;
    try (TarSamples samples = TarSamples.open(tar)) {
      for (var next = next(samples, tar, listener);
          next.isPresent();
          next = next(samples, tar, listener)) {
        TarSamples.Read read = next.get();
        if (read.sample().isPresent()) {
          writer.write(codec.encode(read.sample().get()));
          texts += read.sample().get().texts().size();
          packed++;
        } else {
          unreadable++;
          listener.failed(tar.resolve(read.key()), read.problem());
        }
        listener.done();
      }
    }
    return packed;
  }

  private Optional<TarSamples.Read> next(TarSamples samples, Path tar, Listener listener) {
    try {
      return samples.next();
    } catch (IOException e) {
      unreadable++;
      listener.failed(tar, "what follows cannot be read: " + e.getMessage());
      return Optional.empty();
    }
  }

  /** Ends the writing; without it, the shards are taken away again by the next writer. */
  @Override
  public void close() throws IOException {
    staging.close();
  }

  private void write(int shard, PackPlan plan, Listener listener) throws IOException {
    long count = plan.items().size();
    int first = (int) (count * shard / target.shards());
    int end = (int) (count * (shard + 1) / target.shards());
    Path file = staging.path().resolve(target.shard(shard));
    try (TfRecordWriter writer =
        TfRecordWriter.create(file, TfRecordWriter.Options.plain().withGzip(target.gzip()))) {
      for (PackPlan.Item item : plan.items().subList(first, end)) {
        pack(item, writer, listener);
        listener.done();
      }
      writer.commit();
    }
    bytes += Files.size(file);
  }

  private void pack(PackPlan.Item item, TfRecordWriter writer, Listener listener)
      throws IOException {
    Path file = item.file();
    try {
      if (item.statement().isPresent()) {
        ByteString image = read(file);
        PackPlan.Statement said = item.statement().get();
        file = said.right();
        ByteString right = read(file);
        writer.write(
            codec.encode(
                new Sample.ImagePair(
                    item.key(), image, right, said.text(), said.label(), item.columns())));
        images.add(item.file());
        images.add(file);
        texts++;
        return;
      }
      ImmutableList<String> kept =
          item.texts().stream()
              .filter(Predicate.not(String::isEmpty))
              .collect(ImmutableList.toImmutableList());
      Sample sample =
          frames.isPresent()
              ? new Sample.Video(item.key(), frames.get().of(file), kept, item.columns())
              : new Sample.ImageText(item.key(), read(file), kept, item.columns());
      writer.write(codec.encode(sample));
      images.add(item.file());
      texts += Math.max(kept.size(), item.columns().texts("question").size());
    } catch (SampleException e) {
      unreadable++;
      listener.failed(file, e.getMessage());
    }
  }

  private static ByteString read(Path file) throws IOException {
    ByteString image = ByteString.copyFrom(Files.readAllBytes(file));
    ImageInfo.inspect(image);
    return image;
  }
}
