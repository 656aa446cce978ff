package org.blip4j.graph.weights;

import java.util.Collection;

/** Whose names a file of BLIP weights has. */
public enum PublishedForm {
  /** The state dict of the official PyTorch release. */
  OFFICIAL,
  /** The classes of Hugging Face transformers. */
  HUGGING_FACE;

  /**
   * Tells the form by the names of the tensors.
   *
   * @throws IllegalArgumentException if they belong to another model; says to which
   */
  public static PublishedForm of(Collection<String> names) {
    if (any(names, "qformer.") || any(names, "Qformer.") || names.contains("query_tokens")) {
      throw other("BLIP-2 or InstructBLIP weights (they have a Q-Former)");
    }
    if (any(names, "text_model.") && any(names, "vision_model.")) {
      throw other(
          any(names, "vision_model.pre_layrnorm.")
              ? "CLIP weights"
              : "weights of the CLIP-like class BlipModel, whose projections were never trained");
    }
    if (any(names, "transformer.resblocks.") || any(names, "visual.transformer.")) {
      throw other("OpenAI CLIP weights");
    }
    if (any(names, "bert.") || any(names, "cls.predictions.")) {
      throw other("BERT weights");
    }
    if (names.contains("cls_token") && any(names, "blocks.")) {
      throw other("weights of a vision transformer alone");
    }
    if (any(names, "vision_model.")) {
      return HUGGING_FACE;
    }
    if (any(names, "visual_encoder.")
        || any(names, "text_encoder.")
        || any(names, "text_decoder.")) {
      return OFFICIAL;
    }
    throw other("weights of an unknown model (first tensor: " + first(names) + ")");
  }

  private static boolean any(Collection<String> names, String prefix) {
    return names.stream().anyMatch(name -> name.startsWith(prefix));
  }

  private static String first(Collection<String> names) {
    return names.stream().findFirst().orElse("none");
  }

  private static IllegalArgumentException other(String what) {
    return new IllegalArgumentException(
        "these are " + what + "; expected BLIP, official or as Hugging Face's BLIP classes");
  }
}
