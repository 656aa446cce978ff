package org.blip4j.ops.kernel;

import java.util.Locale;

/** Arithmetic of the large matrix products; everything else stays in float32. */
public enum Precision {
  /** What the published models were made with. */
  FLOAT32,
  /** The range of float32 with about three decimal digits. */
  BFLOAT16,
  /** More digits than bfloat16 and less range; for inference on a GPU. */
  FLOAT16;

  /** The name in lower case, as options and messages have it. */
  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT);
  }
}
