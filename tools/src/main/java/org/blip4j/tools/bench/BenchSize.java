package org.blip4j.tools.bench;

import org.blip4j.graph.config.BlipConfig;

/** Sizes of the models that are measured. */
public enum BenchSize {
  /** ViT-B/16 and the published text model. */
  base,
  /** ViT-L/16 and the published text model. */
  large,
  /** Two layers of width 32; to try the command. */
  tiny;

  /** The architecture; published sizes are measured at the published 384 pixels. */
  public BlipConfig config() {
    return switch (this) {
      case base -> BlipConfig.base(384);
      case large -> BlipConfig.large(384);
      case tiny -> BlipConfig.tiny();
    };
  }
}
