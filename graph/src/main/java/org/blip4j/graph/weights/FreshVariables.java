package org.blip4j.graph.weights;

import com.google.common.collect.ImmutableList;

/**
 * Variables that may keep their initial values when a model starts from another one's weights; a
 * missing or mis-shaped tensor for any other variable is an error.
 */
public final class FreshVariables {
  private final ImmutableList<NamePattern> patterns;

  private FreshVariables(String... patterns) {
    this.patterns =
        ImmutableList.copyOf(patterns).stream()
            .map(NamePattern::new)
            .collect(ImmutableList.toImmutableList());
  }

  /** None: the file must hold the whole model. */
  public static FreshVariables none() {
    return new FreshVariables();
  }

  /** Retrieval from a pre-training file: queues start anew. */
  public static FreshVariables retrieval() {
    return new FreshVariables("temp", "(image_queue|text_queue|idx_queue|ptr_queue)");
  }

  /**
   * Visual question answering from a pre-training file: the decoder attends the question, not the
   * image, so its cross-attention keys and values fit only where both widths agree.
   */
  public static FreshVariables vqa() {
    return new FreshVariables(
        "text_decoder/bert/encoder/layer/#/crossattention/self/(key|value)/(kernel|bias)");
  }

  /** Two-image reasoning from a pre-training file: merge layers and classifier are new. */
  public static FreshVariables nlvr() {
    return new FreshVariables(
        "text_encoder/encoder/layer/#/crossattention/output/merge_layer/(kernel|bias)",
        "cls_head/#/(kernel|bias)");
  }

  /** Whether the variable may stay as it was initialised. */
  public boolean allows(String variableName) {
    return patterns.stream().anyMatch(pattern -> pattern.match(variableName).isPresent());
  }
}
