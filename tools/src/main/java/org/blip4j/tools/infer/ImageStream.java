package org.blip4j.tools.infer;

import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import org.blip4j.data.pipeline.DamagePolicy;
import org.blip4j.data.pipeline.DamagedRecord;
import org.blip4j.data.pipeline.LocatedSample;
import org.blip4j.data.pipeline.SampleSource;
import org.blip4j.data.pipeline.SourceOptions;

/** The images of several sources one after another; only what is being read is held. */
final class ImageStream implements Closeable {
  private final Deque<ImageSource> sources;
  private final Deque<LoadedImage> ready = new ArrayDeque<>();
  private final long total;
  private Deque<Path> paths = new ArrayDeque<>();
  private SampleSource records;
  private boolean recordsEnded = true;

  ImageStream(List<ImageSource> sources) {
    this.sources = new ArrayDeque<>(sources);
    this.total =
        sources.stream().allMatch(source -> source.count().isPresent())
            ? sources.stream().mapToLong(source -> source.count().orElseThrow()).sum()
            : -1;
  }

  /** How many images there will be, or -1 if that is not known. */
  long total() {
    return total;
  }

  /** Up to {@code count} further images; empty at the end. */
  List<LoadedImage> next(int count) throws IOException {
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
      } else if (!recordsEnded) {
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
    if (source instanceof ImageSource.Paths files) {
      paths = new ArrayDeque<>(files.paths());
      sources.pop();
    } else if (source instanceof ImageSource.Shards shards) {
      records =
          SampleSource.open(
              shards.shards(),
              SourceOptions.strict()
                  .withCheckImages(false)
                  .withDamage(DamagePolicy.skip(this::damaged)));
      recordsEnded = false;
      sources.pop();
    } else if (source instanceof ImageSource.Lines lines) {
      String line = lines.reader().readLine();
      if (line == null) {
        lines.reader().close();
        sources.pop();
      } else if (!line.isBlank()) {
        ready.add(read(Path.of(line.strip())));
      }
    }
  }

  private void readRecord() throws IOException {
    Optional<LocatedSample> next = records.next();
    if (next.isPresent()) {
      var sample = next.get().sample();
      LoadedImage.Content bytes = new LoadedImage.Bytes(sample.image().toByteArray());
      ready.add(new LoadedImage(sample.key(), Optional.empty(), bytes));
    } else {
      recordsEnded = true;
      records.close();
      records = null;
    }
  }

  private void damaged(DamagedRecord record) {
    String shard = record.shard().toString();
    String reason = record.reason();
    String prefix = shard + ": ";
    ready.add(
        LoadedImage.failed(
            shard,
            Optional.empty(),
            reason.startsWith(prefix) ? reason.substring(prefix.length()) : reason));
  }

  static LoadedImage read(Path path) {
    Optional<Path> file = Optional.of(path);
    try {
      LoadedImage.Content bytes = new LoadedImage.Bytes(Files.readAllBytes(path));
      return new LoadedImage(path.toString(), file, bytes);
    } catch (NoSuchFileException e) {
      return LoadedImage.failed(path.toString(), file, "no such file");
    } catch (IOException e) {
      return LoadedImage.failed(
          path.toString(), file, "cannot be read: " + String.valueOf(e.getMessage()));
    } catch (OutOfMemoryError e) {
      return LoadedImage.failed(path.toString(), file, "too large to be an image");
    }
  }
}
