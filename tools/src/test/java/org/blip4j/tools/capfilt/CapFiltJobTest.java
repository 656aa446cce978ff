package org.blip4j.tools.capfilt;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.protobuf.ByteString;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.blip4j.data.pipeline.SourceOptions;
import org.blip4j.data.sample.Sample;
import org.blip4j.savedmodel.capfilt.CapFiltPolicy;
import org.blip4j.savedmodel.capfilt.CapFiltStep;
import org.blip4j.savedmodel.capfilt.CaptionerAndFilter;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CapFiltJobTest {
  private static final int SHARDS = 4;
  private static final int RECORDS = 25;

  @TempDir private Path folder;
  private List<Path> shards;
  private CapFiltPlan plan;

  @BeforeEach
  void write() throws IOException {
    shards = CapFiltData.write(folder.resolve("in"), SHARDS, RECORDS);
    plan = CapFiltData.plan(shards, CapFiltData.settings());
  }

  private Map<String, String> run(String out) throws IOException {
    CapFiltData.run(folder.resolve(out), plan, FakeModels.quick(), 1);
    return CapFiltData.content(folder.resolve(out));
  }

  @Test
  void writesKeptPairsAndAllScores() throws IOException {
    CapFiltStats stats = CapFiltData.run(folder.resolve("out"), plan, FakeModels.quick(), 1);
    CapFiltFolder out = new CapFiltFolder(folder.resolve("out"));
    long images = 0;
    long texts = 0;
    for (Path shard : shards) {
      String name = shard.getFileName().toString().replace(".tfrecord", "");
      assertEquals(RECORDS, Files.readAllLines(out.scores(name)).size());
      for (Sample.ImageText kept : CapFiltData.read(out.shard(name))) {
        List<String> captions = kept.columns().texts("captions");
        assertEquals(captions.size(), kept.columns().texts("source").size());
        assertEquals(List.of("Web " + kept.key()), kept.columns().texts("web_caption"));
        String synthetic = kept.columns().text("synthetic_caption").orElseThrow();
        float web = FakeModels.score(kept.image(), "Web " + kept.key());
        float written = FakeModels.score(kept.image(), synthetic);
        assertEquals(List.of(web), kept.columns().floats("itm_web"));
        assertEquals(List.of(written), kept.columns().floats("itm_synthetic"));
        assertEquals(web >= 0.5, captions.contains("Web " + kept.key()));
        assertEquals(written >= 0.5, captions.contains(synthetic));
        assertEquals(List.of(written > web ? synthetic : "Web " + kept.key()), kept.texts());
        assertEquals(CapFiltData.image(kept.key()), kept.image());
        images++;
        texts += captions.size();
      }
    }
    CapFiltStats.Totals totals = stats.totals();
    assertEquals(SHARDS * RECORDS, totals.read());
    assertEquals(SHARDS * RECORDS, totals.captioned());
    assertEquals(images, totals.imagesKept());
    assertEquals(texts, totals.kept().sum());
    assertEquals(2L * SHARDS * RECORDS, totals.kept().sum() + totals.dropped().sum());
    assertTrue(images > 0 && images < SHARDS * RECORDS, images + " images kept");
    assertTrue(Files.readString(out.stats()).contains("\"read\" : 100"));
  }

  @Test
  void resultDoesNotDependOnWhoWorked() throws Exception {
    Map<String, String> alone = run("alone");
    CapFiltData.run(folder.resolve("many"), plan, FakeModels.quick(), 3);
    assertEquals(alone, CapFiltData.content(folder.resolve("many")));

    Thread other =
        new Thread(
            () -> {
              try {
                CapFiltData.run(
                    folder.resolve("two"), plan, new FakeModels(5, ByteString.EMPTY), 1);
              } catch (IOException e) {
                throw new IllegalStateException(e);
              }
            });
    other.start();
    CapFiltData.run(folder.resolve("two"), plan, new FakeModels(5, ByteString.EMPTY), 1);
    other.join();
    assertEquals(alone, CapFiltData.content(folder.resolve("two")));
  }

  @Test
  void secondStartDoesNothingAndOtherSettingsAreRefused() throws IOException {
    Map<String, String> first = run("out");
    FakeModels models = FakeModels.quick();
    CapFiltData.run(folder.resolve("out"), plan, models, 1);
    assertEquals(0, models.captioned.get());
    assertEquals(first, CapFiltData.content(folder.resolve("out")));

    plan = CapFiltData.plan(shards, CapFiltData.settings().withSeed(9));
    IllegalArgumentException refused =
        assertThrows(IllegalArgumentException.class, () -> run("out"));
    assertTrue(refused.getMessage().contains("begun with other settings"), refused.getMessage());
    IOException strange = assertThrows(IOException.class, () -> run("in"));
    assertTrue(strange.getMessage().contains("not an output folder"), strange.getMessage());
  }

  @Test
  void leftPiecesOfAKilledProcessAreTakenUp() throws IOException {
    Map<String, String> whole = run("whole");
    Path out = folder.resolve("out");
    run("out");
    String name = "web-00002-of-00004";
    CapFiltFolder files = new CapFiltFolder(out);
    Files.delete(files.success());
    Files.delete(files.stats());
    Files.delete(files.mark(name));
    Files.delete(files.shard(name));
    Path writing = Files.createDirectory(out.resolve(".writing"));
    Files.writeString(writing.resolve("dead"), "half");
    Files.writeString(writing.resolve("dead.lock"), name + ".tfrecord");
    Files.writeString(files.claim(name), "another-machine 1 gone");
    FakeModels models = FakeModels.quick();
    CapFiltData.run(out, plan, models, 1); // waits for the lease
    assertEquals(RECORDS, models.captioned.get());
    assertEquals(whole, CapFiltData.content(out));
    assertFalse(Files.exists(files.claim(name)));
  }

  @Test
  void unreadablePicturesAreCountedWithReasons() throws IOException {
    Path first = shards.get(0);
    byte[] bytes = Files.readAllBytes(first);
    int length = bytes.length / RECORDS;
    bytes[3 * length + 60] ^= 1; // in the data of the fourth record
    Files.write(first, bytes);
    plan = CapFiltData.plan(shards, CapFiltData.settings());
    CapFiltStats.Totals totals =
        CapFiltData.run(
                folder.resolve("out"), plan, new FakeModels(0, CapFiltData.image("k1-5")), 1)
            .totals();
    assertEquals(2, totals.unreadable(), totals.toString());
    assertEquals(SHARDS * RECORDS, totals.read());
    assertEquals(1, totals.reasons().get(FakeModels.PROBLEM));
    assertEquals(1, totals.reasons().keySet().stream().filter(r -> r.contains("corrupt")).count());
    List<String> lines =
        Files.readAllLines(new CapFiltFolder(folder.resolve("out")).scores("web-00001-of-00004"));
    ScoreLine line = ScoreLine.parse(lines.get(5), "line");
    assertEquals(ScoreLine.UNREADABLE, line.decision());
    assertEquals("k1-5", line.key());
  }

  @Test
  void aNewThresholdNeedsNoModel() throws IOException {
    run("out");
    CapFiltFolder from = new CapFiltFolder(folder.resolve("out"));
    CapFiltPolicy stricter = CapFiltPolicy.published().withThreshold(0.8);
    CapFiltPlan replay = CapFiltData.plan(shards, plan.settings().withPolicy(stricter));
    new CapFiltJob(
            new CapFiltFolder(folder.resolve("again")),
            replay,
            CapFiltJob.Work.single(CapFiltListener.NONE))
        .run(
            JudgedRecords.recorded(
                from,
                replay,
                WholeSet.of(from, replay, SourceOptions.strict()),
                SourceOptions.strict()));
    CapFiltData.run(folder.resolve("straight"), replay, FakeModels.quick(), 1);
    Map<String, String> straight = CapFiltData.content(folder.resolve("straight"));
    assertEquals(straight, CapFiltData.content(folder.resolve("again")));
    assertNotEquals(straight, CapFiltData.content(folder.resolve("out")));
  }

  @Test
  void shardsOfOneNameAreRefused() throws IOException {
    Path twin = folder.resolve("b").resolve(shards.get(0).getFileName());
    Files.createDirectories(twin.getParent());
    Files.copy(shards.get(0), twin);
    assertThrows(
        IllegalArgumentException.class,
        () -> CapFiltData.plan(List.of(shards.get(0), twin), CapFiltData.settings()));
  }

  /** Fails at the first batch of one shard, is slow at all others. */
  private static final class OneFails implements CaptionerAndFilter {
    private final FakeModels others = new FakeModels(20, ByteString.EMPTY);
    private final AtomicInteger atWork = new AtomicInteger();
    private final AtomicBoolean closedAtWork = new AtomicBoolean();

    @Override
    public int rows() {
      return 1;
    }

    @Override
    public Images read(List<ByteString> files) {
      atWork.incrementAndGet();
      try {
        if (files.contains(CapFiltData.image("k2-3"))) {
          throw new IllegalStateException("a bug");
        }
        Images images = others.read(files);
        long[] seeds = {1};
        List<String> unused = images.captions(seeds); // slow
        return images;
      } finally {
        atWork.decrementAndGet();
      }
    }

    @Override
    public void close() {
      closedAtWork.set(atWork.get() > 0);
    }
  }

  @Test
  void theFailureOfOneWorkerStopsTheOthersWithItsCause() throws IOException {
    OneFails models = new OneFails();
    CapFiltFolder out = new CapFiltFolder(folder.resolve("out"));
    IllegalStateException failed;
    try (CapFiltStep step = CapFiltStep.of(plan.settings(), models)) {
      failed =
          assertThrows(
              IllegalStateException.class,
              () ->
                  new CapFiltJob(out, plan, CapFiltData.work(SHARDS, 1))
                      .run(JudgedRecords.by(step, 1, SourceOptions.strict())));
    }
    assertEquals("a bug", failed.getMessage());
    assertEquals(Set.of(), out.list().done(), "the others stop in the midst of their shards");
    assertEquals(Set.of(), out.list().claimed(), "and give them back");
    assertFalse(models.closedAtWork.get());
    assertEquals(run("whole"), run("out"), "another start goes on");
  }

  @Test
  void aStoppedJobIsGoneOnWith() throws IOException {
    AtomicInteger asked = new AtomicInteger();
    CapFiltJob.Work work =
        new CapFiltJob.Work(
            1,
            8,
            Duration.ofSeconds(1),
            () -> asked.incrementAndGet() > RECORDS + 5,
            CapFiltListener.NONE);
    CapFiltStats stats = CapFiltData.run(folder.resolve("out"), plan, FakeModels.quick(), work);
    assertEquals(1, stats.shards());
    assertFalse(Files.exists(new CapFiltFolder(folder.resolve("out")).success()));
    assertEquals(run("whole"), run("out"));
  }

  /** Counted and estimated from the first shard on; what others finish meanwhile is done, too. */
  @Test
  void tellsHowMuchIsAheadAndDone() throws IOException {
    run("whole");
    CapFiltFolder whole = new CapFiltFolder(folder.resolve("whole"));
    CapFiltFolder out = new CapFiltFolder(folder.resolve("out"));
    List<Long> ahead = new ArrayList<>();
    AtomicLong done = new AtomicLong();
    CapFiltListener listener =
        new CapFiltListener() {
          @Override
          public void ahead(long records) {
            ahead.add(records);
          }

          @Override
          public void recordsDone(long count) {
            if (done.addAndGet(count) == 1) {
              finishElsewhere(whole, out, plan.names().get(SHARDS - 1));
            }
          }
        };
    CapFiltJob.Work work = new CapFiltJob.Work(1, 8, Duration.ofSeconds(1), () -> false, listener);
    FakeModels models = FakeModels.quick();
    CapFiltData.run(out.path(), plan, models, work);
    assertEquals((SHARDS - 1) * RECORDS, models.captioned.get());
    assertEquals(Set.of((long) SHARDS * RECORDS), Set.copyOf(ahead));
    assertEquals(SHARDS * RECORDS, done.get());
  }

  private static void finishElsewhere(CapFiltFolder from, CapFiltFolder to, String name) {
    try {
      Files.copy(from.shard(name), to.shard(name));
      Files.copy(from.scores(name), to.scores(name));
      Files.copy(from.mark(name), to.mark(name));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Seeds hang on key and image: other borders of shards and batches give the same records. */
  @Test
  void recordsDoNotDependOnShardsAndBatches() throws IOException {
    List<Path> one = CapFiltData.join(folder.resolve("joined"), shards);
    CapFiltPlan joined = CapFiltData.plan(one, plan.settings());
    CapFiltData.run(folder.resolve("one"), joined, FakeModels.quick(), CapFiltData.work(1, 3));
    run("many");
    List<Sample.ImageText> many = new ArrayList<>();
    for (String name : plan.names()) {
      many.addAll(CapFiltData.read(new CapFiltFolder(folder.resolve("many")).shard(name)));
    }
    assertEquals(many, CapFiltData.read(new CapFiltFolder(folder.resolve("one")).shard("joined")));
  }

  @Test
  void aFolderInWhichNothingIsDoneIsNewAndOneWithWorkIsNot() throws IOException {
    CapFiltFolder out = new CapFiltFolder(folder.resolve("out"));
    out.join(plan);
    CapFiltPlan other = CapFiltData.plan(shards, plan.settings().withSeed(9));
    Files.writeString(out.claim("web-00000-of-00004"), "elsewhere 1 x");
    IllegalArgumentException refused =
        assertThrows(IllegalArgumentException.class, () -> out.check(other));
    assertTrue(refused.getMessage().contains("seed is 7 there, 9 here"), refused.getMessage());
    Files.delete(out.claim("web-00000-of-00004"));
    out.check(other);
    out.join(other);
    assertEquals(other, out.readPlan());
    Files.writeString(out.plan(), "{\"format\": 2");
    out.join(other);
    assertEquals(other, out.readPlan());
  }

  @Test
  void reasonsAreCountedByKind() {
    assertEquals(
        "not an image: its bytes begin with ...",
        CapFiltStats.kindOf("not an image: its bytes begin with 6e 6f 20 69 6d 61 67 65"));
    assertEquals("cut after N bytes", CapFiltStats.kindOf("cut after 1234 bytes"));
  }
}
