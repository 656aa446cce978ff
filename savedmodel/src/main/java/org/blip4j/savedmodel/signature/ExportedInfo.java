package org.blip4j.savedmodel.signature;

import java.util.Objects;
import java.util.Optional;
import org.blip4j.graph.config.ModelConfig;
import org.blip4j.savedmodel.open.ModelSource;

/**
 * What {@code assets.extra/blip.json} of an exported model says: what it is and what was fixed.
 *
 * @param model architecture, task, texts, provenance
 * @param serving the settings baked into the graph
 * @param filter the second model of a bundle for CapFilt, whose first is the captioner
 */
public record ExportedInfo(
    ModelConfig model, ServingSettings serving, Optional<ModelConfig> filter) {
  /** Name of the file. */
  public static final String FILE = ModelSource.Exported.INFO_FILE;

  /** Name of the vocabulary's file. */
  public static final String VOCABULARY_FILE = ModelSource.Exported.VOCABULARY_FILE;

  /** Name of the filter's vocabulary in a bundle. */
  public static final String FILTER_VOCABULARY_FILE = "assets.extra/filter-vocab.txt";

  /** Checks that both parts are there. */
  public ExportedInfo {
    Objects.requireNonNull(model, "model is missing");
    Objects.requireNonNull(serving, "serving is missing");
    filter = filter == null ? Optional.empty() : filter;
  }

  /** Of one model. */
  public ExportedInfo(ModelConfig model, ServingSettings serving) {
    this(model, serving, Optional.empty());
  }
}
