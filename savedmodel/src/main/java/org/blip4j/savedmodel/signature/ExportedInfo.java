package org.blip4j.savedmodel.signature;

import java.util.Objects;
import org.blip4j.graph.config.ModelConfig;
import org.blip4j.savedmodel.open.ModelSource;

/**
 * What {@code assets.extra/blip.json} of an exported model says: what it is and what was fixed.
 *
 * @param model architecture, task, texts, provenance
 * @param serving the settings baked into the graph
 */
public record ExportedInfo(ModelConfig model, ServingSettings serving) {
  /** Name of the file. */
  public static final String FILE = ModelSource.Exported.INFO_FILE;

  /** Name of the vocabulary's file. */
  public static final String VOCABULARY_FILE = ModelSource.Exported.VOCABULARY_FILE;

  /** Checks that both parts are there. */
  public ExportedInfo {
    Objects.requireNonNull(model, "model is missing");
    Objects.requireNonNull(serving, "serving is missing");
  }
}
