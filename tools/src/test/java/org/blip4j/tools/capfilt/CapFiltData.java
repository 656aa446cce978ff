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
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.blip4j.data.pipeline.SampleSource;
import org.blip4j.data.pipeline.SourceOptions;
import org.blip4j.data.sample.ExampleCodec;
import org.blip4j.data.sample.Sample;
import org.blip4j.data.tfrecord.ShardName;
import org.blip4j.data.tfrecord.ShardSet;
import org.blip4j.data.tfrecord.TfRecordWriter;
import org.blip4j.savedmodel.capfilt.CapFiltPolicy;
import org.blip4j.savedmodel.capfilt.CapFiltSettings;
import org.blip4j.savedmodel.capfilt.CaptionerAndFilter;
import org.blip4j.savedmodel.capfilt.GenerationSettings;
import org.blip4j.savedmodel.capfilt.InputShard;
import org.blip4j.savedmodel.capfilt.MatchScore;
import org.blip4j.savedmodel.capfilt.ModelIdentity;
import org.blip4j.savedmodel.capfilt.ModelScores;
import org.blip4j.savedmodel.capfilt.ScoredText;
import org.blip4j.savedmodel.capfilt.TextSource;

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
      Path path = folder.resolve(new ShardName("web", shard, shards, ".tfrecord").fileName());
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

  private static byte[] sample(String key) {
    return ExampleCodec.standard()
        .encode(Sample.ImageText.of(key, image(key).toByteArray(), ImmutableList.of("Web " + key)));
  }

  static CapFiltPlan plan(List<Path> shards, CapFiltSettings settings) throws IOException {
    ModelIdentity model = new ModelIdentity("m", "00");
    return new CapFiltPlan(
        CapFiltPlan.FORMAT, InputShard.of(ShardSet.of(shards)), settings, model, model);
  }

  static CapFiltSettings settings(int batch) {
    return new CapFiltSettings(CapFiltPolicy.published(), GenerationSettings.published(), 7, batch);
  }

  static CapFiltStats run(Path out, CapFiltPlan plan, CaptionerAndFilter models, int workers)
      throws IOException {
    CapFiltJob job =
        new CapFiltJob(
            new CapFiltFolder(out),
            plan,
            new CapFiltJob.Work(workers, Duration.ofSeconds(1), CapFiltListener.NONE));
    return job.run(ModelScores.opener(plan.settings(), models, SourceOptions.strict()));
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

  static ScoredText scored(String text, TextSource source, double itm, double itc) {
    return new ScoredText(text, source, Optional.of(new MatchScore((float) itm, (float) itc)));
  }
}
