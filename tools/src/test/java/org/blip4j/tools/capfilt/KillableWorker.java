package org.blip4j.tools.capfilt;

import com.google.protobuf.ByteString;
import java.io.File;
import java.io.IOException;
import java.net.URI;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** A process of its own that works on a CapFilt folder with slow models, to be killed. */
final class KillableWorker {
  private static final int BATCH = 2;
  private static final long PAUSE_MILLIS = 4;

  private KillableWorker() {}

  /** The plan that every worker of a folder of shards has. */
  static CapFiltPlan plan(Path in) throws IOException {
    try (Stream<Path> shards = Files.list(in)) {
      return CapFiltData.plan(shards.sorted().toList(), CapFiltData.settings());
    }
  }

  static Process start(Path in, Path out) throws IOException {
    Path java = Path.of(System.getProperty("java.home"), "bin", "java");
    return new ProcessBuilder(
            List.of(
                java.toString(),
                "-XX:TieredStopAtLevel=1",
                "-Xmx128m",
                "-cp",
                classPath(),
                KillableWorker.class.getName(),
                in.toString(),
                out.toString()))
        .redirectErrorStream(true)
        .redirectOutput(new File(out + ".log"))
        .start();
  }

  /** That of this process, also where a test launcher loads the classes itself. */
  private static String classPath() {
    if (KillableWorker.class.getClassLoader() instanceof URLClassLoader loader) {
      return Stream.of(loader.getURLs())
          .map(url -> Path.of(URI.create(url.toString())).toString())
          .collect(Collectors.joining(File.pathSeparator));
    }
    return System.getProperty("java.class.path");
  }

  /** Works until all is done, or the process is killed. */
  public static void main(String[] args) throws IOException {
    CapFiltPlan plan = plan(Path.of(args[0]));
    CapFiltData.run(
        Path.of(args[1]),
        plan,
        new FakeModels(PAUSE_MILLIS, ByteString.EMPTY),
        CapFiltData.work(1, BATCH));
  }
}
