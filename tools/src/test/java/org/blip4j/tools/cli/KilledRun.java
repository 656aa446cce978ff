package org.blip4j.tools.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.common.hash.Hashing;
import com.google.common.io.MoreFiles;
import com.google.common.io.RecursiveDeleteOption;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * A command that is killed with SIGKILL at 20 moments ({@code -Dblip.kills=N}: at N) spread over
 * its whole course, each time in a new folder, and started again: it must end with the bytes of an
 * unbroken run and leave nothing else.
 *
 * <p>Every other moment is a share of the time that the unbroken run took, from the start of its
 * process; the rest are shares of the names of files that came and went meanwhile, so that they hit
 * the writes, the last ones included.
 *
 * @param folder for all runs
 * @param processes that work on one output at once; one of them is killed, or all
 * @param command the arguments for an output
 * @param leftOut names, below the output's parent, of files that two runs need not have alike
 * @param varying text in files that two runs need not have alike
 */
public record KilledRun(
    Path folder,
    int processes,
    Function<Path, String[]> command,
    Pattern leftOut,
    Pattern varying) {
  private static final int MOMENTS = Integer.getInteger("blip.kills", 20);
  private static final int LATER = 10;
  private static final long LONGEST_SECONDS = 120;

  /** How far an unbroken run goes. */
  private record Course(long nanos, int names) {}

  /** One process; two runs are alike in all but what names the output itself. */
  public static KilledRun of(Path folder, Function<Path, String[]> command) {
    Pattern nothing = Pattern.compile("(?!)"); // matches nowhere
    return new KilledRun(folder, 1, command, nothing, nothing);
  }

  /** The same by several processes at once. */
  public KilledRun withProcesses(int count) {
    return new KilledRun(folder, count, command, leftOut, varying);
  }

  /** The same without regard of files whose names below the output's parent match. */
  public KilledRun leavingOut(String names) {
    return new KilledRun(folder, processes, command, Pattern.compile(names), varying);
  }

  /** The same without regard of text that matches. */
  public KilledRun varyingIn(String text) {
    return new KilledRun(folder, processes, command, leftOut, Pattern.compile(text));
  }

  /** Kills at all moments. */
  public void check() throws IOException, InterruptedException {
    Path whole = output("whole");
    Course course = unbroken(whole);
    Map<String, String> expected = content(whole);
    Random random = new Random(MOMENTS);
    for (int moment = 0; moment < MOMENTS; moment++) {
      double share = (moment + random.nextDouble()) / MOMENTS;
      boolean byTime = moment % 2 == 0;
      String where = "killed at %.3f of the %s".formatted(share, byTime ? "time" : "writes");
      Path out = killed(moment, share, byTime, course);
      assertEquals(expected, content(out), where);
      MoreFiles.deleteRecursively(out.getParent(), RecursiveDeleteOption.ALLOW_INSECURE);
    }
  }

  private Course unbroken(Path out) throws IOException, InterruptedException {
    Set<String> names = new HashSet<>();
    long begun = System.nanoTime();
    List<Process> all = start(out, IntStream.range(0, processes));
    while (all.stream().anyMatch(Process::isAlive)) {
      look(out.getParent(), names);
    }
    Course course = new Course(System.nanoTime() - begun, names.size());
    requireSuccess(out, all);
    return course;
  }

  /** Kills a run, starts it again and has it end; a moment that comes too late is moved forward. */
  private Path killed(int moment, double share, boolean byTime, Course course)
      throws IOException, InterruptedException {
    double at = share;
    for (int attempt = 0; attempt < LATER; attempt++) {
      Path out = output("killed-%d-%d".formatted(moment, attempt));
      Set<String> names = new HashSet<>();
      long begun = System.nanoTime();
      List<Process> all = start(out, IntStream.range(0, processes));
      int first = moment % 4 == 3 ? 0 : moment % processes;
      int end = moment % 4 == 3 ? processes : first + 1;
      while (all.subList(first, end).stream().allMatch(Process::isAlive)
          && (byTime
              ? System.nanoTime() - begun < at * course.nanos()
              : names.size() < at * course.names())) {
        look(out.getParent(), names);
      }
      boolean alive = all.subList(first, end).stream().allMatch(Process::isAlive);
      all.subList(first, end).forEach(Process::destroyForcibly);
      for (Process process : all.subList(first, end)) {
        process.waitFor();
      }
      if (alive) {
        startAgain(out, all, first, end);
        return out;
      }
      all.removeAll(all.subList(first, end).stream().filter(KilledRun::wasKilled).toList());
      requireSuccess(out, all);
      at *= 0.7;
    }
    throw new AssertionError("ended before " + at + " of its course, again and again");
  }

  private static boolean wasKilled(Process process) {
    return process.exitValue() == 137;
  }

  /** The first of them in this process, which is quicker, the others in processes again. */
  private void startAgain(Path out, List<Process> all, int first, int end)
      throws IOException, InterruptedException {
    List<Process> now = new ArrayList<>(all);
    now.subList(first, end).clear();
    now.addAll(start(out, IntStream.range(first + 1, end)));
    CliRun again = CliRun.of(command.apply(out));
    long begun = System.nanoTime();
    while (again.err().contains("is in use by another process") && soon(begun)) {
      again = CliRun.of(command.apply(out)); // what a killed process had started ends a bit later
    }
    assertEquals(0, again.status(), again.err());
    requireSuccess(out, now);
  }

  private static boolean soon(long begun) {
    return System.nanoTime() - begun < TimeUnit.SECONDS.toNanos(LONGEST_SECONDS);
  }

  private Path output(String name) throws IOException {
    return Files.createDirectories(folder.resolve(name)).resolve("out");
  }

  private Path log(Path out, int process) {
    return folder.resolve(out.getParent().getFileName() + "-log-" + process);
  }

  private List<Process> start(Path out, IntStream which) throws IOException {
    List<Process> started = new ArrayList<>();
    for (int process : which.toArray()) {
      started.add(BlipProcess.start(log(out, process), command.apply(out)));
    }
    return started;
  }

  private void requireSuccess(Path out, List<Process> all)
      throws IOException, InterruptedException {
    for (Process process : all) {
      assertTrue(process.waitFor(LONGEST_SECONDS, TimeUnit.SECONDS), "hangs");
    }
    for (Process process : all) {
      assertEquals(0, process.exitValue(), () -> errors(out));
    }
  }

  /** What all processes of an output said. */
  private String errors(Path out) {
    StringBuilder errors = new StringBuilder();
    try {
      for (int i = 0; i < processes; i++) {
        errors.append(Files.readString(Path.of(log(out, i) + ".err")));
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return errors.toString();
  }

  private static void look(Path folder, Set<String> names) throws InterruptedException {
    try (Stream<Path> all = Files.walk(folder)) {
      all.forEach(path -> names.add(path.toString()));
    } catch (IOException | UncheckedIOException e) {
      return; // changed meanwhile; it is looked at again
    }
    Thread.sleep(1);
  }

  /** All files beside and below the output by name, folders with no content. */
  private Map<String, String> content(Path out) throws IOException {
    Path parent = out.getParent();
    Map<String, String> content = new TreeMap<>();
    try (Stream<Path> all = Files.walk(parent)) {
      for (Path file : (Iterable<Path>) all::iterator) {
        String name = parent.relativize(file).toString();
        if (!leftOut.matcher(name).matches()) {
          content.put(name, Files.isDirectory(file) ? "" : content(file, parent));
        }
      }
    }
    return content;
  }

  private String content(Path file, Path parent) throws IOException {
    byte[] bytes = Files.readAllBytes(file);
    String text = new String(bytes, StandardCharsets.ISO_8859_1).replace(parent.toString(), "");
    String alike = varying.matcher(text).replaceAll("");
    return alike.length() > 2000
        ? Hashing.sha256().hashString(alike, StandardCharsets.UTF_8).toString()
        : alike;
  }
}
