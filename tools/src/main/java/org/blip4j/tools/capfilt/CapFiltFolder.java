package org.blip4j.tools.capfilt;

import com.google.common.collect.ImmutableSet;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.blip4j.data.file.AtomicFile;
import org.blip4j.data.file.AtomicFolder;

/**
 * The files of a CapFilt output folder: {@code NAME.tfrecord}, {@code scores/NAME.jsonl}, {@code
 * stats.json}, {@code _SUCCESS}; and, hidden in {@code .capfilt}, the plan, the claims and a mark
 * for each finished shard. With rules over the whole set there is such a folder inside {@code
 * .capfilt} as long as not all shards are scored and decided, which has scores only.
 *
 * @param path the folder
 * @param pairs whether shards of kept pairs are written
 */
public record CapFiltFolder(Path path, boolean pairs) {
  private static final String STATE = ".capfilt";
  private static final String SCORES = "scores";
  private static final String DONE = ".done";
  private static final String CLAIM = ".claim";
  private static final String SHARD = ".tfrecord";
  private static final String LINES = ".jsonl";

  /**
   * What there is, by shard.
   *
   * @param done shards whose work is done and whose files are there
   * @param spoilt shards that were done and whose files are not there any more
   * @param claimed shards that somebody works on or worked on
   */
  record Listing(
      ImmutableSet<String> done, ImmutableSet<String> spoilt, ImmutableSet<String> claimed) {}

  public CapFiltFolder(Path path) {
    this(path, true);
  }

  /** Where scores lie before anything is decided over the whole set. */
  CapFiltFolder scored() {
    return new CapFiltFolder(path.resolve(STATE).resolve("scored"), false);
  }

  /** The kept pairs of an input shard. */
  public Path shard(String name) {
    return path.resolve(name + SHARD);
  }

  /** The scores of all images of an input shard. */
  public Path scores(String name) {
    return path.resolve(SCORES).resolve(name + LINES);
  }

  /** The totals. */
  public Path stats() {
    return path.resolve("stats.json");
  }

  Path report() {
    return path.resolve("report.html");
  }

  /** There, if and only if all is done. */
  public Path success() {
    return path.resolve("_SUCCESS");
  }

  /** The plan of the run. */
  public Path plan() {
    return path.resolve(STATE).resolve("plan.json");
  }

  Path claim(String name) {
    return path.resolve(STATE).resolve(name + CLAIM);
  }

  Path mark(String name) {
    return path.resolve(STATE).resolve(name + DONE);
  }

  /** Marks a shard as done. */
  void mark(String name, double seconds) throws IOException {
    AtomicFile.write(mark(name), Double.toString(seconds));
  }

  boolean isFinished() {
    return Files.exists(success());
  }

  /** Lists the folder: three calls, however many shards there are. */
  Listing list() throws IOException {
    Set<String> state = names(path.resolve(STATE), ""); // first: marks come after their files
    Set<String> shards = names(path, SHARD);
    Set<String> scores = names(path.resolve(SCORES), LINES);
    ImmutableSet.Builder<String> done = ImmutableSet.builder();
    ImmutableSet.Builder<String> spoilt = ImmutableSet.builder();
    ImmutableSet.Builder<String> claimed = ImmutableSet.builder();
    for (String entry : state) {
      if (entry.endsWith(DONE)) {
        String name = entry.substring(0, entry.length() - DONE.length());
        boolean there = scores.contains(name) && (!pairs || shards.contains(name));
        (there ? done : spoilt).add(name);
      } else if (entry.endsWith(CLAIM)) {
        claimed.add(entry.substring(0, entry.length() - CLAIM.length()));
      }
    }
    return new Listing(done.build(), spoilt.build(), claimed.build());
  }

  private static Set<String> names(Path folder, String ending) throws IOException {
    Set<String> names = new HashSet<>();
    try (DirectoryStream<Path> entries = Files.newDirectoryStream(folder)) {
      for (Path entry : entries) {
        String name = entry.getFileName().toString();
        if (name.endsWith(ending)) {
          names.add(name.substring(0, name.length() - ending.length()));
        }
      }
    } catch (NoSuchFileException e) {
      return Set.of();
    }
    return names;
  }

  /** The plan that the folder was begun with. */
  public CapFiltPlan readPlan() throws IOException {
    return findPlan()
        .orElseThrow(
            () ->
                new IOException(path + " is not an output folder of capfilt: it has no " + plan()));
  }

  private Optional<CapFiltPlan> findPlan() throws IOException {
    return Files.exists(plan()) ? Optional.of(CapFiltPlan.read(plan())) : Optional.empty();
  }

  /**
   * Whether work by a plan can begin or go on here; changes nothing. A folder in which no shard is
   * done and nobody works is as good as new, whatever plan it has.
   *
   * @throws IllegalArgumentException if it was begun with another plan
   * @throws IOException if it holds something else
   */
  void check(CapFiltPlan plan) throws IOException {
    if (pairs && Files.exists(scored().plan())) {
      scored().check(plan);
    }
    if (Files.exists(path) && !Files.isDirectory(path)) {
      throw new NotDirectoryException(path.toString());
    }
    if (isNew()) {
      refuseStrangeFiles();
      return;
    }
    String difference = readPlan().differenceTo(plan);
    if (!difference.isEmpty()) {
      throw new IllegalArgumentException(
          "%s was begun with other settings: %s; choose another folder, or give --overwrite"
              .formatted(path, difference));
    }
  }

  /** {@link #check}s, then starts the folder or joins the work on it. */
  void join(CapFiltPlan plan) throws IOException {
    check(plan);
    Files.createDirectories(plan().getParent());
    Files.createDirectories(path.resolve(SCORES));
    if (isNew() && Files.exists(plan()) && !readsLike(plan)) {
      clear();
    }
    sweep();
    boolean own = !Files.exists(plan()) && AtomicFile.writeNew(plan(), plan.json());
    if (!own) {
      check(plan); // of several processes that start at once, the first one's plan stands
    }
  }

  /** Changes when the folder is begun anew; empty if it has no plan. */
  String planStamp() throws IOException {
    try {
      BasicFileAttributes plan = Files.readAttributes(plan(), BasicFileAttributes.class);
      return plan.lastModifiedTime() + " " + plan.size() + " " + plan.fileKey();
    } catch (NoSuchFileException e) {
      return "";
    }
  }

  /**
   * Refuses to go on if another process has begun the folder anew.
   *
   * @param stamp what the plan's was when this one joined
   * @throws IOException if the plan is another one now
   */
  void requireSame(CapFiltPlan plan, String stamp) throws IOException {
    if (!planStamp().equals(stamp) && !(Files.exists(plan()) && readsLike(plan))) {
      throw new IOException(path + " was begun anew by another process; this one ends");
    }
  }

  private boolean readsLike(CapFiltPlan plan) {
    try {
      return readPlan().differenceTo(plan).isEmpty();
    } catch (IOException | IllegalArgumentException e) {
      return false; // damaged or of another version; nothing hangs on it
    }
  }

  /** Whether nothing is done here and nobody is at work. */
  private boolean isNew() throws IOException {
    if (!Files.exists(plan())) {
      return true;
    }
    Listing listing = list();
    if (isFinished() || !listing.done().isEmpty()) {
      return false;
    }
    for (String name : listing.claimed()) {
      if (!ShardLedger.isDead(claim(name))) {
        return false;
      }
    }
    return true;
  }

  private void refuseStrangeFiles() throws IOException {
    if (!Files.exists(path) || Files.exists(plan())) {
      return;
    }
    try (DirectoryStream<Path> entries = Files.newDirectoryStream(path)) {
      for (Path entry : entries) {
        String name = entry.getFileName().toString();
        boolean ours = name.equals(STATE) || name.equals(SCORES) || AtomicFolder.isWorkplace(entry);
        if (!ours) {
          throw new IOException(
              "%s exists and is not an output folder of capfilt (it holds %s); choose another place"
                  .formatted(path, name));
        }
      }
    }
  }

  /** Removes what an earlier run left, as its plan lists it, and nothing else. */
  void clear() throws IOException {
    AtomicFolder.remove(scored().path());
    if (!Files.exists(plan())) {
      return;
    }
    Files.deleteIfExists(success());
    Listing listing = list();
    Set<String> names = new HashSet<>(listing.done());
    names.addAll(listing.spoilt());
    names.addAll(listing.claimed());
    for (String name : names) {
      for (Path file : List.of(mark(name), claim(name), shard(name), scores(name))) {
        Files.deleteIfExists(file);
      }
    }
    Files.deleteIfExists(stats());
    Files.deleteIfExists(report());
    Files.deleteIfExists(plan());
  }

  /** Removes what killed processes left half-written. */
  private void sweep() throws IOException {
    for (Path folder : List.of(path, path.resolve(SCORES), path.resolve(STATE))) {
      AtomicFolder.sweep(folder);
    }
  }

  /** Takes away what only those at work need: all shards are done. */
  void tidy() throws IOException {
    sweep();
    for (String name : list().claimed()) {
      Files.deleteIfExists(claim(name));
    }
  }

  void finish() throws IOException {
    AtomicFile.write(success(), new byte[0]);
  }
}
