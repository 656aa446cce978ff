package org.blip4j.tools.serve;

import com.google.common.io.MoreFiles;
import com.google.common.io.RecursiveDeleteOption;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Executor;
import java.util.concurrent.Executors;
import org.blip4j.graph.config.Task;
import org.blip4j.savedmodel.export.ModelExporter;
import org.blip4j.savedmodel.predict.DynamicBatching;
import org.blip4j.savedmodel.predict.PredictorOptions;
import org.blip4j.savedmodel.testing.TinyModel;

/** Version 3 of a tiny captioner, exported and loaded once for all tests of the process. */
final class TinyServer {
  /** Of a body, in bytes. */
  static final int MOST = 1 << 20;

  /** Rows that may wait. */
  static final int QUEUE = 64;

  static final Executor WORKERS =
      Executors.newFixedThreadPool(
          4,
          task -> {
            Thread thread = new Thread(task, "answers");
            thread.setDaemon(true);
            return thread;
          });

  private static final Path EXPORTED = export();
  private static final ModelServer SERVER = of(Duration.ofSeconds(20));

  private TinyServer() {}

  static ModelServer get() {
    return SERVER;
  }

  private static Path export() {
    try {
      Path work = Files.createTempDirectory("tiny-server");
      Runtime.getRuntime().addShutdownHook(new Thread(() -> delete(work)));
      ModelExporter.Exported unused =
          ModelExporter.export(
              TinyModel.write(work.resolve("model"), Task.CAPTION),
              PredictorOptions.defaults(),
              new ModelExporter.Target(work.resolve("served"), 3, false));
      return work.resolve("served");
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static void delete(Path folder) {
    try {
      MoreFiles.deleteRecursively(folder, RecursiveDeleteOption.ALLOW_INSECURE);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Another server of the same model, whose calls may take so long. */
  static ModelServer of(Duration limit) {
    ModelServer server =
        new ModelServer(
            List.of(ModelConfigs.Model.of("caption", EXPORTED)),
            new ModelServer.Settings(
                PredictorOptions.defaults().session(),
                new DynamicBatching.Settings(8, Duration.ofMillis(2), QUEUE, 1),
                limit,
                MOST),
            WORKERS);
    server.load();
    return server;
  }
}
