package org.blip4j.data.pipeline;

import static org.blip4j.data.pipeline.TestShards.take;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.common.base.Splitter;
import com.google.common.collect.ImmutableList;
import com.google.protobuf.ByteString;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.blip4j.data.sample.Sample;
import org.blip4j.data.sample.TestImages;
import org.blip4j.data.tfrecord.ShardSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class MixtureTest {
  private static final ByteString IMAGE = TestImages.image("png", 4, 4);

  @TempDir Path folder;

  @ParameterizedTest
  @ValueSource(strings = {"0.7 0.2 0.1", "1 2", "3 3 1", "0.5 0.495 0.005", "1e-3 1", "90 9 1 0.5"})
  void countsFollowTheWeights(String weights) throws IOException {
    List<Mixture.DataSet> sets = new ArrayList<>();
    double sum = 0;
    for (String weight : Splitter.on(' ').split(weights)) {
      String name = "set" + sets.size();
      sets.add(new Mixture.DataSet(name, Double.parseDouble(weight), shards(name, 30)));
      sum += Double.parseDouble(weight);
    }
    SamplePipeline<Sample.ImageText> pipeline = pipeline(new Mixture(ImmutableList.copyOf(sets)));
    Map<String, Integer> counts = new HashMap<>();
    int batches = 2500;
    for (var batch : take(pipeline, SamplePipeline.Cursor.START, batches)) {
      batch.items().forEach(item -> counts.merge(item.id().set(), 1, Integer::sum));
    }
    for (Mixture.DataSet set : sets) {
      double wanted = set.weight() / sum * batches * 8;
      assertEquals(wanted, counts.get(set.name()), 1 + wanted / 100, set.name());
    }
  }

  @Test
  void eachSetHasItsOwnEpochsAndEveryPlaceCanBeGoneTo() throws IOException {
    Mixture mixture =
        new Mixture(
            ImmutableList.of(
                new Mixture.DataSet("small", 0.5, shards("small", 7)),
                new Mixture.DataSet("large", 0.5, shards("large", 40))));
    SamplePipeline<Sample.ImageText> pipeline = pipeline(mixture);
    List<Batch<Sample.ImageText>> all = take(pipeline, SamplePipeline.Cursor.START, 60);
    Map<Batch.SampleId, Integer> met = new HashMap<>();
    List<Batch.Item<Sample.ImageText>> small = new ArrayList<>();
    all.forEach(
        batch ->
            batch.items().stream()
                .filter(item -> item.id().set().equals("small"))
                .forEach(small::add));
    int epochItems = 13; // records 0 to 6 with 1, 2, 3, 1, 2, 3, 1 texts
    for (int i = 0; i < 5 * epochItems; i++) {
      assertEquals(i / epochItems, small.get(i).epoch());
      met.merge(small.get(i).id(), 1, Integer::sum);
    }
    assertEquals(epochItems, met.size());
    assertTrue(met.values().stream().allMatch(times -> times == 5), met.toString());
    for (int at = 0; at < 55; at++) {
      SamplePipeline.Cursor stored = SamplePipeline.Cursor.parse(all.get(at).end().encode());
      assertEquals(all.subList(at + 1, at + 4), take(pipeline, stored, 3), "after " + at);
    }
  }

  @Test
  void equalKeysOfTwoSetsAreTwoImages() throws IOException {
    ShardSet shards = shards("same", 4);
    Mixture mixture =
        new Mixture(
            ImmutableList.of(
                new Mixture.DataSet("a", 1, shards), new Mixture.DataSet("b", 1, shards)));
    long images =
        take(pipeline(mixture), SamplePipeline.Cursor.START, 2).stream()
            .flatMap(batch -> batch.items().stream())
            .map(item -> item.id().image())
            .distinct()
            .count();
    assertEquals(8, images);
  }

  @Test
  void namesAndWeightsAreReadFromTheCommandLine() throws IOException {
    shards("web", 2, 2);
    shards("human", 2);
    Mixture mixture =
        Mixture.find(
            List.of(
                "web=0.25:" + folder.resolve("web/s00.tfrecord"),
                "human=.75:" + folder.resolve("human/*.tfrecord"),
                "web=0.25:" + folder.resolve("web/s01.tfrecord")));
    assertEquals(List.of("web", "human"), mixture.sets().stream().map(s -> s.name()).toList());
    assertEquals(2, mixture.sets().get(0).shards().size());
    assertEquals(0.75, mixture.sets().get(1).weight());
    assertEquals(mixture, Mixture.find(mixture.describe()));
    Mixture plain = Mixture.find(List.of(folder.resolve("web").toString()));
    assertEquals(2, plain.sets().get(0).shards().size());
    Path odd = folder.resolve("a=1:b.tfrecord");
    Files.copy(folder.resolve("web/s00.tfrecord"), odd);
    assertEquals("", Mixture.find(List.of(odd.toString())).sets().get(0).name());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "a=1:X X | has no name and weight",
        "a=1:X a=2:X | has weight 1.0 and weight 2.0",
        "a=0:X | has weight 0.0, it must be above 0",
        "a=1.2.3:X | is not a weight",
        "a=1e999:X | has weight Infinity",
        "a=1:X b=0.5:nothing | nothing: there is no such shard",
      })
  void whatIsNoMixtureIsNamed(String arguments) throws IOException {
    String shard = shards("x", 2).paths().get(0).toString();
    List<String> parts = Splitter.on(" | ").splitToList(arguments);
    List<String> given = Splitter.on(' ').splitToList(parts.get(0).replace("X", shard));
    Exception e = assertThrows(Exception.class, () -> Mixture.find(given));
    assertTrue(e.getMessage().contains(parts.get(1)), e.getMessage());
  }

  private ShardSet shards(String name, int... records) throws IOException {
    return TestShards.write(Files.createDirectories(folder.resolve(name)), IMAGE, records);
  }

  private static SamplePipeline<Sample.ImageText> pipeline(Mixture mixture) throws IOException {
    return TestShards.pipeline(
        mixture, SourceOptions.strict(), SamplePipeline.Options.of(1, 8).withMixed(16));
  }
}
