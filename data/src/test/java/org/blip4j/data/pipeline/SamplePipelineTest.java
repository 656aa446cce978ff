package org.blip4j.data.pipeline;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.protobuf.ByteString;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.blip4j.data.sample.ExampleCodec;
import org.blip4j.data.sample.FieldAliases;
import org.blip4j.data.sample.TestImages;
import org.blip4j.data.stream.Prefetch;
import org.blip4j.data.tfrecord.ShardSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class SamplePipelineTest {
  private static final ByteString IMAGE = TestImages.image("png", 4, 4);
  private static final PipelineOptions OPTIONS =
      PipelineOptions.of(7, 4).withShuffleBuffer(8).withInterleave(2);

  @TempDir Path folder;

  @Test
  void anEpochHasEveryPairOnceUpToTheDroppedRest() throws IOException {
    SamplePipeline pipeline = pipeline(TestShards.write(folder, IMAGE, 5, 0, 7, 1, 6), OPTIONS);
    assertEquals(19 + 12 + 6, pipeline.pairsPerEpoch());
    assertEquals(9, pipeline.batchesPerEpoch());
    List<PairBatch> batches = take(pipeline, Cursor.START, 27);
    for (int epoch = 0; epoch < 3; epoch++) {
      Set<SampleId> met = new HashSet<>();
      for (PairBatch batch : batches.subList(9 * epoch, 9 * epoch + 9)) {
        assertEquals(epoch, batch.start().epoch());
        assertEquals(4, batch.size());
        batch.pairs().forEach(pair -> assertTrue(met.add(pair.id()), pair.id().toString()));
      }
      assertEquals(36, met.size());
    }
    assertNotEquals(batches.get(0).texts(), batches.get(9).texts());
    assertNotEquals(batches.get(9).texts(), batches.get(18).texts());
  }

  @Test
  void orderDependsOnTheSeedAlone() throws IOException {
    ShardSet shards = TestShards.write(folder, IMAGE, 5, 7, 6);
    List<PairBatch> once = take(pipeline(shards, OPTIONS), Cursor.START, 20);
    List<PairBatch> again = take(pipeline(shards, OPTIONS.withPrefetch(5)), Cursor.START, 20);
    assertEquals(once, again);
    PipelineOptions other = new PipelineOptions(8, 4, 8, 2, 2);
    assertNotEquals(once, take(pipeline(shards, other), Cursor.START, 20));
  }

  @Test
  void resumeAtEveryBatchYieldsWhatAnUnbrokenRunDoes() throws IOException {
    SamplePipeline pipeline = pipeline(TestShards.write(folder, IMAGE, 5, 7, 6), OPTIONS);
    List<PairBatch> unbroken = take(pipeline, Cursor.START, 24);
    for (int at = 0; at < 20; at++) {
      Cursor stored = Cursor.parse(unbroken.get(at).end().encode());
      assertEquals(unbroken.subList(at + 1, at + 4), take(pipeline, stored, 3));
    }
  }

  @Test
  void shufflingReachesAcrossShardsAndKeepsTextsApart() throws IOException {
    SamplePipeline pipeline =
        pipeline(TestShards.write(folder, IMAGE, 30, 30, 30), OPTIONS.withShuffleBuffer(64));
    int together = 0;
    for (PairBatch batch : take(pipeline, Cursor.START, 40)) {
      Set<String> keys = new HashSet<>();
      batch.pairs().forEach(pair -> keys.add(pair.id().key()));
      together += batch.size() - keys.size();
    }
    assertTrue(together < 20, "pairs of one image in one batch: " + together);
  }

  @Test
  void bufferOfOneKeepsTheOrderOfTheShard() throws IOException {
    PipelineOptions ordered = OPTIONS.withShuffleBuffer(1).withInterleave(1);
    SamplePipeline pipeline = pipeline(TestShards.write(folder, IMAGE, 5), ordered);
    PairBatch first = take(pipeline, Cursor.START, 1).get(0);
    assertEquals(
        List.of("text 0 of 0", "text 0 of 1", "text 1 of 1", "text 0 of 2"), first.texts());
    assertEquals(new SampleId("k1", 1), first.pairs().get(2).id());
    assertSame(first.images().get(1), first.images().get(2));
  }

  @Test
  void seedsBelongToPairAndEpochNotToTheBatch() {
    SampleId id = new SampleId("k", 0);
    assertEquals(id.seed(1, 0), new SampleId("k", 0).seed(1, 0));
    Set<Long> seeds = new HashSet<>();
    seeds.add(id.seed(1, 0));
    seeds.add(id.seed(1, 1));
    seeds.add(id.seed(2, 0));
    seeds.add(new SampleId("k", 1).seed(1, 0));
    seeds.add(new SampleId("l", 0).seed(1, 0));
    assertEquals(5, seeds.size());
  }

  @Test
  void tooFewPairsAreAnErrorNotAnEndlessSearch() throws IOException {
    ShardSet shards = TestShards.write(folder, IMAGE, 2);
    IOException e = assertThrows(IOException.class, () -> take(pipeline(shards, OPTIONS)));
    assertTrue(e.getMessage().contains("fewer pairs than one batch of 4"), e.getMessage());
    SourceOptions noText =
        SourceOptions.strict().withCodec(new ExampleCodec(FieldAliases.STANDARD.withText("alt")));
    SamplePipeline pipeline = new SamplePipeline(shards, noText, OPTIONS);
    IOException none = assertThrows(IOException.class, () -> take(pipeline));
    assertTrue(none.getMessage().contains("2 records have no text under alt"), none.getMessage());
  }

  @Test
  void positionBeyondTheDataIsRefused() throws IOException {
    SamplePipeline pipeline = pipeline(TestShards.write(folder, IMAGE, 5), OPTIONS);
    IOException e = assertThrows(IOException.class, () -> take(pipeline, new Cursor(1, 99), 1));
    assertTrue(e.getMessage().contains("1:99 is beyond the 9 pairs"), e.getMessage());
  }

  @Test
  void damageRaisesOrIsCountedOnce() throws IOException {
    ShardSet shards = TestShards.write(folder, IMAGE, 6, 6);
    Path broken = shards.paths().get(0);
    byte[] bytes = Files.readAllBytes(broken);
    bytes[bytes.length / 2] ^= 1;
    Files.write(broken, bytes);
    Prefetch<PairBatch> batches =
        pipeline(shards, OPTIONS.withShuffleBuffer(64)).open(Cursor.START);
    try (batches) {
      IOException e = assertThrows(IOException.class, batches::next);
      assertTrue(e.getMessage().startsWith(broken + ": record at byte "), e.getMessage());
      assertSame(e, assertThrows(IOException.class, batches::next));
    }
    assertThrows(IllegalStateException.class, batches::next);
    List<DamagedRecord> told = new ArrayList<>();
    DamagePolicy policy = DamagePolicy.skip(told::add);
    SamplePipeline tolerant =
        new SamplePipeline(shards, SourceOptions.strict().withDamage(policy), OPTIONS);
    assertEquals(take(tolerant, Cursor.START, 15), take(tolerant, Cursor.START, 15));
    assertEquals(1, policy.skipped());
    assertEquals(1, told.size());
    assertEquals(broken, told.get(0).shard());
  }

  @Test
  void closingStopsTheThread() throws IOException {
    SamplePipeline pipeline = pipeline(TestShards.write(folder, IMAGE, 5), OPTIONS);
    for (int i = 0; i < 50; i++) {
      take(pipeline, Cursor.START, 1);
    }
    long alive =
        Thread.getAllStackTraces().keySet().stream()
            .filter(t -> t.getName().equals("blip-batches"))
            .count();
    assertEquals(0, alive);
  }

  @Test
  void cursorsAndOptionsAreValidated() {
    assertEquals(new Cursor(3, 1280), Cursor.parse("3:1280"));
    assertThrows(IllegalArgumentException.class, () -> Cursor.parse("3"));
    assertThrows(IllegalArgumentException.class, () -> new Cursor(-1, 0));
    assertThrows(IllegalArgumentException.class, () -> PipelineOptions.of(1, 0));
    assertThrows(IllegalArgumentException.class, () -> DamagePolicy.skip(null));
  }

  private static SamplePipeline pipeline(ShardSet shards, PipelineOptions options) {
    return new SamplePipeline(shards, SourceOptions.strict(), options);
  }

  private static void take(SamplePipeline pipeline) throws IOException {
    assertEquals(1, take(pipeline, Cursor.START, 1).size());
  }

  private static List<PairBatch> take(SamplePipeline pipeline, Cursor from, int count)
      throws IOException {
    List<PairBatch> batches = new ArrayList<>();
    try (Prefetch<PairBatch> stream = pipeline.open(from)) {
      for (int i = 0; i < count; i++) {
        batches.add(stream.next());
      }
    }
    return batches;
  }
}
