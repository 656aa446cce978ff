package org.blip4j.data.pipeline;

import com.google.protobuf.ByteString;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.blip4j.data.sample.ExampleCodec;
import org.blip4j.data.sample.Sample;
import org.blip4j.data.stream.Prefetch;
import org.blip4j.data.tfrecord.ShardSet;
import org.blip4j.data.tfrecord.TfRecordWriter;

/** Writes small shards of numbered samples. */
final class TestShards {
  private TestShards() {}

  /** Shards of the given numbers of records; record {@code i} has {@code i % 3 + 1} texts. */
  static ShardSet write(Path folder, ByteString image, int... records) throws IOException {
    List<Path> paths = new ArrayList<>();
    int number = 0;
    for (int shard = 0; shard < records.length; shard++) {
      List<Sample> samples = new ArrayList<>();
      for (int i = 0; i < records[shard]; i++, number++) {
        List<String> texts = new ArrayList<>();
        for (int t = 0; t <= number % 3; t++) {
          texts.add("text " + t + " of " + number);
        }
        samples.add(Sample.ImageText.of("k" + number, image.toByteArray(), texts));
      }
      paths.add(write(folder.resolve("s%02d.tfrecord".formatted(shard)), samples));
    }
    return ShardSet.of(paths);
  }

  /** A pipeline over one data set of images with texts. */
  static SamplePipeline<Sample.ImageText> pipeline(
      ShardSet shards, SourceOptions source, SamplePipeline.Options options) throws IOException {
    return pipeline(Mixture.of(shards), source, options);
  }

  /** The same over a mixture. */
  static SamplePipeline<Sample.ImageText> pipeline(
      Mixture mixture, SourceOptions source, SamplePipeline.Options options) throws IOException {
    DataIndex index = DataIndex.of(mixture, SampleKind.IMAGE_TEXT, source);
    return new SamplePipeline<>(SampleKind.IMAGE_TEXT, index, source, options);
  }

  /** Batches from a place on. */
  static <S extends Sample> List<Batch<S>> take(
      SamplePipeline<S> pipeline, SamplePipeline.Cursor from, int count) throws IOException {
    List<Batch<S>> batches = new ArrayList<>();
    try (Prefetch<Batch<S>> stream = pipeline.open(from)) {
      for (int i = 0; i < count; i++) {
        batches.add(stream.next());
      }
    }
    return batches;
  }

  static Path write(Path shard, List<Sample> samples) throws IOException {
    ExampleCodec codec = ExampleCodec.standard();
    try (TfRecordWriter writer =
        TfRecordWriter.create(shard, TfRecordWriter.Options.plain().withOverwrite(true))) {
      for (Sample sample : samples) {
        writer.write(codec.encode(sample));
      }
      writer.commit();
    }
    return shard;
  }
}
