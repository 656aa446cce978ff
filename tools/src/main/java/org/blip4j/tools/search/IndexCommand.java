package org.blip4j.tools.search;

import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;
import org.blip4j.data.pipeline.SampleSource;
import org.blip4j.data.pipeline.SourceOptions;
import org.blip4j.data.tfrecord.ShardSet;
import org.blip4j.savedmodel.capfilt.CapFiltModels;
import org.blip4j.savedmodel.open.ModelSource;
import org.blip4j.savedmodel.predict.EmbeddingVector;
import org.blip4j.savedmodel.predict.Predictor;
import org.blip4j.tools.console.ComputeOptions;
import org.blip4j.tools.console.Console;
import org.blip4j.tools.console.ExitCodes;
import org.blip4j.tools.console.InterruptWatch;
import org.blip4j.tools.console.ModelOptions;
import org.blip4j.tools.console.Progress;
import org.blip4j.tools.input.ImageArguments;
import org.blip4j.tools.input.ImageStream;
import org.blip4j.tools.input.LoadedImage;
import org.blip4j.tools.input.ReadAhead;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code search index}: features of pictures, computed once. */
@Command(
    name = "index",
    description = {
      "Make an index of pictures, or bring one up to date: new and changed pictures are added,"
          + " those that are not named any more are dropped.",
      "A picture has changed if its file's length or time has. Start it again to continue."
    },
    footerHeading = "%nExample:%n",
    footer = "  tools/blip search index photos/ --model runs/filter/model --out photos.index")
final class IndexCommand implements Callable<Integer> {
  private static final int BATCH = 8;

  @Parameters(
      paramLabel = "IMAGE",
      arity = "0..*",
      description = "Image files, folders, globs or TFRecord shards.")
  private List<String> arguments = new ArrayList<>();

  @Option(
      names = "--out",
      paramLabel = "INDEX",
      required = true,
      description = "Folder of the index.")
  private Path out;

  @Option(names = "--overwrite", description = "Make an index of another model or a damaged anew.")
  private boolean overwrite;

  @Mixin private ImageArguments inputs;
  @Mixin private ModelOptions model;
  @Mixin private ComputeOptions.Quantize quantize;
  @Mixin private ComputeOptions common;
  @Mixin private ComputeOptions.Batch batch;

  /** A picture with its bytes, or with why there are none. */
  private record Item(Picture picture, LoadedImage image) {}

  @Override
  public Integer call() throws IOException {
    Console console = common.console();
    int batchSize = batch.size(BATCH);
    List<ImageArguments.Place> places = inputs.places(arguments, console);
    if (places.isEmpty()) {
      throw new IllegalArgumentException("there is no picture to index; name files or folders");
    }
    quantize.change(common.inference()); // what cannot be had is told before anything is written
    ModelSource source = model.source(common);
    FeatureIndex.Info info =
        new FeatureIndex.Info(
            FeatureIndex.Info.FORMAT,
            CapFiltModels.Identity.of(source.path()),
            common.precision().toString(),
            quantize.kind().toString(),
            0,
            0,
            "");
    try (InterruptWatch watch =
            new InterruptWatch(
                () -> console.note("interrupted within a batch; give the same command to go on"));
        IndexWriter writer = IndexWriter.open(out, info, overwrite);
        Unknown unknown = new Unknown(places, writer, console)) {
      if (!compute(unknown, source, writer, watch, batchSize)) {
        console.note(
            "interrupted: %d new pictures are stored; give the same command again to go on",
            writer.taken());
        return ExitCodes.INTERRUPTED;
      }
      IndexWriter.Outcome outcome = writer.finish(unknown.order);
      console.result(outcome, outcome.text());
    }
    return console.exitCode();
  }

  /** Computes and stores features; false if it was interrupted. The model is opened if needed. */
  private boolean compute(
      Unknown unknown, ModelSource source, IndexWriter writer, InterruptWatch watch, int size)
      throws IOException {
    try (ReadAhead<Item> batches = new ReadAhead<>(() -> unknown.next(size))) {
      List<Item> items = batches.next();
      if (items.isEmpty()) {
        return !watch.interrupted();
      }
      try (Predictor predictor =
              ModelOptions.open(source, common, quantize, UnaryOperator.identity());
          Progress progress = common.console().progress("new pictures", -1)) {
        while (!items.isEmpty()) {
          store(items, predictor, writer);
          progress.advance(items.size());
          if (watch.interrupted()) {
            return false;
          }
          items = batches.next();
        }
      }
    }
    return true;
  }

  private void store(List<Item> items, Predictor predictor, IndexWriter writer) throws IOException {
    Console console = common.console();
    List<Item> readable = new ArrayList<>();
    List<byte[]> bytes = new ArrayList<>();
    for (Item item : items) {
      if (item.image().content() instanceof LoadedImage.Bytes content) {
        readable.add(item);
        bytes.add(content.value());
      } else if (item.image().content() instanceof LoadedImage.Problem problem) {
        console.failed(item.image().name(), problem.text());
      }
    }
    if (readable.isEmpty()) {
      return;
    }
    List<EmbeddingVector> embeddings = predictor.embedImages(bytes);
    List<Picture> pictures = new ArrayList<>();
    List<float[]> features = new ArrayList<>();
    for (int i = 0; i < readable.size(); i++) {
      EmbeddingVector embedding = embeddings.get(i);
      if (embedding.ok()) {
        pictures.add(readable.get(i).picture());
        features.add(embedding.values());
      } else {
        console.failed(readable.get(i).image().name(), embedding.status());
      }
    }
    writer.add(pictures, features);
  }

  /** The pictures whose features are not known, read in order; notes all that are wanted. */
  private static final class Unknown implements Closeable {
    private final LinkedHashSet<Picture> order = new LinkedHashSet<>();
    private final Deque<ImageArguments.Place> places;
    private final Deque<Item> ready = new ArrayDeque<>();
    private final IndexWriter writer;
    private final Console console;
    private SampleSource records;
    private Picture.Stamp stamp;

    Unknown(List<ImageArguments.Place> places, IndexWriter writer, Console console) {
      this.places = new ArrayDeque<>(places);
      this.writer = writer;
      this.console = console;
    }

    List<Item> next(int count) throws IOException {
      List<Item> batch = new ArrayList<>();
      while (batch.size() < count && fill()) {
        batch.add(ready.pop());
      }
      return batch;
    }

    private boolean fill() throws IOException {
      while (ready.isEmpty()) {
        if (records != null) {
          readRecord();
        } else if (places.isEmpty()) {
          return false;
        } else {
          begin(places.pop());
        }
      }
      return true;
    }

    private void begin(ImageArguments.Place place) {
      Path file = place.file().toAbsolutePath().normalize();
      try {
        stamp = Picture.Stamp.of(file);
      } catch (IOException e) {
        console.failed(file.toString(), "no such file, or it may not be read");
        return;
      }
      if (!Path.of(file.toString()).equals(file)) {
        console.failed(file.toString(), "its name is no text in the system's encoding; rename it");
      } else if (place.shard()) {
        records =
            SampleSource.open(
                ShardSet.of(List.of(file)),
                SourceOptions.strict()
                    .withCheckImages(false)
                    .withDamage(SourceOptions.DamagePolicy.skip(this::damaged)));
      } else {
        want(Picture.ofFile(file, stamp), () -> ImageStream.read(file));
      }
    }

    private void damaged(SourceOptions.DamagePolicy.Damaged record) {
      console.failed(record.shard().toString(), record.reason());
    }

    private void readRecord() throws IOException {
      Optional<SampleSource.Located> next = Optional.empty();
      try {
        next = records.next();
      } catch (IOException e) {
        console.failed("a shard", String.valueOf(e.getMessage()));
      }
      if (next.isEmpty()) {
        close();
        return;
      }
      SampleSource.Located found = next.get();
      String key = found.sample().key();
      want(
          new Picture(key, found.shard().toString(), found.index(), found.offset(), stamp),
          () -> LoadedImage.of(key, Optional.empty(), found.sample().image()));
    }

    @Override
    public void close() throws IOException {
      if (records != null) {
        records.close();
        records = null;
      }
    }

    private void want(Picture picture, Supplier<LoadedImage> read) {
      if (order.add(picture) && !writer.has(picture)) {
        ready.add(new Item(picture, read.get()));
      }
    }
  }
}
