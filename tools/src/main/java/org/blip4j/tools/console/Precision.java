package org.blip4j.tools.console;

/** Arithmetic of the large matrix products; everything else stays in float32. */
public enum Precision {
  float32,
  bfloat16,
  float16
}
