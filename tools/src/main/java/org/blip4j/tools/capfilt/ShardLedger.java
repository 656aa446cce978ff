package org.blip4j.tools.capfilt;

import com.google.common.collect.ImmutableList;
import com.google.common.util.concurrent.ThreadFactoryBuilder;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
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
 */
public final class ShardLedger implements AutoCloseable {
  /** The lease of a process that nobody can ask whether it is alive. */
  public static final Duration LEASE = Duration.ofSeconds(60);

  private static final int TOUCHES_PER_LEASE = 6;

  /** How a claim looked and since when it has looked so. */
  private record Sighting(String owner, FileTime touched, long since) {}

  private final CapFiltFolder folder;
  private final ImmutableList<String> names;
  private final Duration lease;
  private final ProcessIdentity self = ProcessIdentity.own();
  private final Set<ShardClaim> held = ConcurrentHashMap.newKeySet();
  private final Map<String, Sighting> sightings = new HashMap<>();
  private final ScheduledExecutorService heart;

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

  /** Claims the first shard that is neither done nor claimed; empty if there is none now. */
  public synchronized Optional<ShardClaim> claim() throws IOException {
    for (String name : names) {
      if (!folder.isDone(name)) {
        Optional<ShardClaim> claim = tryClaim(name);
        if (claim.isPresent()) {
          return claim;
        }
      }
    }
    return Optional.empty();
  }

  /** Whether every shard is done, by whomever. */
  public boolean allDone() {
    return names.stream().allMatch(folder::isDone);
  }

  /** Gives back a claim; the shard's mark tells whether its work is done. */
  public void release(ShardClaim claim) throws IOException {
    held.remove(claim);
    claim.close();
  }

  @Override
  public void close() {
    heart.shutdownNow();
  }

  private Optional<ShardClaim> tryClaim(String name) throws IOException {
    Path file = folder.claim(name);
    if (Files.exists(file)) {
      if (!isAbandoned(name, file)) {
        return Optional.empty();
      }
      takeAway(file);
    }
    ShardClaim claim = new ShardClaim(name, file, self.token());
    try {
      Files.writeString(
          file,
          claim.owner(),
          StandardCharsets.UTF_8,
          StandardOpenOption.CREATE_NEW,
          StandardOpenOption.WRITE);
    } catch (FileAlreadyExistsException e) {
      return Optional.empty();
    }
    held.add(claim);
    if (folder.isDone(name)) { // between the look and the claim
      release(claim);
      return Optional.empty();
    }
    return Optional.of(claim);
  }

  private boolean isAbandoned(String name, Path file) throws IOException {
    String owner = ShardClaim.read(file);
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
    return !owner.equals(self.token()) && now - last.since() > lease.toNanos();
  }

  /** Of several that want to take a claim away, one can move it. */
  private void takeAway(Path file) throws IOException {
    Path aside = file.resolveSibling("." + file.getFileName() + "." + UUID.randomUUID() + ".tmp");
    try {
      Files.move(file, aside, StandardCopyOption.ATOMIC_MOVE);
      Files.deleteIfExists(aside);
    } catch (NoSuchFileException e) {
      return;
    }
  }

  private void touch() {
    for (ShardClaim claim : held) {
      try {
        claim.touch();
      } catch (IOException ignored) {
        // Tried again soon. If the disk is gone, the work itself fails and says so.
      }
    }
  }
}
