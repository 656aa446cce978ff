package org.blip4j.beam;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.common.base.Splitter;
import java.io.File;
import java.io.IOException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Two jobs in one process, each with class loaders and names of jars of its own, as a Flink session
 * cluster starts them. Two copies of the native library would end the process.
 */
@Tag("slow")
class TwoClassLoadersTest {
  private static final String CLASS_PATH =
      System.getProperty("surefire.test.class.path", System.getProperty("java.class.path"));

  @TempDir private Path folder;

  @Test
  void aSecondJobOfAProcessFindsTheLibraryOfTheFirst() throws IOException, InterruptedException {
    WebShards web = WebShards.write(folder);
    Path log = folder.resolve("log");
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(List.of("-Xmx1g", "-cp", CLASS_PATH, TwoClassLoadersTest.class.getName()));
    command.add(folder.toString());
    command.addAll(List.of(web.options(folder.resolve("out"), "--shards", "0-1")));
    Process process =
        new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(log.toFile()).start();
    assertTrue(process.waitFor(300, TimeUnit.SECONDS), "hangs");
    assertEquals(0, process.exitValue(), Files.readString(log));
    assertEquals(
        WebShards.content(folder.resolve("out-1")), WebShards.content(folder.resolve("out-2")));
    assertTrue(Files.size(folder.resolve("out-1/scores/a.jsonl")) > 1000);
  }

  /** The process: a folder for links to jars, then the options of CapFilt. */
  public static void main(String[] args) throws Exception {
    for (int job = 1; job <= 2; job++) {
      List<URL> urls = new ArrayList<>();
      for (String entry : Splitter.on(File.pathSeparator).split(CLASS_PATH)) {
        Path path = Path.of(entry);
        if (Files.isRegularFile(path)) {
          path =
              Files.createSymbolicLink(
                  Path.of(args[0], job + "-" + urls.size() + "-" + path.getFileName()),
                  path.toAbsolutePath());
        }
        urls.add(path.toUri().toURL());
      }
      String[] options = args.clone();
      for (int i = 0; i < options.length; i++) {
        options[i] = options[i].equals(args[0] + "/out") ? options[i] + "-" + job : options[i];
      }
      try (URLClassLoader loader =
          new URLClassLoader(urls.toArray(URL[]::new), ClassLoader.getPlatformClassLoader())) {
        Thread.currentThread().setContextClassLoader(loader);
        String[] own = List.of(options).subList(1, options.length).toArray(String[]::new);
        Class.forName(CapFiltPipeline.class.getName(), true, loader)
            .getMethod("main", String[].class)
            .invoke(null, (Object) own);
      }
    }
  }
}
