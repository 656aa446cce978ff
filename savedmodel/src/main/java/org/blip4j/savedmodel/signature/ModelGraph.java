package org.blip4j.savedmodel.signature;

import com.google.common.collect.ImmutableMap;
import java.util.Objects;
import org.blip4j.ops.checkpoint.SaverNodes;
import org.tensorflow.Graph;
import org.tensorflow.proto.SignatureDef;

/**
 * A graph that can be exported.
 *
 * @param graph the graph; nodes that no signature needs may be in it
 * @param saver saves and restores every variable that a signature reads
 * @param signatures what can be called, by key
 */
public record ModelGraph(
    Graph graph, SaverNodes saver, ImmutableMap<String, SignatureDef> signatures) {
  /** Checks that there is something to call. */
  public ModelGraph {
    Objects.requireNonNull(graph, "graph");
    Objects.requireNonNull(saver, "saver");
    if (signatures.isEmpty()) {
      throw new IllegalArgumentException("a model without signatures cannot be served");
    }
  }
}
