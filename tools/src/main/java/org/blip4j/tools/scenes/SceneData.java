package org.blip4j.tools.scenes;

import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableMap;
import com.google.common.hash.Hashing;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.blip4j.data.sample.ExampleCodec;
import org.blip4j.data.sample.Sample;
import org.blip4j.data.text.Vocabulary;
import org.blip4j.data.tfrecord.ShardName;
import org.blip4j.data.tfrecord.TfRecordWriter;

/**
 * The quickstart's data in a folder: shards {@code human-*}, {@code web-*} and {@code heldout-*},
 * {@code vocab.txt}, and {@code truth.jsonl} with what is known of every picture.
 *
 * <p>The truth is written last: a folder that has it is complete. Training reads the shards only.
 *
 * @param folder where it lies
 * @param plan how much there is
 */
public record SceneData(Path folder, SceneDataPlan plan) {
  /** Makes the data, replacing what an interrupted call left. */
  public static SceneData write(Path folder, SceneDataPlan plan) throws IOException {
    SceneData data = new SceneData(folder, plan);
    Vocabulary.of(SceneVocabulary.pieces()).write(data.vocabulary());
    List<SceneTruth> truths = new ArrayList<>();
    for (SceneSet set : SceneSet.values()) {
      truths.addAll(data.write(set));
    }
    SceneTruth.write(data.truthFile(), truths);
    return data;
  }

  /** Whether all of it is there. */
  public boolean isComplete() {
    return Files.exists(truthFile());
  }

  /** The shards of a set, in order. */
  public ImmutableList<Path> shards(SceneSet set) {
    int count = plan.shards(set);
    return IntStream.range(0, count)
        .mapToObj(i -> new ShardName(set.prefix(), i, count, ".tfrecord").fileName())
        .map(folder::resolve)
        .collect(ImmutableList.toImmutableList());
  }

  /** The vocabulary, one piece a line, with BERT's special tokens, [DEC] and [ENC]. */
  public Path vocabulary() {
    return folder.resolve("vocab.txt");
  }

  /** Reads what is known of every picture, by key, in the order of the records. */
  public ImmutableMap<String, SceneTruth> truth() throws IOException {
    return SceneTruth.read(truthFile());
  }

  private Path truthFile() {
    return folder.resolve("truth.jsonl");
  }

  private List<SceneTruth> write(SceneSet set) throws IOException {
    SceneGenerator generator = new SceneGenerator(stream(set.prefix() + "/scenes"));
    List<Scene> scenes = Stream.generate(generator::next).limit(plan.count(set)).toList();
    Random random = stream(set.prefix() + "/texts");
    WebTextWriter web = new WebTextWriter(random);
    List<SceneTruth> truths = new ArrayList<>();
    for (int i = 0; i < scenes.size(); i++) {
      WebText text =
          set == SceneSet.WEB
              ? web.next(scenes, i)
              : WebText.right(SceneCaption.random(scenes.get(i).looks(), random).text());
      truths.add(SceneTruth.of("%s-%05d".formatted(set.prefix(), i), text, scenes.get(i)));
    }
    ImmutableList<Path> shards = shards(set);
    for (int shard = 0; shard < shards.size(); shard++) {
      int start = shard * plan.shardSize();
      int end = Math.min(scenes.size(), start + plan.shardSize());
      writeShard(shards.get(shard), scenes.subList(start, end), truths.subList(start, end));
    }
    return truths;
  }

  private static void writeShard(Path shard, List<Scene> scenes, List<SceneTruth> truths)
      throws IOException {
    ExampleCodec codec = ExampleCodec.standard();
    TfRecordWriter.Options options = TfRecordWriter.Options.plain().withOverwrite(true);
    try (TfRecordWriter writer = TfRecordWriter.create(shard, options)) {
      for (int i = 0; i < scenes.size(); i++) {
        byte[] png = SceneRenderer.png(scenes.get(i));
        SceneTruth truth = truths.get(i);
        writer.write(
            codec.encode(Sample.ImageText.of(truth.key(), png, ImmutableList.of(truth.text()))));
      }
      writer.commit();
    }
  }

  /** An independent source of chance for each use, by name. */
  private Random stream(String name) {
    return new Random(
        Hashing.murmur3_128()
            .newHasher()
            .putLong(plan.seed())
            .putString(name, StandardCharsets.UTF_8)
            .hash()
            .asLong());
  }
}
