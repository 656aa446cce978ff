package org.blip4j.tools.capfilt;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.zip.GZIPOutputStream;
import org.blip4j.data.sample.ExampleCodec;
import org.blip4j.data.tfrecord.TfRecordReader;
import org.blip4j.savedmodel.capfilt.CapFiltStep;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The work in pieces, against that of one process in one go. */
class CapFiltBlocksTest {
  private static final int RECORDS = 20;

  @TempDir private Path folder;
  private CapFiltPlan plan;
  private Map<String, String> whole;

  /** Shards that are well, empty, compressed, and damaged in each way that there is. */
  @BeforeEach
  void write() throws IOException {
    List<Path> shards = CapFiltData.write(folder.resolve("in"), 6, RECORDS);
    byte[] bytes = Files.readAllBytes(shards.get(1));
    int record = bytes.length / RECORDS;
    Files.write(shards.get(0), new byte[0]);
    ByteArrayOutputStream zipped = new ByteArrayOutputStream();
    try (GZIPOutputStream out = new GZIPOutputStream(zipped)) {
      out.write(bytes);
    }
    Files.write(shards.get(2), zipped.toByteArray());
    flip(shards.get(3), 9 * record + record / 2); // within the data of a record
    flip(shards.get(4), headerAfter(shards.get(4), 11));
    byte[] cut = Files.readAllBytes(shards.get(5));
    Files.write(shards.get(5), Arrays.copyOf(cut, cut.length - record / 2));
    plan = CapFiltData.plan(shards, CapFiltData.settings());
    CapFiltData.run(folder.resolve("whole"), plan, FakeModels.quick(), 1);
    whole = CapFiltData.content(folder.resolve("whole"));
  }

  private static void flip(Path shard, int at) throws IOException {
    byte[] bytes = Files.readAllBytes(shard);
    bytes[at] ^= 4;
    Files.write(shard, bytes);
  }

  private static int headerAfter(Path shard, int records) throws IOException {
    try (TfRecordReader reader = TfRecordReader.open(shard)) {
      for (int i = 0; i < records; i++) {
        reader.skip();
      }
      return (int) reader.position();
    }
  }

  private CapFiltBlocks begin(Path out) throws IOException {
    return CapFiltBlocks.begin(new CapFiltFolder(out), plan, ExampleCodec.standard(), false);
  }

  private CapFiltStep step() {
    return CapFiltStep.of(plan.settings(), FakeModels.quick());
  }

  private static List<CapFiltBlocks.Scores> scores(
      CapFiltBlocks work, CapFiltPlan.Shard shard, int records, CapFiltStep step)
      throws IOException {
    List<CapFiltBlocks.Scores> scores = new ArrayList<>();
    for (CapFiltBlocks.Block block : work.blocks(shard, records)) {
      scores.add(work.score(block, step, 4));
    }
    return scores;
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 3, 7, 10, 1000})
  void blocksOfAnySizeAndOrderGiveTheBytesOfTheWhole(int records) throws IOException {
    assertTrue(whole.get("stats.json").contains("\"unreadable\" : 3"), whole.get("stats.json"));
    Path out = folder.resolve("out");
    CapFiltBlocks driver = begin(out);
    try (CapFiltStep step = step()) {
      for (CapFiltPlan.Shard shard : driver.open(plan.names())) {
        CapFiltBlocks worker =
            CapFiltBlocks.join(
                new CapFiltFolder(out), driver.fingerprint(), ExampleCodec.standard());
        List<CapFiltBlocks.Scores> scores = scores(worker, shard, records, step);
        assertEquals(records < RECORDS && shard.bytes() > 1000, scores.size() > 1, shard.name());
        Collections.reverse(scores);
        assertTrue(driver.finish().isEmpty(), "not all is done");
        worker.write(shard, scores);
        worker.write(shard, scores); // as an engine does that starts a task again
      }
    }
    assertEquals(2 * RECORDS, driver.stats(plan.names().subList(0, 3)).totals().read());
    assertEquals(3, driver.finish().orElseThrow().totals().unreadable());
    assertEquals(whole, CapFiltData.content(out));
  }

  @Test
  void missingScoresAreNoticed() throws IOException {
    CapFiltBlocks work = begin(folder.resolve("out"));
    CapFiltPlan.Shard shard = plan.shards().get(1);
    try (CapFiltStep step = step()) {
      List<CapFiltBlocks.Scores> scores = scores(work, shard, 5, step);
      assertEquals(4, scores.size());
      CapFiltBlocks.Scores last = scores.remove(3);
      Exception e = assertThrows(IOException.class, () -> work.write(shard, scores));
      assertTrue(e.getMessage().contains("more records"), e.getMessage());
      scores.set(1, last);
      e = assertThrows(IllegalStateException.class, () -> work.write(shard, scores));
      assertTrue(e.getMessage().contains("of records 10 and on where 5"), e.getMessage());
    }
    assertFalse(Files.exists(new CapFiltFolder(folder.resolve("out")).mark(shard.name())));
  }

  @Test
  void whatPiecesBeganTheCommandEndsAndTheOtherWayRound() throws IOException {
    Path out = folder.resolve("out");
    CapFiltBlocks work = begin(out);
    try (CapFiltStep step = step()) {
      work.write(plan.shards().get(1), step, 4);
      work.write(plan.shards().get(3), scores(work, plan.shards().get(3), 6, step));
    }
    FakeModels models = FakeModels.quick();
    CapFiltData.run(out, plan, models, 1);
    assertEquals(whole, CapFiltData.content(out));
    assertEquals(20 + 11 + 19, models.captioned.get(), "done ones are not done again");
    assertEquals(List.of(), begin(out).open(plan.names()));

    Files.delete(new CapFiltFolder(out).success());
    Files.delete(new CapFiltFolder(out).scores(plan.shards().get(5).name()));
    CapFiltBlocks again = begin(out);
    assertEquals(List.of(plan.shards().get(5)), again.open(plan.names()));
    try (CapFiltStep step = step()) {
      again.write(plan.shards().get(5), step, 4);
    }
    assertTrue(again.finish().isPresent());
    assertEquals(whole, CapFiltData.content(out));
  }

  @Test
  void aFolderThatIsNotSharedOrWasBegunAnewIsRefused() throws IOException {
    CapFiltFolder out = new CapFiltFolder(folder.resolve("out"));
    ExampleCodec codec = ExampleCodec.standard();
    Exception e = assertThrows(IOException.class, () -> CapFiltBlocks.join(out, "", codec));
    assertTrue(e.getMessage().contains("all workers share"), e.getMessage());
    CapFiltBlocks work = begin(out.path());
    String fingerprint = work.fingerprint();
    plan = CapFiltData.plan(List.of(plan.shards().get(1).file()), plan.settings().withSeed(9));
    begin(out.path());
    e = assertThrows(IOException.class, () -> CapFiltBlocks.join(out, fingerprint, codec));
    assertTrue(e.getMessage().contains("begun anew"), e.getMessage());
    try (CapFiltStep step = step()) {
      e = assertThrows(IOException.class, () -> work.write(plan.shards().get(0), step, 4));
    }
    assertTrue(e.getMessage().contains("begun anew"), e.getMessage());
  }
}
