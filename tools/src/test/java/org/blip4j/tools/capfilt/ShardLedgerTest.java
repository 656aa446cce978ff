package org.blip4j.tools.capfilt;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.OperatingSystemMXBean;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ShardLedgerTest {
  private static final List<String> NAMES = List.of("a", "b");

  @TempDir private Path path;
  private CapFiltFolder folder;

  @BeforeEach
  void open() throws IOException {
    folder = new CapFiltFolder(path);
    Files.createDirectories(folder.claim("a").getParent());
    Files.createDirectories(folder.scores("a").getParent());
  }

  private ShardLedger ledger(Duration lease) {
    return new ShardLedger(folder, NAMES, lease);
  }

  private void finish(String name) throws IOException {
    for (Path file : List.of(folder.mark(name), folder.shard(name), folder.scores(name))) {
      Files.writeString(file, "1");
    }
  }

  @Test
  void eachShardIsClaimedOnce() throws IOException {
    try (ShardLedger one = ledger(ShardLedger.LEASE);
        ShardLedger two = ledger(ShardLedger.LEASE)) {
      ShardLedger.Claim a = one.claim().orElseThrow();
      ShardLedger.Claim b = two.claim().orElseThrow();
      assertEquals("a", a.name());
      assertEquals("b", b.name());
      finish("a");
      one.release(a);
      assertTrue(one.claim().isEmpty());
      two.release(b); // given back without result
      assertEquals("b", one.claim().orElseThrow().name());
      assertFalse(one.allDone());
      finish("b");
      assertTrue(two.claim().isEmpty());
      assertTrue(two.allDone());
    }
  }

  @Test
  void deadProcessLosesItsClaimAtOnce() throws Exception {
    Process process = new ProcessBuilder("true").start();
    process.waitFor();
    ShardLedger.Owner self = ShardLedger.Owner.own();
    ShardLedger.Owner dead = new ShardLedger.Owner(self.machine(), process.pid(), "x");
    Files.writeString(folder.claim("a"), dead.token());
    assertTrue(self.knowsDead(dead.token()) || self.machine().equals("-"));
    try (ShardLedger ledger = ledger(ShardLedger.LEASE)) {
      assertEquals("a", ledger.claim().orElseThrow().name());
    }
  }

  @Test
  void livingOrUnknownProcessesAreLeftAlone() {
    ShardLedger.Owner self = ShardLedger.Owner.own();
    assertFalse(self.knowsDead(self.token()));
    assertFalse(self.knowsDead("elsewhere 1 x"));
    assertFalse(self.knowsDead(""));
    assertTrue(
        self.knowsDead(new ShardLedger.Owner(self.machine(), self.pid(), "earlier").token())
            || self.machine().equals("-"));
  }

  @Test
  void silentClaimFallsAfterTheLeaseAndATouchedOneStays() throws Exception {
    Files.writeString(folder.claim("a"), "elsewhere 1 x");
    try (ShardLedger waiting = ledger(Duration.ofMillis(100));
        ShardLedger working = ledger(Duration.ofMillis(60))) {
      ShardLedger.Claim b = working.claim().orElseThrow();
      assertEquals("b", b.name());
      assertTrue(waiting.claim().isEmpty());
      Thread.sleep(300);
      assertEquals("a", waiting.claim().orElseThrow().name());
      assertTrue(waiting.claim().isEmpty(), "b was touched and must stay");
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "no token", "%s 12x3 z", "%s 99999999999999999999 z", "%s -1 z"})
  void aDamagedClaimFallsWithItsLease(String content) throws Exception {
    Files.writeString(folder.claim("a"), content.formatted(ShardLedger.Owner.own().machine()));
    try (ShardLedger ledger = ledger(Duration.ofMillis(50))) {
      assertEquals("b", ledger.claim().orElseThrow().name());
      assertTrue(ledger.claim().isEmpty());
      Thread.sleep(150);
      assertEquals("a", ledger.claim().orElseThrow().name());
    }
  }

  @Test
  void aShardWhoseFilesAreGoneIsOpenAgain() throws IOException {
    finish("a");
    finish("b");
    Files.delete(folder.shard("a"));
    try (ShardLedger ledger = ledger(ShardLedger.LEASE)) {
      assertEquals("a", ledger.claim().orElseThrow().name());
    }
  }

  /** Three look-ups for each shard and claim took minutes here: 3 x 10,000 x 10,000 / 2. */
  @Test
  void tenThousandShardsAreClaimedInSeconds() throws IOException {
    List<String> names = IntStream.range(0, 10_000).mapToObj(i -> "s" + i).toList();
    try (ShardLedger ledger = new ShardLedger(folder, names, ShardLedger.LEASE)) {
      assertTimeoutPreemptively(
          Duration.ofSeconds(60),
          () -> {
            for (int i = 0; i < names.size(); i++) {
              ShardLedger.Claim claim = ledger.claim().orElseThrow();
              for (Path file : List.of(folder.shard(claim.name()), folder.scores(claim.name()))) {
                Files.createFile(file);
              }
              Files.createFile(folder.mark(claim.name()));
              ledger.release(claim);
            }
            assertTrue(ledger.claim().isEmpty());
            assertTrue(ledger.allDone());
          });
      assertEquals(2, ledger.listings(), "the folder is listed at the start and at the end");
    }
  }

  /** What a shard costs, claimed and given back, in nanoseconds of the processor. */
  private double costOfAShard(int shards) throws IOException {
    ThreadMXBean threads = ManagementFactory.getThreadMXBean();
    List<String> names = IntStream.range(0, shards).mapToObj(i -> "n" + shards + "-" + i).toList();
    long cost = 0;
    try (ShardLedger ledger = new ShardLedger(folder, names, ShardLedger.LEASE)) {
      for (int i = 0; i <= shards; i++) {
        long begun = threads.getCurrentThreadCpuTime();
        Optional<ShardLedger.Claim> claim = ledger.claim();
        cost += threads.getCurrentThreadCpuTime() - begun;
        if (claim.isPresent()) {
          finish(claim.get().name());
          begun = threads.getCurrentThreadCpuTime();
          ledger.release(claim.get());
          cost += threads.getCurrentThreadCpuTime() - begun;
        }
      }
      assertTrue(ledger.allDone());
    }
    return (double) cost / shards;
  }

  /** A run in which models cost nothing and shards are a tenth of what img2dataset makes them. */
  @Tag("slow")
  @Test
  void tenThousandShardsCostAShareThatDoesNotGrow() throws IOException {
    costOfAShard(2_000); // warms up
    double few = costOfAShard(1_000);
    double many = costOfAShard(10_000);
    List<Path> shards = CapFiltData.write(path.resolve("in"), 2, 1_000);
    CapFiltPlan plan = CapFiltData.plan(shards, CapFiltData.settings());
    OperatingSystemMXBean system = ManagementFactory.getPlatformMXBean(OperatingSystemMXBean.class);
    long begun = system.getProcessCpuTime();
    CapFiltData.run(path.resolve("out"), plan, FakeModels.quick(), 1);
    double run = (system.getProcessCpuTime() - begun) / 2.0;
    String figures =
        "a shard costs %.0f us of 1,000, %.0f us of 10,000; without the ledger %.0f us"
            .formatted(few / 1e3, many / 1e3, run / 1e3);
    assertTrue(many < 1.5 * few, figures);
    assertTrue(many < 0.01 * run, figures);
    System.out.println(figures);
  }
}
