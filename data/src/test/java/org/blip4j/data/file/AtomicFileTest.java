package org.blip4j.data.file;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.common.io.MoreFiles;
import java.io.File;
import java.io.FileOutputStream;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class AtomicFileTest {
  @TempDir Path folder;

  @Test
  void commitRenamesAndReplaces() throws IOException {
    Path target = folder.resolve("deep/er/file.txt");
    AtomicFile.write(target, "one".getBytes(StandardCharsets.UTF_8));
    AtomicFile.write(target, "two".getBytes(StandardCharsets.UTF_8));
    assertEquals("two", Files.readString(target));
    assertEquals(List.of("file.txt"), names(target.getParent()));
  }

  @Test
  void ofManyThatWriteWhereNothingIsOneDoes() throws Exception {
    Path target = folder.resolve("plan");
    ExecutorService threads = Executors.newFixedThreadPool(8);
    List<Callable<Boolean>> writers = new ArrayList<>();
    for (int i = 0; i < 40; i++) {
      String text = Integer.toString(i);
      writers.add(
          () -> {
            boolean first = AtomicFile.writeNew(target, text);
            assertEquals(first, Files.readString(target).equals(text));
            return first;
          });
    }
    int first = 0;
    try {
      for (Future<Boolean> writer : threads.invokeAll(writers)) {
        first += writer.get() ? 1 : 0;
      }
    } finally {
      threads.shutdownNow();
    }
    assertEquals(1, first);
    assertEquals(List.of("plan"), names(folder));
  }

  @Test
  void whatWasWrittenElsewhereGetsItsName() throws IOException {
    Path written = Files.writeString(folder.resolve(".part"), "new");
    AtomicFile.publish(written, Files.writeString(folder.resolve("file"), "old"));
    assertEquals("new", Files.readString(folder.resolve("file")));
    assertEquals(List.of("file"), names(folder));
  }

  @Test
  void closingWithoutCommitLeavesNothing() throws IOException {
    Path target = folder.resolve("file.txt");
    try (AtomicFile file = AtomicFile.create(target)) {
      file.stream().write(new byte[200_000]);
      assertEquals(1, names(folder).size());
    }
    assertEquals(List.of(), names(folder));
  }

  @Test
  void impossiblePlacesAreNamed() throws IOException {
    IOException onFolder = assertThrows(IOException.class, () -> AtomicFile.create(folder));
    assertTrue(onFolder.getMessage().contains("is a folder"), onFolder.getMessage());
    Path file = Files.writeString(folder.resolve("plain"), "x");
    IOException below =
        assertThrows(IOException.class, () -> AtomicFile.create(file.resolve("a/b")));
    assertTrue(below.getMessage().contains("folder cannot be made"), below.getMessage());
  }

  @Test
  void interruptedThreadsWrite() throws IOException {
    Thread.currentThread().interrupt();
    try {
      AtomicFile.write(folder.resolve("a"), "x");
      try (AtomicFolder b = AtomicFolder.create(folder.resolve("b"))) {
        new FileOutputStream(b.path().resolve("c").toFile()).close();
        b.commit();
      }
    } finally {
      assertTrue(Thread.interrupted());
    }
    assertEquals(List.of("a", "b"), names(folder));
  }

  @Test
  void foldersAreReplacedWholeOrNotAtAll() throws IOException {
    Path target = folder.resolve("m");
    for (String text : List.of("one", "two")) {
      try (AtomicFolder written = AtomicFolder.create(target)) {
        Files.writeString(written.path().resolve(text), text);
        written.commit();
      }
    }
    try (AtomicFolder failed = AtomicFolder.create(target)) {
      Files.writeString(failed.path().resolve("three"), "3");
      assertTrue(AtomicFolder.isWorkplace(failed.path().getParent()));
    }
    assertEquals(List.of("two"), names(target));
    try (AtomicFolder file = AtomicFolder.reserve(target)) {
      Files.writeString(file.path(), "a file now");
      file.commit();
    }
    assertEquals("a file now", Files.readString(target));
    assertEquals(List.of("m"), names(folder));
  }

  @Test
  void whatTheDeadLeftIsSweptAndFinished() throws IOException {
    Path workplace = Files.createDirectory(folder.resolve(".writing"));
    Files.writeString(workplace.resolve("f.1.dead"), "half");
    Files.writeString(workplace.resolve("f.1.dead.lock"), "f");
    Files.createDirectories(workplace.resolve("g.1.dead/deep"));
    Files.writeString(workplace.resolve("g.1.dead/deep/x"), "half");
    Files.writeString(workplace.resolve("g.1.dead.lock"), "");
    Files.writeString(Files.createDirectory(workplace.resolve("m.1.dead")).resolve("new"), "");
    Files.writeString(Files.createDirectory(workplace.resolve("m.1.dead.old")).resolve("old"), "");
    Files.writeString(workplace.resolve("m.1.dead.lock"), "mü");
    Files.createDirectory(workplace.resolve("o.1.dead.old"));
    Files.writeString(workplace.resolve("o.1.dead.lock"), "o");
    AtomicFolder.sweep(folder);
    assertEquals(List.of("mü", "o"), names(folder));
    assertEquals(List.of("new"), names(folder.resolve("mü")));
    AtomicFolder.sweep(folder.resolve("none"));
  }

  @Test
  void setsOfFilesComeTogetherOrNotAtAll() throws IOException {
    Path old = Files.writeString(folder.resolve("s-9"), "old");
    try (AtomicFolder set = AtomicFolder.create(folder.resolve("s"))) {
      Files.writeString(set.path().resolve("s-0"), "0");
      Files.writeString(set.path().resolve("s-1"), "1");
      set.commitFiles(List.of(old));
      assertEquals(List.of(".writing", "s-0", "s-1"), names(folder));
    }
    assertEquals(List.of("s-0", "s-1"), names(folder));
    Path workplace = Files.createDirectory(folder.resolve(".writing"));
    Files.writeString(workplace.resolve("s.1.dead.set"), "back\0s-0\0s-2");
    Files.writeString(workplace.resolve("s.1.dead.lock"), "s");
    Files.writeString(workplace.resolve("t.1.dead.set"), "forward\0t-0\0t-1");
    Files.writeString(Files.createDirectory(workplace.resolve("t.1.dead")).resolve("t-1"), "");
    Files.writeString(workplace.resolve("t.1.dead.lock"), "t");
    AtomicFolder.sweep(folder);
    assertEquals(List.of("s-1", "t-1"), names(folder));
  }

  @Test
  void whatTheLivingWriteIsLeftAlone() throws Exception {
    Process other = start(folder.resolve("theirs"));
    try {
      assertEquals('r', other.getInputStream().read());
      AtomicFile.write(folder.resolve("ours"), "x");
      AtomicFolder.sweep(folder);
      assertEquals(List.of(".writing", "ours"), names(folder));
    } finally {
      other.destroyForcibly().waitFor();
    }
    AtomicFile.write(folder.resolve("ours"), "y");
    assertEquals(List.of("ours"), names(folder));
  }

  @Test
  void manyWriteIntoOneFolderAtOnce() throws Exception {
    ExecutorService threads = Executors.newFixedThreadPool(8);
    try {
      List<Callable<Void>> writes = new ArrayList<>();
      for (int i = 0; i < 1000; i++) {
        Path target = folder.resolve("f" + i % 20);
        writes.add(
            () -> {
              AtomicFile.write(target, target.toString());
              return null;
            });
      }
      for (Future<Void> write : threads.invokeAll(writes)) {
        write.get();
      }
    } finally {
      threads.shutdownNow();
    }
    assertEquals(20, names(folder).size());
  }

  /** Writes for ever in another process. */
  static final class Writer {
    private Writer() {}

    /** Says {@code r} when it has begun. */
    public static void main(String[] args) throws Exception {
      try (AtomicFile file = AtomicFile.create(Path.of(args[0]))) {
        file.stream().write(1);
        System.out.print('r');
        System.out.flush();
        Thread.sleep(Long.MAX_VALUE);
      }
    }
  }

  private static Process start(Path target) throws IOException, URISyntaxException {
    List<String> classPath = new ArrayList<>();
    for (Class<?> type : List.of(Writer.class, AtomicFile.class, MoreFiles.class)) {
      classPath.add(
          Path.of(type.getProtectionDomain().getCodeSource().getLocation().toURI()).toString());
    }
    return new ProcessBuilder(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-cp",
            String.join(File.pathSeparator, classPath),
            Writer.class.getName(),
            target.toString())
        .redirectError(ProcessBuilder.Redirect.INHERIT)
        .start();
  }

  @Test
  void severalRemoveOneFolderAtOnce() throws Exception {
    ExecutorService threads = Executors.newFixedThreadPool(4);
    try {
      for (int round = 0; round < 20; round++) {
        Path crowded = folder.resolve("crowded-" + round);
        for (int i = 0; i < 100; i++) {
          Path file = crowded.resolve("folder-%d/file-%d".formatted(i % 10, i));
          Files.createDirectories(file.getParent());
          Files.writeString(file, "text");
        }
        Callable<Boolean> remove =
            () -> {
              AtomicFolder.remove(crowded);
              return Files.exists(crowded);
            };
        for (Future<Boolean> left : threads.invokeAll(List.of(remove, remove, remove, remove))) {
          assertEquals(false, left.get());
        }
      }
    } finally {
      threads.shutdownNow();
    }
  }

  private static List<String> names(Path folder) throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files.map(p -> p.getFileName().toString()).sorted().toList();
    }
  }
}
