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
import java.util.Optional;
import java.util.Random;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.blip4j.data.pipeline.SampleSource;
import org.blip4j.data.pipeline.SourceOptions;
import org.blip4j.data.sample.ExampleCodec;
import org.blip4j.data.sample.Sample;
import org.blip4j.data.text.Vocabulary;
import org.blip4j.data.tfrecord.ShardSet;
import org.blip4j.data.tfrecord.TfRecordWriter;
import org.blip4j.graph.config.Meaning;

/**
 * The quickstart's data in a folder: shards {@code human-*}, {@code web-*} and {@code heldout-*},
 * {@code vocab.txt}, and {@code truth.jsonl} with what is known of every picture.
 *
 * <p>The truth is written last: a folder that has it is complete. Training reads the shards only.
 *
 * @param folder where it lies
 * @param plan how much there is
 */
public record SceneData(Path folder, Plan plan) {
  /** Captions of a held-out picture that shows more than one of them tells, as COCO has five. */
  private static final int PEOPLE = 5;

  /** Makes the data, replacing what an interrupted call left. */
  public static SceneData write(Path folder, Plan plan) throws IOException {
    SceneData data = new SceneData(folder, plan);
    Vocabulary.of(SceneVocabulary.pieces()).write(data.vocabulary());
    List<SceneTruth> truths = new ArrayList<>();
    for (Split set : Split.values()) {
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
  public ImmutableList<Path> shards(Split set) {
    int count = plan.shards(set);
    return IntStream.range(0, count)
        .mapToObj(i -> new ShardSet.ShardName(set.prefix(), i, count, ".tfrecord").fileName())
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

  private List<SceneTruth> write(Split set) throws IOException {
    Scene.Generator generator =
        new Scene.Generator(stream(set.prefix() + "/scenes"), plan.density());
    List<Scene> scenes = Stream.generate(generator::next).limit(plan.count(set)).toList();
    Random random = stream(set.prefix() + "/texts");
    WebText.Writer web = new WebText.Writer(random);
    List<SceneTruth> truths = new ArrayList<>();
    List<List<String>> texts = new ArrayList<>();
    for (int i = 0; i < scenes.size(); i++) {
      WebText text =
          set == Split.WEB
              ? web.next(scenes, i)
              : WebText.right(SceneCaption.random(scenes.get(i).looks(), random).text());
      truths.add(SceneTruth.of("%s-%05d".formatted(set.prefix(), i), text, scenes.get(i)));
      texts.add(set == Split.HELD_OUT ? people(text, scenes.get(i), random) : List.of(text.text()));
    }
    ImmutableList<Path> shards = shards(set);
    for (int shard = 0; shard < shards.size(); shard++) {
      int start = shard * plan.shardSize();
      int end = Math.min(scenes.size(), start + plan.shardSize());
      writeShard(
          shards.get(shard),
          scenes.subList(start, end),
          truths.subList(start, end),
          texts.subList(start, end));
    }
    return truths;
  }

  /** What several people say of a picture that shows more than one of them tells. */
  private static List<String> people(WebText first, Scene scene, Random random) {
    List<String> texts = new ArrayList<>(List.of(first.text()));
    while (scene.density() == Scene.Density.MANY && texts.size() < PEOPLE) {
      texts.add(SceneCaption.random(scene.looks(), random).text());
    }
    return texts;
  }

  private static void writeShard(
      Path shard, List<Scene> scenes, List<SceneTruth> truths, List<List<String>> texts)
      throws IOException {
    ExampleCodec codec = ExampleCodec.standard();
    TfRecordWriter.Options options = TfRecordWriter.Options.plain().withOverwrite(true);
    try (TfRecordWriter writer = TfRecordWriter.create(shard, options)) {
      for (int i = 0; i < scenes.size(); i++) {
        byte[] png = SceneRenderer.png(scenes.get(i));
        writer.write(
            codec.encode(
                Sample.ImageText.of(truths.get(i).key(), png, ImmutableList.copyOf(texts.get(i)))));
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

  /** The three sets of the quickstart. */
  public enum Split {
    /** Human-annotated: every caption is right. */
    HUMAN("human"),
    /** From the web: {@link WebText.Writer} writes the texts. */
    WEB("web"),
    /** Held out for evaluation: every caption is right. */
    HELD_OUT("heldout");

    private final String prefix;

    Split(String prefix) {
      this.prefix = prefix;
    }

    /** What the names of its shards and the keys of its records begin with. */
    public String prefix() {
      return prefix;
    }
  }

  /**
   * How many pictures the quickstart makes.
   *
   * @param seed the same seed gives the same bytes
   * @param human pictures of the human-annotated set
   * @param web pictures of the web set, at least two
   * @param heldOut pictures held out for evaluation
   * @param shardSize records in a shard, the last one of a set may have fewer
   * @param density how much pictures show
   */
  public record Plan(
      long seed,
      int human,
      int web,
      int heldOut,
      int shardSize,
      @Meaning(value = "how much pictures show", absent = "\"FEW\"") Scene.Density density) {
    /** Pictures of which captions tell all. */
    public Plan(long seed, int human, int web, int heldOut, int shardSize) {
      this(seed, human, web, heldOut, shardSize, Scene.Density.FEW);
    }

    /** Refuses sets without pictures. */
    public Plan {
      if (human < 1 || web < 2 || heldOut < 1 || shardSize < 1) {
        throw new IllegalArgumentException(
            "sets of %d, %d and %d pictures in shards of %d are too small; make at least 1, 2, 1 and 1"
                .formatted(human, web, heldOut, shardSize));
      }
    }

    /** The quickstart's own sizes: 2,000 human-annotated, 10,000 from the web, 500 held out. */
    public static Plan standard(long seed) {
      return new Plan(seed, 2_000, 10_000, 500, 1_000);
    }

    /** Pictures of a set. */
    public int count(SceneData.Split set) {
      return switch (set) {
        case HUMAN -> human;
        case WEB -> web;
        case HELD_OUT -> heldOut;
      };
    }

    int shards(SceneData.Split set) {
      return (count(set) + shardSize - 1) / shardSize;
    }
  }

  /** The pictures of a set by key, in the order of the records. */
  public static final class Pictures {
    private Pictures() {}

    public static ImmutableMap<String, byte[]> read(SceneData data, SceneData.Split set)
        throws IOException {
      ImmutableMap.Builder<String, byte[]> pictures = ImmutableMap.builder();
      try (SampleSource source =
          SampleSource.open(ShardSet.of(data.shards(set)), SourceOptions.strict())) {
        Optional<SampleSource.Located> next = source.next();
        while (next.isPresent()) {
          pictures.put(next.get().sample().key(), next.get().sample().image().toByteArray());
          next = source.next();
        }
      }
      return pictures.buildOrThrow();
    }
  }
}
