package org.blip4j.savedmodel.huggingface;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.Arrays;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import org.blip4j.graph.weights.PublishedTask;

/** The classes of transformers that hold a BLIP model whose weights were trained. */
public enum HuggingFaceClass {
  /** Captioning. */
  CAPTION("BlipForConditionalGeneration", PublishedTask.CAPTION),
  /** Retrieval and matching. */
  RETRIEVAL("BlipForImageTextRetrieval", PublishedTask.RETRIEVAL),
  /** Visual question answering. */
  VQA("BlipForQuestionAnswering", PublishedTask.VQA);

  /** The value of {@code model_type}. */
  static final String MODEL_TYPE = "blip";

  private static final Map<String, String> OTHERS =
      Map.ofEntries(
          Map.entry("blip-2", "BLIP-2"),
          Map.entry("blip_2", "BLIP-2"),
          Map.entry("instructblip", "InstructBLIP"),
          Map.entry("instructblipvideo", "InstructBLIP"),
          Map.entry("clip", "CLIP"),
          Map.entry("siglip", "SigLIP"),
          Map.entry("bert", "BERT"),
          Map.entry("vit", "ViT"),
          Map.entry("git", "GIT"),
          Map.entry("vilt", "ViLT"),
          Map.entry("llava", "LLaVA"),
          Map.entry("vision-encoder-decoder", "vision-encoder-decoder"));

  private final String className;
  private final PublishedTask task;

  HuggingFaceClass(String className, PublishedTask task) {
    this.className = className;
    this.task = task;
  }

  /** The name of the class. */
  public String className() {
    return className;
  }

  /** What the class is for. */
  public PublishedTask task() {
    return task;
  }

  /** The class for a task, if there is one. */
  public static Optional<HuggingFaceClass> of(PublishedTask task) {
    return Arrays.stream(values()).filter(one -> one.task == task).findFirst();
  }

  /**
   * The class that a configuration names.
   *
   * @return empty if it names none, so that the tensors have to tell
   * @throws IllegalArgumentException if it is another model's; says which
   */
  static Optional<HuggingFaceClass> named(JsonNode config) {
    String type = config.path("model_type").asText(MODEL_TYPE);
    String architecture = config.path("architectures").path(0).asText("");
    if (!type.equals(MODEL_TYPE)) {
      String known = OTHERS.get(type);
      throw other(
          known == null
              ? "a model of unknown type '%s'%s".formatted(type, in(architecture))
              : "%s (model_type %s%s)".formatted(known, type, in(architecture)));
    }
    if (architecture.isEmpty()) {
      return Optional.empty();
    }
    Optional<HuggingFaceClass> found =
        Arrays.stream(values()).filter(one -> one.className.equals(architecture)).findFirst();
    if (found.isEmpty()) {
      throw other(
          architecture.equals("BlipModel")
              ? "the CLIP-like class BlipModel, whose projections were never trained"
              : "an unknown architecture '" + architecture + "'");
    }
    return found;
  }

  private static String in(String architecture) {
    return architecture.isEmpty() ? "" : ", class " + architecture;
  }

  private static IllegalArgumentException other(String what) {
    return new IllegalArgumentException(
        "this is %s; expected BLIP: one of %s"
            .formatted(
                what,
                Arrays.stream(values())
                    .map(HuggingFaceClass::className)
                    .collect(Collectors.joining(", "))));
  }
}
