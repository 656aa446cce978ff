package org.blip4j.tools.quickstart;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.blip4j.graph.config.ConfigJson;
import org.blip4j.tools.bootstrap.BootstrapFolder;

/**
 * Where the quickstart works.
 *
 * @param path the folder
 */
record QuickstartFolder(Path path) {
  Path data() {
    return path.resolve("data");
  }

  BootstrapFolder bootstrap() {
    return new BootstrapFolder(path.resolve("bootstrap"));
  }

  Path answers(String model) {
    return path.resolve("answers").resolve(model + ".json");
  }

  Path served() {
    return path.resolve("served");
  }

  Path report() {
    return path.resolve("report.html");
  }

  Path mark(String stage) {
    return path.resolve("stages").resolve(stage + ".json");
  }

  /**
   * Begins here or goes on.
   *
   * @throws IOException if the folder was made by another plan or holds something else
   */
  void claim(QuickstartPlan plan) throws IOException {
    Path file = path.resolve("quickstart.json");
    if (Files.exists(file)) {
      QuickstartPlan before = ConfigJson.read(file, QuickstartPlan.class);
      if (!before.equals(plan)) {
        throw new IOException(
            "%s was begun with seed %d and other sizes (%s); choose another --work"
                .formatted(path, before.data().seed(), before));
      }
      return;
    }
    if (Files.exists(data())) {
      throw new IOException(
          path + " holds data but no " + file.getFileName() + "; choose another --work");
    }
    Files.createDirectories(path);
    ConfigJson.write(file, plan);
  }
}
