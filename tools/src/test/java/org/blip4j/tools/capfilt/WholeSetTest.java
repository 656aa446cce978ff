package org.blip4j.tools.capfilt;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.common.collect.ImmutableList;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.blip4j.data.pipeline.SourceOptions;
import org.blip4j.data.sample.ExampleCodec;
import org.blip4j.data.sample.Sample;
import org.blip4j.data.tfrecord.ShardSet;
import org.blip4j.data.tfrecord.TfRecordWriter;
import org.blip4j.graph.config.ConfigJson;
import org.blip4j.ops.kernel.Precision;
import org.blip4j.savedmodel.capfilt.CapFiltModels;
import org.blip4j.savedmodel.capfilt.CapFiltPolicy;
import org.blip4j.savedmodel.capfilt.CapFiltRules;
import org.blip4j.savedmodel.predict.PredictorOptions;
import org.blip4j.savedmodel.testing.TinyModel;
import org.blip4j.tools.cli.CliRun;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.tensorflow.proto.ConfigProto;

/** Rules that need no model, through the command: by shards, by processes, and from scores. */
class WholeSetTest {
  private static final int SHARDS = 3;
  private static final int RECORDS = 8;
  private static final String ALL_RULES =
      """
      {"text": {"maxWords": 9, "refuse": ["7"]}, "picture": {"minSide": 2},
       "repeats": {"uniquePictures": true, "uniqueTexts": "near", "near": 0.5, "mostEqual": 1}}
      """;

  @TempDir private Path folder;
  private List<Path> shards;

  /** Three shards, of which each has every picture, and texts that come again. */
  @BeforeEach
  void write() throws IOException {
    shards = new ArrayList<>();
    for (int shard = 0; shard < SHARDS; shard++) {
      Path path = folder.resolve("in/web-%d.tfrecord".formatted(shard));
      Files.createDirectories(path.getParent());
      try (TfRecordWriter writer = TfRecordWriter.create(path, TfRecordWriter.Options.plain())) {
        for (int i = 0; i < RECORDS; i++) {
          String key = "k%d-%d".formatted(shard, i);
          byte[] image = TinyModel.image((shard + i) % RECORDS, i % 2 == 0 ? "png" : "bmp");
          List<String> texts = List.of("a dog number " + i, "the picture " + key);
          writer.write(ExampleCodec.standard().encode(Sample.ImageText.of(key, image, texts)));
        }
        writer.commit();
      }
      shards.add(path);
    }
  }

  private CapFiltPlan plan(String rules) throws IOException {
    CapFiltPolicy policy =
        new CapFiltPolicy(false, 0, CapFiltPolicy.Texts.web, 1, CapFiltPolicy.Rank.itm)
            .withRules(ConfigJson.parse(rules, "rules", CapFiltRules.class));
    return CapFiltPlan.of(
        CapFiltPlan.Shard.of(ShardSet.of(shards)),
        CapFiltData.settings().withPolicy(policy),
        new CapFiltModels(Optional.empty(), Optional.empty()));
  }

  private CapFiltStats run(String out, CapFiltPlan plan, List<String> names, int workers)
      throws IOException {
    CapFiltJob.Work work =
        new CapFiltJob.Work(workers, 2, Duration.ofSeconds(1), () -> false, CapFiltListener.NONE);
    return new CapFilt(new CapFiltFolder(folder.resolve(out)), work, ExampleCodec.standard(), false)
        .run(
            new CapFilt.Task(
                ImmutableList.copyOf(plan.shards()), ImmutableList.copyOf(names), plan.settings()),
            new CapFiltModels(Optional.empty(), Optional.empty()),
            PredictorOptions.of(ConfigProto.getDefaultInstance(), Precision.FLOAT32));
  }

  private Map<String, String> run(String out, CapFiltPlan plan) throws IOException {
    run(out, plan, List.of(), 1);
    return CapFiltData.content(folder.resolve(out));
  }

  private List<Sample.ImageText> kept(String out) throws IOException {
    List<Sample.ImageText> all = new ArrayList<>();
    for (int shard = 0; shard < SHARDS; shard++) {
      all.addAll(CapFiltData.read(folder.resolve(out).resolve("web-%d.tfrecord".formatted(shard))));
    }
    return all;
  }

  @Test
  void ofEqualPicturesTheFirstStaysWhateverItsFileIs() throws IOException {
    run("out", plan("{\"repeats\": {\"uniquePictures\": true}}"));
    assertEquals(RECORDS, kept("out").size());
    assertTrue(kept("out").stream().allMatch(sample -> sample.key().startsWith("k0")));
    String second =
        Files.readAllLines(new CapFiltFolder(folder.resolve("out")).scores("web-1")).get(0);
    assertTrue(second.contains("\"dropped\":\"same picture\""), second);
    assertFalse(Files.exists(new CapFiltFolder(folder.resolve("out")).scored().path()));
  }

  @Test
  void ofEqualTextsTheFirstStays() throws IOException {
    run("out", plan("{\"repeats\": {\"uniqueTexts\": \"exact\"}}"));
    Set<String> texts = new HashSet<>();
    for (Sample.ImageText sample : kept("out")) {
      for (String text : sample.columns().texts("captions")) {
        assertTrue(texts.add(text), text);
      }
    }
    assertEquals(RECORDS + SHARDS * RECORDS, texts.size());
  }

  @Test
  void theResultDoesNotDependOnWhoWorked() throws Exception {
    CapFiltPlan plan = plan(ALL_RULES);
    Map<String, String> alone = run("alone", plan);
    assertNotEquals(alone, run("without", plan("{}")));
    run("workers", plan, List.of(), 3);
    assertEquals(alone, CapFiltData.content(folder.resolve("workers")));
    var pool = Executors.newFixedThreadPool(3);
    List<Callable<CapFiltStats>> processes = new ArrayList<>();
    for (int i = 0; i < 3; i++) {
      processes.add(() -> run("several", plan, List.of(), 1));
    }
    for (Future<CapFiltStats> one : pool.invokeAll(processes)) {
      assertEquals(SHARDS * RECORDS, one.get().totals().read());
    }
    pool.shutdown();
    assertEquals(alone, CapFiltData.content(folder.resolve("several")));
  }

  /** Who has finished his part of the scoring leaves; the last one decides over all. */
  @Test
  void partsAreJoinedByTheLast() throws IOException {
    CapFiltPlan plan = plan(ALL_RULES);
    CapFiltFolder out = new CapFiltFolder(folder.resolve("parts"));
    CapFiltStats first = run("parts", plan, List.of("web-2"), 1);
    assertEquals(1, first.shards());
    assertFalse(out.isFinished());
    assertThrows(
        IllegalArgumentException.class, () -> run("parts", plan("{}"), List.of("web-0"), 1));
    run("parts", plan, List.of("web-0", "web-1"), 1);
    assertTrue(out.isFinished());
    assertEquals(run("alone", plan), CapFiltData.content(out.path()));
  }

  @Test
  void fromScoresComesWhatARunWithTheseRulesGives() throws IOException {
    CapFiltPlan strict = plan(ALL_RULES);
    Map<String, String> straight = run("straight", strict);
    run("loose", plan("{}"));
    assertEquals(straight, rethreshold("loose", "again", strict));
    assertEquals(straight, rethreshold("straight", "twice", strict), "rules again change nothing");
    assertEquals(
        CapFiltData.content(folder.resolve("loose")),
        rethreshold("straight", "back", plan("{}")).entrySet().stream()
            .collect(Collectors.toMap(Map.Entry::getKey, WholeSetTest::plain)),
        "nothing is lost but the pixels are known now");
    for (Path file : files("loose/scores")) { // as an older version wrote them
      String text = Files.readString(file);
      Files.writeString(
          file,
          text.replaceAll(",\"picture\":\\{.*?\\}", "").replaceAll(",\"dropped\":\".*?\"", ""));
      assertFalse(Files.readString(file).contains("width"));
    }
    assertEquals(straight, rethreshold("loose", "old", strict));
  }

  private static String plain(Map.Entry<String, String> file) {
    return file.getValue().replaceAll(",\"pixels\":\"[0-9a-f]*\"", "");
  }

  private List<Path> files(String name) throws IOException {
    try (Stream<Path> all = Files.list(folder.resolve(name))) {
      return all.toList();
    }
  }

  private Map<String, String> rethreshold(String from, String out, CapFiltPlan plan)
      throws IOException {
    new CapFilt(
            new CapFiltFolder(folder.resolve(out)),
            CapFiltJob.Work.single(CapFiltListener.NONE),
            ExampleCodec.standard(),
            false)
        .rethreshold(
            new CapFiltFolder(folder.resolve(from)),
            old -> plan.settings().policy(),
            Optional.empty());
    return CapFiltData.content(folder.resolve(out));
  }

  @Test
  void enginesLeaveTheseRulesToRethreshold() throws IOException {
    IllegalArgumentException refused =
        assertThrows(
            IllegalArgumentException.class,
            () ->
                CapFiltBlocks.begin(
                    new CapFiltFolder(folder.resolve("beam")),
                    plan(ALL_RULES),
                    ExampleCodec.standard(),
                    false));
    assertTrue(refused.getMessage().contains("capfilt rethreshold"), refused.getMessage());
    assertFalse(Files.exists(folder.resolve("beam")));
  }

  @Test
  void aPictureThatIsNotTheOneScoredIsNamed() throws IOException {
    CapFiltPlan plan = plan(ALL_RULES);
    run("loose", plan("{}"));
    Files.write(shards.get(1), new byte[0]);
    IOException refused =
        assertThrows(
            IOException.class,
            () ->
                WholeSet.of(
                    new CapFiltFolder(folder.resolve("loose")), plan, SourceOptions.strict()));
    assertTrue(refused.getMessage().contains("record 0 is not the one"), refused.getMessage());
  }

  @Test
  void optionsChangeOnlyWhatTheyName() throws IOException {
    String from = folder.resolve("from").toString();
    String in = folder.resolve("in").toString();
    CliRun first =
        CliRun.of(
            "capfilt",
            "--data",
            in,
            "--out",
            from,
            "--texts",
            "web",
            "--no-filter",
            "--quiet",
            "--refuse",
            "7",
            "--scripts",
            "Latin,Greek");
    assertEquals(0, first.status(), first.err());
    String out = folder.resolve("out").toString();
    CliRun run =
        CliRun.of(
            "capfilt",
            "rethreshold",
            "--from",
            from,
            "--out",
            out,
            "--max-characters",
            "14",
            "--json");
    assertEquals(0, run.status(), run.err());
    assertTrue(
        run.out().contains("\"refuse\":[\"7\"]") && run.out().contains("\"max_characters\":14"));
    assertTrue(run.out().contains("\"kept\":{\"web\":21,\"synthetic\":0}"), run.out());
    for (String[] wrong :
        new String[][] {
          {"--threshold", "0.5", "there are no scores"},
          {"--texts", "both", "has no other texts than --texts web"},
          {"--scripts", "English", "no script of Unicode"},
          {"--require", "(", "no regular expression"},
          {"--max-aspect", "0.5", "use 1 or more"},
          {"--near", "0", "above 0"}
        }) {
      CliRun refused =
          CliRun.of(
              "capfilt", "rethreshold", "--from", from, "--out", out + "2", wrong[0], wrong[1]);
      assertEquals(2, refused.status(), refused.err());
      assertEquals(1, refused.err().lines().count(), refused.err());
      assertTrue(refused.err().contains(wrong[2]), refused.err());
      assertFalse(Files.exists(Path.of(out + "2")));
    }
  }
}
