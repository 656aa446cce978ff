package org.blip4j.tools.input;

import com.google.protobuf.UnsafeByteOperations;
import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import org.blip4j.data.file.FileNames;
import org.blip4j.data.file.TextFile;
import org.blip4j.data.pipeline.SampleSource;
import org.blip4j.data.pipeline.SourceOptions;
import org.blip4j.data.tfrecord.ShardSet;

/** The images of several sources one after another; only what is being read is held. */
public final class ImageStream implements Closeable {
  private static final int MOST_BYTES = 256 << 20;

  private final FileNames names = new FileNames();
  private final Deque<ImageSource> sources;
  private final Deque<LoadedImage> ready = new ArrayDeque<>();
  private final long total;
  private final Consumer<String> notes;
  private Deque<Path> paths = new ArrayDeque<>();
  private SampleSource records;
  private Path shard;

  /**
   * Images.
   *
   * @param notes told of what is left out of folders
   */
  ImageStream(List<ImageSource> sources, Consumer<String> notes) {
    this.notes = notes;
    this.sources = new ArrayDeque<>(sources);
    this.total =
        sources.stream().allMatch(source -> source.count().isPresent())
            ? sources.stream().mapToLong(source -> source.count().orElseThrow()).sum()
            : -1;
  }

  /** How many images there will be, or -1 if that is not known. */
  public long total() {
    return total;
  }

  /** Up to {@code count} further images; empty at the end. */
  public List<LoadedImage> next(int count) throws IOException {
    List<LoadedImage> batch = new ArrayList<>();
    while (batch.size() < count && fill()) {
      batch.add(ready.pop());
    }
    return batch;
  }

  @Override
  public void close() throws IOException {
    if (records != null) {
      records.close();
    }
    for (ImageSource source : sources) {
      if (source instanceof ImageSource.Lines lines) {
        lines.reader().close();
      }
    }
  }

  private boolean fill() throws IOException {
    while (ready.isEmpty()) {
      if (!paths.isEmpty()) {
        ready.add(read(paths.pop()));
      } else if (records != null) {
        readRecord();
      } else if (sources.isEmpty()) {
        return false;
      } else {
        advance();
      }
    }
    return true;
  }

  private void advance() throws IOException {
    ImageSource source = sources.peek();
    if (source instanceof ImageSource.Lines lines) {
      readLine(lines.reader());
      return;
    }
    sources.pop();
    if (source instanceof ImageSource.Paths files) {
      files.note().ifPresent(notes);
      paths = new ArrayDeque<>(files.paths());
    } else if (source instanceof ImageSource.Missing missing) {
      ready.add(LoadedImage.failed(missing.argument(), Optional.empty(), missing.why()));
    } else if (source instanceof ImageSource.Shards shards) {
      shard = shards.shards().paths().get(0);
      if (shards.shards().size() > 1) {
        sources.push(new ImageSource.Shards(shards.shards().range(1, shards.shards().size() - 1)));
      }
      records =
          SampleSource.open(
              ShardSet.of(List.of(shard)),
              SourceOptions.strict()
                  .withCheckImages(false)
                  .withDamage(SourceOptions.DamagePolicy.skip(this::damaged)));
    }
  }

  private void readLine(TextFile lines) throws IOException {
    Optional<TextFile.Line> next = lines.next();
    if (next.isEmpty()) {
      lines.close();
      sources.pop();
      return;
    }
    TextFile.Line line = next.get();
    if (line.problem().isPresent()) {
      String place = "%s line %d".formatted(lines.name(), line.number());
      ready.add(LoadedImage.failed(place, Optional.empty(), line.problem().get()));
    } else if (!line.text().isBlank()) {
      readNamed(line.text());
    }
  }

  private void readNamed(String name) {
    try {
      Path path = names.find(name);
      if (Files.isDirectory(path)) {
        sources.push(ImageSource.folder(path));
      } else if (Files.exists(path) && ImageSource.isShard(path)) {
        sources.push(new ImageSource.Shards(ShardSet.of(List.of(path))));
      } else {
        ready.add(read(path));
      }
    } catch (IOException | InvalidPathException e) {
      ready.add(LoadedImage.failed(name, Optional.empty(), withoutName(name, e)));
    }
  }

  private void readRecord() throws IOException {
    try {
      Optional<SampleSource.Located> next = records.next();
      if (next.isPresent()) {
        var sample = next.get().sample();
        ready.add(LoadedImage.of(sample.key(), Optional.empty(), sample.image()));
        return;
      }
    } catch (IOException e) {
      String name = shard.toString();
      ready.add(LoadedImage.failed(name, Optional.empty(), withoutName(name, e)));
    }
    records.close();
    records = null;
  }

  private void damaged(SourceOptions.DamagePolicy.Damaged record) {
    String name = record.shard().toString();
    ready.add(LoadedImage.failed(name, Optional.empty(), withoutName(name, record.reason())));
  }

  public static LoadedImage read(Path path) {
    Optional<Path> file = Optional.of(path);
    try (InputStream in = Files.newInputStream(path)) {
      byte[] bytes = in.readNBytes(MOST_BYTES + 1);
      return bytes.length > MOST_BYTES
          ? LoadedImage.failed(
              path.toString(), file, "more than " + (MOST_BYTES >> 20) + " MB; not an image")
          : LoadedImage.of(path.toString(), file, UnsafeByteOperations.unsafeWrap(bytes));
    } catch (NoSuchFileException e) {
      return LoadedImage.failed(path.toString(), file, "no such file");
    } catch (AccessDeniedException e) {
      return LoadedImage.failed(path.toString(), file, "permission denied");
    } catch (IOException e) {
      return LoadedImage.failed(
          path.toString(), file, "cannot be read: " + withoutName(path.toString(), e));
    }
  }

  private static String withoutName(String name, Exception e) {
    return withoutName(name, String.valueOf(e.getMessage()));
  }

  private static String withoutName(String name, String message) {
    String prefix = name + ": ";
    return message.startsWith(prefix) ? message.substring(prefix.length()) : message;
  }
}
