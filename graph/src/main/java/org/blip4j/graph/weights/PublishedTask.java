package org.blip4j.graph.weights;

import java.util.Collection;
import java.util.Optional;
import org.blip4j.graph.config.Task;

/** Which of the published models a file of weights belongs to, told by the tensors present. */
public enum PublishedTask {
  /** Encoder, decoder and matching head. */
  PRETRAIN(Task.PRETRAIN),
  /** Decoder only. */
  CAPTION(Task.CAPTION),
  /** Encoder and matching head; with or without momentum copies and queues. */
  RETRIEVAL(Task.RETRIEVAL),
  /** Encoder for the question, decoder for the answer. */
  VQA(Task.VQA),
  /** Encoder with two cross-attentions, and a classifier. */
  NLVR(Task.NLVR),
  /** Encoder without heads. */
  FEATURES(null),
  /** Image encoder alone. */
  VISION(null);

  private final Task task;

  PublishedTask(Task task) {
    this.task = task;
  }

  /** The task of our models that has just these parts, if there is one. */
  public Optional<Task> task() {
    return Optional.ofNullable(task);
  }

  /** Tells the model by the names of its tensors. */
  public static PublishedTask of(Collection<String> names) {
    boolean encoder = any(names, "text_encoder.");
    boolean decoder = any(names, "text_decoder.");
    boolean matching = any(names, "itm_head.");
    if (any(names, "cls_head.")) {
      return NLVR;
    }
    if (encoder && decoder) {
      return matching ? PRETRAIN : VQA;
    }
    if (decoder) {
      return CAPTION;
    }
    if (encoder) {
      return matching ? RETRIEVAL : FEATURES;
    }
    return VISION;
  }

  private static boolean any(Collection<String> names, String prefix) {
    return names.stream().anyMatch(name -> name.startsWith(prefix));
  }
}
