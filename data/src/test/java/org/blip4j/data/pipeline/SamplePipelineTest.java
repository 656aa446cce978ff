package org.blip4j.data.pipeline;

import static org.blip4j.data.pipeline.TestShards.take;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
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
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.function.Function;
import java.util.zip.GZIPOutputStream;
import org.blip4j.data.sample.Columns;
import org.blip4j.data.sample.ExampleCodec;
import org.blip4j.data.sample.Sample;
import org.blip4j.data.sample.TestImages;
import org.blip4j.data.stream.Prefetch;
import org.blip4j.data.tfrecord.ShardSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class SamplePipelineTest {
  private static final ByteString IMAGE = TestImages.image("png", 4, 4);
  private static final SamplePipeline.Options OPTIONS =
      SamplePipeline.Options.of(7, 4).withMixed(8);

  @TempDir Path folder;

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void anEpochHasEveryPairOnceUpToTheDroppedRest(boolean gzip) throws IOException {
    ShardSet shards = TestShards.write(folder, IMAGE, 5, 0, 7, 1, 6);
    SamplePipeline<Sample.ImageText> pipeline = pipeline(gzip ? zipped(shards) : shards, OPTIONS);
    assertEquals((19 + 12 + 6) / 4, pipeline.batchesPerEpoch());
    List<Batch<Sample.ImageText>> batches = take(pipeline, SamplePipeline.Cursor.START, 27);
    for (int epoch = 0; epoch < 3; epoch++) {
      Set<Batch.SampleId> met = new HashSet<>();
      for (Batch<Sample.ImageText> batch : batches.subList(9 * epoch, 9 * epoch + 9)) {
        assertEquals(epoch, batch.start().epoch());
        assertEquals(4, batch.size());
        batch.items().forEach(item -> assertTrue(met.add(item.id()), item.where()));
      }
      assertEquals(36, met.size());
    }
    assertNotEquals(texts(batches.get(0)), texts(batches.get(9)));
    assertNotEquals(texts(batches.get(9)), texts(batches.get(18)));
  }

  @Test
  void orderDependsOnTheSeedAlone() throws IOException {
    ShardSet shards = TestShards.write(folder, IMAGE, 5, 7, 6);
    List<Batch<Sample.ImageText>> once =
        take(pipeline(shards, OPTIONS), SamplePipeline.Cursor.START, 20);
    assertEquals(
        once, take(pipeline(shards, OPTIONS.withPrefetch(5)), SamplePipeline.Cursor.START, 20));
    SamplePipeline.Options other = new SamplePipeline.Options(8, 4, 8, 2);
    assertNotEquals(once, take(pipeline(shards, other), SamplePipeline.Cursor.START, 20));
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void resumeAtEveryBatchYieldsWhatAnUnbrokenRunDoes(boolean gzip) throws IOException {
    ShardSet shards = TestShards.write(folder, IMAGE, 5, 7, 6);
    SamplePipeline<Sample.ImageText> pipeline = pipeline(gzip ? zipped(shards) : shards, OPTIONS);
    List<Batch<Sample.ImageText>> unbroken = take(pipeline, SamplePipeline.Cursor.START, 24);
    for (int at = 0; at < 20; at++) {
      SamplePipeline.Cursor stored = SamplePipeline.Cursor.parse(unbroken.get(at).end().encode());
      assertEquals(unbroken.subList(at + 1, at + 4), take(pipeline, stored, 3));
    }
  }

  @Test
  void shufflingReachesAcrossShardsAndKeepsTextsApart() throws IOException {
    ShardSet shards = TestShards.write(folder, IMAGE, 30, 30, 30);
    int together = 0;
    int shardsMet = 0;
    List<Batch<Sample.ImageText>> batches =
        take(pipeline(shards, OPTIONS.withMixed(64)), SamplePipeline.Cursor.START, 40);
    for (Batch<Sample.ImageText> batch : batches) {
      together += batch.size() - count(batch, item -> item.id().key());
      shardsMet += count(batch, item -> item.shard().toString());
    }
    assertTrue(together < 20, "pairs of one image in one batch: " + together);
    assertTrue(shardsMet > 60, "shards met by 40 batches: " + shardsMet);
  }

  private static int count(
      Batch<Sample.ImageText> batch, Function<Batch.Item<Sample.ImageText>, String> of) {
    return (int) batch.items().stream().map(of).distinct().count();
  }

  @Test
  void pairsOfOneImageShareItsMemory() throws IOException {
    Map<String, ByteString> images = new HashMap<>();
    ShardSet shards = TestShards.write(folder, IMAGE, 5);
    for (var item :
        take(pipeline(shards, OPTIONS), SamplePipeline.Cursor.START, 2).get(0).items()) {
      ByteString image = item.sample().image();
      assertSame(image, images.computeIfAbsent(item.id().key(), key -> image));
    }
  }

  @Test
  void seedsBelongToItemAndEpochNotToTheBatch() {
    Batch.SampleId id = new Batch.SampleId("k", 0);
    assertEquals(id.seed(1, 0), new Batch.SampleId("k", 0).seed(1, 0));
    Set<Long> seeds = new HashSet<>();
    seeds.add(id.seed(1, 0));
    seeds.add(id.seed(1, 1));
    seeds.add(id.seed(2, 0));
    seeds.add(new Batch.SampleId("k", 1).seed(1, 0));
    seeds.add(new Batch.SampleId("l", 0).seed(1, 0));
    seeds.add(new Batch.SampleId("web", "k", 0).seed(1, 0));
    assertEquals(6, seeds.size());
  }

  @Test
  void recordsWithoutKeysInEquallyNamedShardsOfTwoFoldersDiffer() throws IOException {
    List<Path> paths = new ArrayList<>();
    for (String name : List.of("a/00000.tfrecord", "b/00000.tfrecord", "c.tfrecord")) {
      Path path = folder.resolve(name);
      Files.createDirectories(path.getParent());
      paths.add(
          TestShards.write(
              path, List.of(Sample.ImageText.of("", IMAGE.toByteArray(), List.of("one")))));
    }
    SamplePipeline<Sample.ImageText> pipeline =
        pipeline(ShardSet.of(paths), SamplePipeline.Options.of(1, 3));
    Set<String> images = new HashSet<>();
    take(pipeline, SamplePipeline.Cursor.START, 1)
        .get(0)
        .items()
        .forEach(i -> images.add(i.id().image()));
    assertEquals(Set.of("a/00000.tfrecord#0", "b/00000.tfrecord#0", "c.tfrecord#0"), images);
  }

  @Test
  void everyKindOfSampleComesInBatches() throws IOException {
    List<Sample> samples = new ArrayList<>();
    for (int i = 0; i < 6; i++) {
      var answers = ImmutableList.of(new Sample.Answer("yes", .5f), new Sample.Answer("no", .5f));
      samples.add(new Sample.Question("q" + i, IMAGE, "is it " + i, answers, Columns.NONE));
      samples.add(new Sample.ImagePair("p" + i, IMAGE, IMAGE, "both " + i, i % 2, Columns.NONE));
      samples.add(
          new Sample.Video(
              "v" + i,
              ImmutableList.of(IMAGE, IMAGE, IMAGE),
              ImmutableList.of("one " + i, "two"),
              Columns.NONE));
      samples.add(Sample.ImageText.of("i" + i, IMAGE.toByteArray(), List.of("text " + i)));
    }
    ShardSet shards = ShardSet.of(List.of(TestShards.write(folder.resolve("all"), samples)));
    assertKind(SampleKind.QUESTION, shards, 6, 1);
    assertKind(SampleKind.IMAGE_PAIR, shards, 6, 2);
    assertKind(SampleKind.VIDEO, shards, 12, 3);
    Batch<Sample.Question> questions = assertKind(SampleKind.QUESTION, shards, 6, 1);
    assertEquals(2, questions.samples().get(0).answers().size());
  }

  private static <S extends Sample> Batch<S> assertKind(
      SampleKind<S> kind, ShardSet shards, int items, int images) throws IOException {
    SourceOptions source = SourceOptions.strict();
    DataIndex index = DataIndex.of(Mixture.of(shards), kind, source);
    assertEquals(items, index.items());
    SamplePipeline<S> pipeline =
        new SamplePipeline<>(kind, index, source, SamplePipeline.Options.of(1, items));
    Batch<S> batch = take(pipeline, SamplePipeline.Cursor.START, 1).get(0);
    assertEquals(items, new HashSet<>(batch.items()).size());
    assertEquals(items * images, batch.images().size());
    return batch;
  }

  @Test
  void tooFewPairsAreAnErrorNotAnEndlessSearch() throws IOException {
    ShardSet shards = TestShards.write(folder, IMAGE, 2);
    IllegalArgumentException e =
        assertThrows(
            IllegalArgumentException.class,
            () -> take(pipeline(shards, OPTIONS), SamplePipeline.Cursor.START, 1));
    assertTrue(e.getMessage().contains("3 pairs, less than one batch of 4"), e.getMessage());
    SourceOptions noText =
        SourceOptions.strict()
            .withCodec(new ExampleCodec(Columns.Aliases.STANDARD.withText("alt")));
    IllegalArgumentException none =
        assertThrows(
            IllegalArgumentException.class,
            () -> TestShards.pipeline(shards, noText, OPTIONS).requireBatch());
    assertTrue(none.getMessage().contains("2 records have no text (alt)"), none.getMessage());
  }

  @Test
  void positionsInOtherDataAreRefused() throws IOException {
    ShardSet shards = TestShards.write(folder, IMAGE, 5);
    SamplePipeline.Cursor end =
        take(pipeline(shards, OPTIONS), SamplePipeline.Cursor.START, 1).get(0).end();
    SamplePipeline.Cursor beyond = new SamplePipeline.Cursor(1, 99, end.data());
    IOException e =
        assertThrows(IOException.class, () -> take(pipeline(shards, OPTIONS), beyond, 1));
    assertTrue(e.getMessage().contains("beyond the 9 items"), e.getMessage());
    List<Sample> others = new ArrayList<>();
    for (int i = 0; i < 9; i++) {
      others.add(Sample.ImageText.of("other" + i, IMAGE.toByteArray(), List.of("another")));
    }
    ShardSet other = ShardSet.of(List.of(TestShards.write(folder.resolve("other"), others)));
    IOException changed =
        assertThrows(IOException.class, () -> take(pipeline(other, OPTIONS), end, 1));
    assertTrue(changed.getMessage().contains("other data than those given"), changed.getMessage());
  }

  @Test
  void damageRaisesOrIsCountedOnce() throws IOException {
    ShardSet shards = TestShards.write(folder, IMAGE, 6, 6);
    Path broken = shards.paths().get(0);
    byte[] bytes = Files.readAllBytes(broken);
    int image = new String(bytes, StandardCharsets.ISO_8859_1).indexOf("IHDR", bytes.length / 2);
    bytes[image] ^= 1;
    Files.write(broken, bytes);
    Prefetch<Batch<Sample.ImageText>> batches =
        pipeline(shards, OPTIONS.withMixed(64)).open(SamplePipeline.Cursor.START);
    try (batches) {
      IOException e = assertThrows(IOException.class, batches::next);
      assertTrue(e.getMessage().startsWith(broken + ": record at byte "), e.getMessage());
      assertSame(e, assertThrows(IOException.class, batches::next));
    }
    assertThrows(IllegalStateException.class, batches::next);
    List<SourceOptions.DamagePolicy.Damaged> told = new ArrayList<>();
    SourceOptions.DamagePolicy policy = SourceOptions.DamagePolicy.skip(told::add);
    SamplePipeline<Sample.ImageText> tolerant =
        TestShards.pipeline(shards, SourceOptions.strict().withDamage(policy), OPTIONS);
    List<Batch<Sample.ImageText>> all = take(tolerant, SamplePipeline.Cursor.START, 15);
    assertEquals(all, take(tolerant, SamplePipeline.Cursor.START, 15));
    assertEquals(all.subList(4, 6), take(tolerant, all.get(3).end(), 2), "nothing shifts");
    assertEquals(1, policy.skipped());
    assertTrue(policy.replaced() > 0);
    assertEquals(1, told.size());
    assertEquals(broken, told.get(0).shard());
  }

  @Test
  void aCutShardLosesItsRestAndSaysSoAtTheStart() throws IOException {
    ShardSet shards = TestShards.write(folder, IMAGE, 6, 6);
    Path cut = shards.paths().get(1);
    byte[] bytes = Files.readAllBytes(cut);
    Files.write(cut, Arrays.copyOf(bytes, bytes.length - 10));
    IOException e = assertThrows(IOException.class, () -> pipeline(shards, OPTIONS));
    assertTrue(e.getMessage().startsWith(cut + ": record at byte "), e.getMessage());
    List<SourceOptions.DamagePolicy.Damaged> told = new ArrayList<>();
    SourceOptions skip =
        SourceOptions.strict().withDamage(SourceOptions.DamagePolicy.skip(told::add));
    assertEquals(21 / 4, TestShards.pipeline(shards, skip, OPTIONS).batchesPerEpoch());
    assertTrue(told.get(0).restLost());
  }

  @Test
  void closingStopsTheThread() throws IOException {
    SamplePipeline<Sample.ImageText> pipeline =
        pipeline(TestShards.write(folder, IMAGE, 5), OPTIONS);
    for (int i = 0; i < 50; i++) {
      take(pipeline, SamplePipeline.Cursor.START, 1);
    }
    long alive =
        Thread.getAllStackTraces().keySet().stream()
            .filter(t -> t.getName().equals("blip-batches"))
            .count();
    assertEquals(0, alive);
  }

  @Test
  void cursorsAndOptionsAreValidated() {
    SamplePipeline.Cursor cursor = new SamplePipeline.Cursor(3, 1280, "0123456789abcdef");
    assertEquals(cursor, SamplePipeline.Cursor.parse(cursor.encode()));
    assertEquals(
        SamplePipeline.Cursor.START,
        SamplePipeline.Cursor.parse(SamplePipeline.Cursor.START.encode()));
    assertThrows(IllegalArgumentException.class, () -> SamplePipeline.Cursor.parse("3"));
    IllegalArgumentException old =
        assertThrows(IllegalArgumentException.class, () -> SamplePipeline.Cursor.parse("3:1280"));
    assertTrue(old.getMessage().contains("an earlier version"), old.getMessage());
    assertThrows(IllegalArgumentException.class, () -> new SamplePipeline.Cursor(-1, 0, ""));
    assertThrows(IllegalArgumentException.class, () -> SamplePipeline.Options.of(1, 0));
    assertThrows(IllegalArgumentException.class, () -> SourceOptions.DamagePolicy.skip(null));
  }

  @Test
  void randomShapesOfDataKeepTheRules() throws IOException {
    Random random = new Random(5);
    for (int round = 0; round < 10; round++) {
      int[] records = random.ints(1 + random.nextInt(12), 0, 9).toArray();
      records[0]++;
      Path place = Files.createDirectories(folder.resolve("round" + round));
      ShardSet shards = TestShards.write(place, IMAGE, records);
      int batch = 1 + random.nextInt(3);
      SamplePipeline<Sample.ImageText> pipeline =
          pipeline(
              shards, SamplePipeline.Options.of(round, batch).withMixed(1 + random.nextInt(9)));
      if (pipeline.batchesPerEpoch() == 0) {
        continue;
      }
      int perEpoch = (int) pipeline.batchesPerEpoch();
      List<Batch<Sample.ImageText>> all = take(pipeline, SamplePipeline.Cursor.START, 2 * perEpoch);
      Set<Batch.SampleId> met = new HashSet<>();
      all.subList(0, perEpoch).forEach(b -> b.items().forEach(i -> met.add(i.id())));
      assertEquals(perEpoch * batch, met.size());
      int at = random.nextInt(2 * perEpoch - 1);
      assertEquals(all.get(at + 1), take(pipeline, all.get(at).end(), 1).get(0));
    }
  }

  private ShardSet zipped(ShardSet shards) throws IOException {
    List<Path> all = new ArrayList<>();
    for (Path shard : shards.paths()) {
      Path zipped = shard.resolveSibling(shard.getFileName() + ".gz");
      try (GZIPOutputStream out = new GZIPOutputStream(Files.newOutputStream(zipped))) {
        Files.copy(shard, out);
      }
      all.add(zipped);
    }
    return ShardSet.of(all);
  }

  private static List<String> texts(Batch<Sample.ImageText> batch) {
    return batch.samples().stream().map(sample -> sample.texts().get(0)).toList();
  }

  private static SamplePipeline<Sample.ImageText> pipeline(
      ShardSet shards, SamplePipeline.Options options) throws IOException {
    return TestShards.pipeline(shards, SourceOptions.strict(), options);
  }
}
