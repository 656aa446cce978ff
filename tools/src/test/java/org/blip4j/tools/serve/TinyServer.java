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

  private static final ModelServer SERVER = make();

  private TinyServer() {}

  static ModelServer get() {
    return SERVER;
  }

  private static ModelServer make() {
    try {
      Path work = Files.createTempDirectory("tiny-server");
      ModelExporter.Exported unused =
          ModelExporter.export(
              TinyModel.write(work.resolve("model"), Task.CAPTION),
              PredictorOptions.defaults(),
              new ModelExporter.Target(work.resolve("served"), 3, false));
      ModelServer server =
          new ModelServer(
              List.of(ModelConfigs.Model.of("caption", work.resolve("served"))),
              new ModelServer.Settings(
                  PredictorOptions.defaults().session(),
                  new DynamicBatching.Settings(8, Duration.ofMillis(2), QUEUE, 1),
                  Duration.ofSeconds(20),
                  MOST),
              WORKERS);
      server.load();
      MoreFiles.deleteRecursively(work, RecursiveDeleteOption.ALLOW_INSECURE);
      return server;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
