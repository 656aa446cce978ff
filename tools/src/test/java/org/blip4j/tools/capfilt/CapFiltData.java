package org.blip4j.tools.capfilt;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.google.common.collect.ImmutableList;
import com.google.protobuf.ByteString;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.blip4j.data.pipeline.SampleSource;
import org.blip4j.data.pipeline.SourceOptions;
import org.blip4j.data.sample.ExampleCodec;
import org.blip4j.data.sample.Sample;
import org.blip4j.data.tfrecord.ShardSet;
import org.blip4j.data.tfrecord.TfRecordWriter;
import org.blip4j.graph.config.TextSettings;
import org.blip4j.savedmodel.capfilt.CapFiltModels;
import org.blip4j.savedmodel.capfilt.CapFiltSettings;
import org.blip4j.savedmodel.capfilt.CapFiltStep;
import org.blip4j.savedmodel.capfilt.CaptionerAndFilter;

/** Small shards of pictures that differ by bytes after their end. */
public final class CapFiltData {
  private static final byte[] PNG =
      Base64.getDecoder()
          .decode(
              "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9"
                  + "awAAAABJRU5ErkJggg==");

  private CapFiltData() {}

  static ByteString image(String key) {
    return ByteString.copyFrom(PNG).concat(ByteString.copyFromUtf8(key));
  }

  static List<Path> write(Path folder, int shards, int records) throws IOException {
    List<Path> paths = new ArrayList<>();
    for (int shard = 0; shard < shards; shard++) {
      Path path =
          folder.resolve(new ShardSet.ShardName("web", shard, shards, ".tfrecord").fileName());
      try (TfRecordWriter writer = TfRecordWriter.create(path, TfRecordWriter.Options.plain())) {
        for (int record = 0; record < records; record++) {
          writer.write(sample("k%d-%d".formatted(shard, record)));
        }
        writer.commit();
      }
      paths.add(path);
    }
    return paths;
  }

  /** One shard of the records of several. */
  static List<Path> join(Path folder, List<Path> shards) throws IOException {
    Path path = folder.resolve("joined.tfrecord");
    try (TfRecordWriter writer = TfRecordWriter.create(path, TfRecordWriter.Options.plain())) {
      for (Path shard : shards) {
        for (Sample.ImageText sample : read(shard)) {
          writer.write(ExampleCodec.standard().encode(sample));
        }
      }
      writer.commit();
    }
    return List.of(path);
  }

  private static byte[] sample(String key) {
    return ExampleCodec.standard()
        .encode(Sample.ImageText.of(key, image(key).toByteArray(), ImmutableList.of("Web " + key)));
  }

  static CapFiltPlan plan(List<Path> shards, CapFiltSettings settings) throws IOException {
    CapFiltModels.Identity model = new CapFiltModels.Identity("m", "00");
    return new CapFiltPlan(
        CapFiltPlan.FORMAT, CapFiltPlan.Shard.of(ShardSet.of(shards)), settings, model, model);
  }

  static CapFiltSettings settings() {
    return CapFiltSettings.published(TextSettings.published(), 7);
  }

  static CapFiltJob.Work work(int workers, int batch) {
    return new CapFiltJob.Work(
        workers, batch, Duration.ofSeconds(1), () -> false, CapFiltListener.NONE);
  }

  static CapFiltStats run(Path out, CapFiltPlan plan, CaptionerAndFilter models, int workers)
      throws IOException {
    return run(out, plan, models, work(workers, 8));
  }

  static CapFiltStats run(
      Path out, CapFiltPlan plan, CaptionerAndFilter models, CapFiltJob.Work work)
      throws IOException {
    return new CapFiltJob(new CapFiltFolder(out), plan, work)
        .run(
            JudgedRecords.by(
                CapFiltStep.of(plan.settings(), models), work.batchSize(), SourceOptions.strict()));
  }

  /** All files that the result consists of, by name; speed and the hidden state left out. */
  static Map<String, String> content(Path out) throws IOException {
    Map<String, String> content = new TreeMap<>();
    try (Stream<Path> walk = Files.walk(out)) {
      for (Path file : (Iterable<Path>) walk.filter(Files::isRegularFile)::iterator) {
        String name = out.relativize(file).toString();
        if (!name.startsWith(".capfilt")) {
          String text = new String(Files.readAllBytes(file), UTF_8);
          content.put(name, text.replaceAll("\"(images_per_second|seconds)\" : .*", ""));
        }
      }
    }
    return content;
  }

  static List<Sample.ImageText> read(Path shard) throws IOException {
    List<Sample.ImageText> samples = new ArrayList<>();
    try (SampleSource source =
        SampleSource.open(ShardSet.of(List.of(shard)), SourceOptions.strict())) {
      for (var next = source.next(); next.isPresent(); next = source.next()) {
        samples.add(next.get().sample());
      }
    }
    return samples;
  }
}
