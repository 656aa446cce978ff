package org.blip4j.tools.examples;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.common.collect.ImmutableList;
import com.google.protobuf.ByteString;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.blip4j.data.sample.Columns;
import org.blip4j.data.sample.ExampleCodec;
import org.blip4j.data.sample.Sample;
import org.blip4j.data.tfrecord.ShardSet;
import org.blip4j.data.tfrecord.TfRecordWriter;
import org.blip4j.graph.config.BlipConfig;
import org.blip4j.graph.config.ModelFolder;
import org.blip4j.graph.config.Task;
import org.blip4j.savedmodel.capfilt.CapFiltShards;
import org.blip4j.savedmodel.testing.TinyModel;
import org.blip4j.tools.train.TinyScenes;
import org.blip4j.training.config.RunConfig;
import org.blip4j.training.config.RunConfigReader;
import org.blip4j.training.run.Trainer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.tensorflow.Graph;
import org.tensorflow.proto.ConfigProto;

final class ExamplesTest {
  private static final Path SOURCES = Path.of("src/main/java/org/blip4j/tools/examples");
  private static final int MOST_LINES = 40;

  @TempDir Path folder;

  @Test
  void buildsAModelInAGraphOfOnesOwn() {
    try (Graph graph = new Graph()) {
      assertArrayEquals(
          new long[] {-1, 2}, BuildModel.build(graph, BlipConfig.tiny()).shape().asArray());
    }
  }

  @Test
  void captionsAFolderAndFindsPhotos() throws IOException {
    Path model = TinyModel.write(folder.resolve("model"), Task.PRETRAIN).path();
    Path photos = Files.createDirectories(folder.resolve("photos"));
    List<Path> files = new ArrayList<>();
    for (int i = 0; i < 3; i++) {
      files.add(Files.write(photos.resolve(i + ".png"), TinyModel.image(i, "png")));
    }
    Files.writeString(photos.resolve("note.txt"), "no image");
    Map<String, String> captions = CaptionPhotos.run(model, photos);
    assertEquals(List.of("0.png", "1.png", "2.png", "note.txt"), List.copyOf(captions.keySet()));
    assertFalse(captions.get("0.png").isEmpty());
    assertTrue(captions.get("note.txt").contains("not an image"), captions.get("note.txt"));
    List<Path> found = SearchPhotos.run(model, files, "a red circle");
    assertEquals(files, found.stream().sorted().toList());
  }

  @Test
  void trainsAndCleansShards() throws IOException {
    Path model = TinyModel.write(folder.resolve("model"), Task.PRETRAIN).path();
    ShardSet shards = ShardSet.of(List.of(shard("a", 0, 4), shard("b", 4, 4)));
    Path run = folder.resolve("run");
    Trainer.Outcome stopped = TrainCaptioner.run(model, shards, run, 2, () -> true);
    assertFalse(stopped.finished());
    Trainer.Outcome outcome = TrainCaptioner.run(model, shards, run, 2, () -> false);
    assertTrue(outcome.finished());
    assertEquals(2, outcome.step());

    List<String> seen = new ArrayList<>();
    Path out = folder.resolve("clean");
    Path captioner = outcome.model().path();
    CapFiltShards.Totals first = CleanShards.run(captioner, model, shards, out, seen);
    assertEquals(8, first.records());
    assertEquals(8, seen.size());
    assertTrue(first.finished() && first.shards() == 2, first.toString());
    byte[] written = Files.readAllBytes(out.resolve("a.tfrecord"));
    Files.delete(out.resolve("a.tfrecord"));
    CapFiltShards.Totals again = CleanShards.run(captioner, model, shards, out, seen);
    assertEquals(4, again.records());
    assertArrayEquals(written, Files.readAllBytes(out.resolve("a.tfrecord")));

    Path same = Files.createDirectory(folder.resolve("same")).resolve("a.tfrecord");
    Files.copy(folder.resolve("a.tfrecord"), same);
    ShardSet alike = ShardSet.of(List.of(folder.resolve("a.tfrecord"), same));
    String refused =
        assertThrows(
                IllegalArgumentException.class,
                () -> CleanShards.run(captioner, model, alike, out, seen))
            .getMessage();
    assertTrue(refused.contains("would both be written as a.tfrecord"), refused);
  }

  @Test
  void bootstrapsAModel() throws IOException {
    TinyScenes scenes = TinyScenes.write(folder);
    RunConfig pretrain =
        RunConfigReader.of(Task.PRETRAIN).file(scenes.config()).config().withSteps(1);
    ConfigProto.Builder session = ConfigProto.newBuilder().putDeviceCount("GPU", 0);
    session.getGraphOptionsBuilder().getRewriteOptionsBuilder().setDisableMetaOptimizer(true);
    BootstrapModel bootstrap =
        new BootstrapModel(
            pretrain,
            tuning(Task.CAPTION),
            tuning(Task.RETRIEVAL, "objective.queueSize=8"),
            session.build());
    ShardSet human = ShardSet.find(List.of(scenes.data()));
    ShardSet web = ShardSet.find(List.of(folder.resolve("scenes") + "/web*"));
    Path out = folder.resolve("out");
    ModelFolder second = bootstrap.run(human, web, out);
    assertEquals(out.resolve("second/model"), second.path());
    assertEquals(Task.PRETRAIN, second.readConfig().task());
    assertEquals(
        web.paths().stream().map(Path::getFileName).toList(),
        ShardSet.find(List.of(out.resolve("kept").toString())).paths().stream()
            .map(Path::getFileName)
            .toList());
  }

  private static RunConfig tuning(Task task, String... more) {
    List<String> settings =
        new ArrayList<>(List.of("images.size=0", "text.maxTokens=14", "duration.batch=8"));
    settings.addAll(List.of(more));
    return RunConfigReader.of(task).settings(settings).config().withSteps(1);
  }

  private Path shard(String name, int first, int count) throws IOException {
    Path file = folder.resolve(name + ".tfrecord");
    try (TfRecordWriter writer = TfRecordWriter.create(file, TfRecordWriter.Options.plain())) {
      for (int i = first; i < first + count; i++) {
        Sample.ImageText sample =
            new Sample.ImageText(
                "key" + i,
                ByteString.copyFrom(TinyModel.image(i, "jpg")),
                ImmutableList.of("a red circle"),
                Columns.NONE);
        writer.write(ExampleCodec.standard().encode(sample));
      }
      writer.commit();
    }
    return file;
  }

  @Test
  void saysThatAFolderIsNoModel() {
    IOException error = assertThrows(IOException.class, () -> CaptionPhotos.run(folder, folder));
    assertTrue(error.getMessage().contains(folder.toString()), error.getMessage());
  }

  @Test
  void theReadmeShowsTheExamplesAsTheyAre() throws IOException {
    Path root = Path.of("").toAbsolutePath().getParent();
    String whole = Files.readString(root.resolve("README.md"), StandardCharsets.UTF_8);
    String readme = whole.substring(whole.indexOf("\n## As a library\n"));
    StringBuilder examples = new StringBuilder();
    try (Stream<Path> sources = Files.list(SOURCES)) {
      for (Path source : sources.toList()) {
        String text = Files.readString(source, StandardCharsets.UTF_8);
        assertTrue(
            text.lines().filter(line -> !line.startsWith("import ")).count() <= MOST_LINES
                || source.endsWith("BuildModel.java"),
            "" + source);
        examples.append(squeeze(text)).append(' ');
      }
    }
    Matcher blocks = Pattern.compile("```java\n(.*?)```", Pattern.DOTALL).matcher(readme);
    int count = 0;
    for (; blocks.find(); count++) {
      String block = squeeze(blocks.group(1));
      assertTrue(examples.indexOf(block) >= 0, block);
      assertTrue(blocks.group(1).lines().count() <= MOST_LINES, block);
    }
    assertEquals(5, count);
  }

  @Test
  void theLinesForEnginesAreThoseThatAreRun() throws IOException {
    Path sources = Path.of("beam/src/test/java/org/blip4j/beam");
    String guide = Files.readString(Path.of("docs/engines.md"), StandardCharsets.UTF_8);
    Matcher blocks =
        Pattern.compile("```java\n(.*?)```", Pattern.DOTALL)
            .matcher(guide.substring(guide.indexOf("\n## Other calls")));
    for (String name : List.of("SparkCaptions.java", "FlinkCaptions.java")) {
      assertTrue(blocks.find(), name);
      String source = Files.readString(sources.resolve(name), StandardCharsets.UTF_8);
      assertTrue(squeeze(source).contains(squeeze(blocks.group(1))), blocks.group(1));
      assertTrue(blocks.group(1).lines().filter(line -> !line.isEmpty()).count() < 30, name);
    }
    assertFalse(blocks.find());
  }

  private static String squeeze(String text) {
    return Arrays.stream(text.strip().split("\\s+", -1)).collect(Collectors.joining(" "));
  }
}
