package org.blip4j.tools.capfilt;

import com.google.common.base.Splitter;
import com.google.common.collect.ImmutableList;
import com.google.common.util.concurrent.ThreadFactoryBuilder;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;

/**
 * Settles which process works on which shard, through files in the output folder alone.
 *
 * <p>A claim is a file that only one process can create; its owner touches it while it works. It is
 * taken over at once if its owner is a dead process of the same machine, and otherwise when it was
 * not touched for the length of the lease, by the clock of the one who waits (clocks of machines
 * differ). Should two come to work on one shard after all, both write the same bytes: claims save
 * work, the result does not hang on them.
 *
 * <p>The folder is listed once a round: the open shards of a listing are claimed one after the
 * other, and only when none is left is it listed again. So the number of look-ups grows with the
 * shards and not with their square.
 */
public final class ShardLedger implements AutoCloseable {
  /** The lease of a process that nobody can ask whether it is alive. */
  public static final Duration LEASE = Duration.ofSeconds(60);

  private static final int TOUCHES_PER_LEASE = 6;
  private static final long FRESH_NANOS = TimeUnit.SECONDS.toNanos(2);

  /** How a claim looked and since when it has looked so. */
  private record Sighting(String owner, FileTime touched, long since) {}

  /**
   * The right of one process to work on one shard, held as a file that is touched now and then.
   *
   * @param name of the shard
   * @param file that holds the claim
   */
  public record Claim(String name, Path file) {}

  private final CapFiltFolder folder;
  private final ImmutableList<String> names;
  private final Duration lease;
  private final Owner self = Owner.own();
  private final Set<Claim> held = ConcurrentHashMap.newKeySet();
  private final Map<String, Sighting> sightings = new HashMap<>();
  private final Deque<String> open = new ArrayDeque<>();
  private final ScheduledExecutorService heart;
  private long listed = System.nanoTime() - FRESH_NANOS;
  private Set<String> done = Set.of();
  private boolean allDone;
  private int listings;

  /** A ledger over the shards of these names. */
  public ShardLedger(CapFiltFolder folder, List<String> names, Duration lease) {
    this.folder = folder;
    this.names = ImmutableList.copyOf(names);
    this.lease = lease;
    this.heart =
        Executors.newSingleThreadScheduledExecutor(
            new ThreadFactoryBuilder().setNameFormat("capfilt-claims").setDaemon(true).build());
    long period = Math.max(1, lease.toMillis() / TOUCHES_PER_LEASE);
    var unused = heart.scheduleAtFixedRate(this::touch, period, period, TimeUnit.MILLISECONDS);
  }

  /** Claims a shard that is neither done nor claimed; empty if there is none now. */
  public synchronized Optional<Claim> claim() throws IOException {
    boolean listedNow = false;
    if (open.isEmpty()) {
      list();
      listedNow = true;
    }
    while (!open.isEmpty()) {
      Optional<Claim> claim = tryClaim(open.poll());
      if (claim.isPresent()) {
        return claim;
      }
      if (!listedNow && System.nanoTime() - listed > FRESH_NANOS) { // others work here, too
        list();
        listedNow = true;
      }
    }
    return Optional.empty();
  }

  /** Whether every shard was done, by whomever, when the folder was last listed. */
  public synchronized boolean allDone() {
    return allDone;
  }

  /** The shards that were done, by whomever, when the folder was last listed. */
  synchronized Set<String> done() {
    return done;
  }

  /** How often the folder was listed. */
  synchronized int listings() {
    return listings;
  }

  /** Gives back a claim; the shard's mark tells whether its work is done. */
  public void release(Claim claim) throws IOException {
    held.remove(claim);
    if (self.token().equals(read(claim.file()))) {
      Files.deleteIfExists(claim.file());
    }
  }

  @Override
  public void close() {
    heart.shutdownNow();
  }

  /** Looks once at all marks and claims. */
  private void list() throws IOException {
    CapFiltFolder.Listing listing = folder.list();
    listed = System.nanoTime();
    listings++;
    open.clear();
    done = listing.done();
    allDone = true;
    for (String name : names) {
      if (listing.done().contains(name)) {
        sightings.remove(name);
        continue;
      }
      allDone = false;
      if (listing.spoilt().contains(name)) {
        Files.deleteIfExists(folder.mark(name));
      }
      if (!listing.claimed().contains(name)) {
        open.add(name);
      } else if (isAbandoned(name, folder.claim(name))) {
        Files.deleteIfExists(folder.claim(name));
        open.add(name);
      }
    }
  }

  private Optional<Claim> tryClaim(String name) throws IOException {
    Claim claim = new Claim(name, folder.claim(name));
    try {
      Files.writeString(
          claim.file(),
          self.token(),
          StandardCharsets.UTF_8,
          StandardOpenOption.CREATE_NEW,
          StandardOpenOption.WRITE);
    } catch (FileAlreadyExistsException e) {
      return Optional.empty();
    }
    held.add(claim);
    if (Files.exists(folder.mark(name))) { // done since the folder was listed
      release(claim);
      return Optional.empty();
    }
    return Optional.of(claim);
  }

  private boolean isAbandoned(String name, Path file) throws IOException {
    String owner = read(file);
    if (owner.equals(self.token())) {
      return false;
    }
    if (self.knowsDead(owner)) {
      return true;
    }
    FileTime touched;
    try {
      touched = Files.getLastModifiedTime(file);
    } catch (NoSuchFileException e) {
      sightings.remove(name);
      return false;
    }
    Sighting last = sightings.get(name);
    long now = System.nanoTime();
    if (last == null || !last.owner().equals(owner) || !last.touched().equals(touched)) {
      sightings.put(name, new Sighting(owner, touched, now));
      return false;
    }
    return now - last.since() > lease.toNanos();
  }

  private void touch() {
    for (Claim claim : held) {
      try {
        Files.setLastModifiedTime(claim.file(), FileTime.from(Instant.now()));
      } catch (IOException ignored) {
        // Taken for abandoned by another process, which then writes the same bytes; or the disk is
        // gone, and the work itself fails and says so.
      }
    }
  }

  /** What a claim's file says; empty if it is gone. */
  private static String read(Path file) throws IOException {
    try {
      return new String(Files.readAllBytes(file), StandardCharsets.UTF_8);
    } catch (NoSuchFileException e) {
      return "";
    }
  }

  /** Whether the owner of a claim is a process of this machine that has ended. */
  static boolean isDead(Path claim) throws IOException {
    return Owner.own().knowsDead(read(claim));
  }

  /**
   * Who holds a claim: machine, process and a name of its own, as {@code MACHINE PID UUID}.
   *
   * @param machine the boot of the machine and the process namespace, or {@code -} where the system
   *     does not tell
   * @param pid process number in it
   * @param instance tells this process from an earlier one with the same number
   */
  record Owner(String machine, long pid, String instance) {
    private static final String UNKNOWN = "-";
    private static final String INSTANCE = UUID.randomUUID().toString();

    static Owner own() {
      return new Owner(ownMachine(), ProcessHandle.current().pid(), INSTANCE);
    }

    private static String ownMachine() {
      try {
        String boot = Files.readString(Path.of("/proc/sys/kernel/random/boot_id")).strip();
        return boot + "/" + Files.readSymbolicLink(Path.of("/proc/self/ns/pid"));
      } catch (IOException | UnsupportedOperationException e) {
        return UNKNOWN;
      }
    }

    String token() {
      return machine + " " + pid + " " + instance;
    }

    /**
     * Whether a claim's owner is known to be gone; false if that cannot be told from here. What is
     * no token, such as a claim that was cut short, falls with its lease.
     */
    boolean knowsDead(String token) {
      List<String> parts = Splitter.on(' ').splitToList(token);
      if (parts.size() != 3 || machine.equals(UNKNOWN) || !parts.get(0).equals(machine)) {
        return false;
      }
      if (!parts.get(1).matches("\\d{1,18}")) {
        return false;
      }
      long other = Long.parseLong(parts.get(1));
      return other == pid
          ? !parts.get(2).equals(instance)
          : ProcessHandle.of(other).filter(ProcessHandle::isAlive).isEmpty();
    }
  }
}
