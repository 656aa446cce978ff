package org.blip4j.beam;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import org.apache.spark.api.java.function.MapPartitionsFunction;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Encoders;
import org.blip4j.savedmodel.predict.Caption;
import org.blip4j.savedmodel.predict.ImageBytes;
import org.blip4j.savedmodel.predict.SharedPredictor;

/** The example of the documentation: captions of files in Spark. */
final class SparkCaptions {
  private SparkCaptions() {}

  static Dataset<String> of(Dataset<String> files, String model) {
    return files.mapPartitions(
        (MapPartitionsFunction<String, String>) some -> captions(some, Path.of(model)),
        Encoders.STRING());
  }

  private static Iterator<String> captions(Iterator<String> files, Path model) throws IOException {
    List<String> lines = new ArrayList<>();
    try (SharedPredictor shared = SharedPredictor.open(model)) {
      while (files.hasNext()) {
        String file = files.next();
        Caption caption = shared.model().caption(ImageBytes.of(Path.of(file)));
        lines.add(file + "\t" + (caption.ok() ? caption.text() : caption.status()));
      }
    }
    return lines.iterator();
  }
}
