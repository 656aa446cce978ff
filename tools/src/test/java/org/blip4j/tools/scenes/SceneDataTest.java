package org.blip4j.tools.scenes;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableMap;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.blip4j.data.sample.ExampleCodec;
import org.blip4j.data.sample.Sample;
import org.blip4j.data.text.CaptionText;
import org.blip4j.data.text.Vocabulary;
import org.blip4j.data.text.WordPieceTokenizer;
import org.blip4j.data.tfrecord.TfRecordReader;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class SceneDataTest {
  private static final SceneData.Plan PLAN = new SceneData.Plan(7, 30, 250, 20, 100);

  @TempDir Path folder;

  @Test
  void recordsAgreeWithTheTruth() throws IOException {
    SceneData data = SceneData.write(folder, PLAN);
    ImmutableMap<String, SceneTruth> truth = data.truth();
    assertEquals(300, truth.size());
    List<String> keys = new ArrayList<>();
    for (SceneData.Split set : SceneData.Split.values()) {
      List<Sample.ImageText> samples = samples(data, set);
      assertEquals(PLAN.count(set), samples.size());
      for (Sample.ImageText sample : samples) {
        SceneTruth known = truth.get(sample.key());
        assertEquals(ImmutableList.of(known.text()), sample.texts());
        assertEquals(known.isFullyRight(known.text()), known.right(), known::text);
        assertTrue(known.right() || set == SceneData.Split.WEB, known::text);
        keys.add(sample.key());
      }
    }
    assertEquals(ImmutableList.copyOf(truth.keySet()), keys, "in the order of the records");
  }

  @Test
  void oneSeedGivesTheSameBytes() throws IOException {
    SceneData one = SceneData.write(folder.resolve("one"), PLAN);
    SceneData two = SceneData.write(folder.resolve("two"), PLAN);
    SceneData other =
        SceneData.write(folder.resolve("other"), new SceneData.Plan(8, 30, 250, 20, 100));
    List<Path> files = files(one.folder());
    assertEquals(7, files.size(), "1 + 3 + 1 shards, vocabulary, truth");
    for (Path file : files) {
      Path name = file.getFileName();
      assertArrayEquals(
          Files.readAllBytes(file), Files.readAllBytes(two.folder().resolve(name)), name::toString);
    }
    assertFalse(one.truth().equals(other.truth()));
  }

  @Test
  void setsShareNoPicture() throws IOException {
    SceneData data = SceneData.write(folder, PLAN);
    long distinct =
        Stream.concat(
                samples(data, SceneData.Split.HUMAN).stream(),
                samples(data, SceneData.Split.HELD_OUT).stream())
            .map(Sample.ImageText::image)
            .distinct()
            .count();
    assertEquals(50, distinct);
  }

  @Test
  void textsPassCleaningAndTokenisingUnharmed() throws IOException {
    SceneData data = SceneData.write(folder, PLAN);
    Vocabulary vocabulary = Vocabulary.read(data.vocabulary());
    assertEquals(SceneVocabulary.pieces().size() + 2, vocabulary.size());
    WordPieceTokenizer tokenizer = new WordPieceTokenizer(vocabulary);
    for (SceneTruth truth : data.truth().values()) {
      assertEquals(truth.text(), CaptionText.cleanCaption(truth.text(), 30));
      int[] ids = tokenizer.encode(truth.text());
      assertTrue(ids.length <= SceneVocabulary.LONGEST_TEXT, truth::text);
      assertTrue(IntStream.of(ids).noneMatch(id -> id == vocabulary.unknown()), truth::text);
    }
  }

  @Test
  void completeOnlyWithTheTruth() throws IOException {
    SceneData data = SceneData.write(folder, PLAN);
    assertTrue(data.isComplete());
    Files.delete(folder.resolve("truth.jsonl"));
    assertFalse(data.isComplete());
    assertEquals(data.folder(), SceneData.write(folder, PLAN).folder(), "made again in place");
    assertTrue(data.isComplete());
  }

  @Test
  void truthNamesEachDescriptionOnce() {
    List<String> looks = List.of("small red circle", "big blue star");
    SceneTruth truth = new SceneTruth("k", "a text", WebText.Kind.CAPTION, false, looks);
    SceneTruth reversed =
        new SceneTruth(
            "l", "a text", WebText.Kind.CAPTION, false, ImmutableList.copyOf(looks).reverse());
    assertEquals(truth.description(), reversed.description());
    assertEquals(
        List.of("a small red circle and a big blue star", "a big blue star and a small red circle"),
        truth.references());
    truth.references().forEach(text -> assertTrue(truth.isFullyRight(text), text));
    assertThrows(
        IllegalArgumentException.class,
        () -> new SceneTruth("k", "", WebText.Kind.CAPTION, false, List.of("red circle")));
  }

  @Test
  void damagedTruthIsNamed() throws IOException {
    Path file = folder.resolve("truth.jsonl");
    Files.writeString(file, "{\"key\":\"web-1\",\n");
    Exception refused = assertThrows(IOException.class, () -> SceneTruth.read(file));
    assertTrue(refused.getMessage().contains("truth.jsonl, line 1"), refused.getMessage());
  }

  @Test
  void planRefusesEmptySets() {
    assertThrows(IllegalArgumentException.class, () -> new SceneData.Plan(1, 1, 1, 1, 1));
    assertEquals(10_000, SceneData.Plan.standard(1).count(SceneData.Split.WEB));
  }

  private static List<Sample.ImageText> samples(SceneData data, SceneData.Split set)
      throws IOException {
    List<Sample.ImageText> samples = new ArrayList<>();
    for (Path shard : data.shards(set)) {
      try (TfRecordReader reader = TfRecordReader.open(shard)) {
        Optional<byte[]> record = reader.next();
        while (record.isPresent()) {
          samples.add(ExampleCodec.standard().imageText(record.get(), "no key"));
          record = reader.next();
        }
      }
    }
    return samples;
  }

  private static List<Path> files(Path folder) throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files.sorted().toList();
    }
  }
}
