package org.blip4j.beam;

import java.io.IOException;
import java.nio.file.Path;
import org.apache.flink.api.common.functions.OpenContext;
import org.apache.flink.api.common.functions.RichMapFunction;
import org.blip4j.savedmodel.predict.Caption;
import org.blip4j.savedmodel.predict.ImageBytes;
import org.blip4j.savedmodel.predict.SharedPredictor;

/** The example of the documentation: captions of files in Flink. */
public final class FlinkCaptions extends RichMapFunction<String, String> {
  private static final long serialVersionUID = 1L;
  private final String model;
  private transient SharedPredictor shared;

  public FlinkCaptions(String model) {
    this.model = model;
  }

  @Override
  public void open(OpenContext context) throws IOException {
    shared = SharedPredictor.open(Path.of(model));
  }

  @Override
  public String map(String file) throws IOException {
    Caption caption = shared.model().caption(ImageBytes.of(Path.of(file)));
    return file + "\t" + (caption.ok() ? caption.text() : caption.status());
  }

  @Override
  public void close() {
    if (shared != null) {
      shared.close();
    }
  }
}
