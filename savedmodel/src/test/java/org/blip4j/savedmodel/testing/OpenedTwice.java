package org.blip4j.savedmodel.testing;

import java.io.IOException;
import java.nio.file.Path;
import org.blip4j.graph.config.Task;
import org.blip4j.savedmodel.export.ModelExporter;
import org.blip4j.savedmodel.open.ModelSource;
import org.blip4j.savedmodel.predict.Predictor;
import org.blip4j.savedmodel.predict.PredictorOptions;

/**
 * A tiny model opened from its folder and as exported from there.
 *
 * @param source the model's folder
 * @param written what the export wrote
 * @param inMemory opened from the folder
 * @param exported opened from what was written
 */
public record OpenedTwice(
    ModelSource.Folder source,
    ModelExporter.Exported written,
    Predictor inMemory,
    Predictor exported)
    implements AutoCloseable {

  /** Writes {@code model}, exports it to {@code served}, and opens both. */
  public static OpenedTwice write(Path folder, Task task) throws IOException {
    PredictorOptions options = PredictorOptions.defaults();
    Path served = folder.resolve("served");
    ModelSource.Folder source = TinyModel.write(folder.resolve("model"), task);
    return new OpenedTwice(
        source,
        ModelExporter.export(source, options, new ModelExporter.Target(served, 1, false)),
        Predictor.open(source, options),
        Predictor.open(ModelSource.resolve(served.toString()), options));
  }

  @Override
  public void close() {
    inMemory.close();
    exported.close();
  }
}
