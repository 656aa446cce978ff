package org.blip4j.tools.infer;

import com.google.common.primitives.Floats;
import java.util.List;
import java.util.stream.Collectors;

/**
 * One line of {@code embed}.
 *
 * @param item the image's path or key, or the text
 * @param embedding a feature of length 1
 */
record EmbedRow(String item, List<Float> embedding) {

  static EmbedRow of(String item, float... embedding) {
    return new EmbedRow(item, Floats.asList(embedding));
  }

  /** For people: the item and its numbers, with tabs between. */
  String line() {
    return item
        + "\t"
        + embedding.stream().map(value -> Float.toString(value)).collect(Collectors.joining("\t"));
  }
}
