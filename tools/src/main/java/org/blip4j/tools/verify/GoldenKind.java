package org.blip4j.tools.verify;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.MissingNode;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import org.blip4j.savedmodel.huggingface.HuggingFaceConfig;

/** What a golden holds; told by its content, never by the name of its folder. */
public enum GoldenKind {
  /** Texts with their ids, padded ids, masks and cleaned forms. */
  TOKENIZER,
  /** Id lists with their text. */
  DETOKENIZE,
  /** One state dict in many checkpoint containers, and files that must be refused. */
  CONTAINERS,
  /** The image encoder alone. */
  VISION,
  /** Features, similarities and matching logits of images and texts. */
  MATCH,
  /** Captions in many settings, and the training loss. */
  CAPTION,
  /** One step of nucleus sampling in many settings. */
  SAMPLING,
  /** Pre-training steps. */
  PRETRAIN,
  /** A fine-tuning step of retrieval. */
  RETRIEVAL,
  /** A captioning model of Hugging Face. */
  HUGGING_FACE_CAPTION,
  /** A retrieval model of Hugging Face. */
  HUGGING_FACE_RETRIEVAL,
  /** A question-answering model of Hugging Face. */
  HUGGING_FACE_VQA,
  /** Names and shapes of published models. */
  KEYS,
  /** Training loss, answer ranking and generated answers of question answering. */
  VQA,
  /** Two-image reasoning, and a pre-training checkpoint that it starts from. */
  NLVR,
  /** Image files with decoded, resized and normalised pixels. */
  IMAGE,
  /** Pictures changed by the operations of RandAugment, and crops. */
  AUGMENT,
  /** Anything this version has no check for. */
  UNKNOWN;

  GoldenChecker checker(GoldenGraph.Machine machine) {
    return switch (this) {
      case TOKENIZER -> new TokenizerChecker();
      case DETOKENIZE -> new DetokenizeChecker();
      case CONTAINERS -> new ContainersChecker();
      case VISION -> new VisionChecker(machine);
      case MATCH -> new MatchChecker(machine);
      case IMAGE -> new ImageChecker(machine);
      case AUGMENT -> new AugmentChecker(machine);
      case CAPTION -> new CaptionChecker(machine);
      case SAMPLING -> new SamplingChecker(machine);
      case PRETRAIN -> new PretrainChecker(machine);
      case RETRIEVAL -> new RetrievalChecker(machine);
      case HUGGING_FACE_CAPTION -> new HuggingFaceCaptionChecker(machine);
      case HUGGING_FACE_RETRIEVAL -> new HuggingFaceMatchChecker(machine);
      case HUGGING_FACE_VQA -> new HuggingFaceVqaChecker(machine);
      case KEYS -> new KeysChecker();
      case VQA -> new VqaChecker(machine);
      case NLVR -> new NlvrChecker(machine);
      case UNKNOWN -> GoldenKind::refuse;
    };
  }

  private static void refuse(Golden golden, RowSink rows) {
    rows.accept(CheckRow.failed(golden.name(), "kind", "no check for this kind: " + golden.path()));
  }

  /** The kind of a folder with a {@code cases.json}. */
  static GoldenKind ofFolder(Path folder) throws IOException {
    Path config = folder.resolve("config.json");
    JsonNode cases = Golden.readJson(folder.resolve("cases.json"));
    JsonNode node = Files.exists(config) ? Golden.readJson(config) : MissingNode.getInstance();
    String task = node.path("task").asText();
    if (task.isEmpty() && HuggingFaceConfig.describes(node)) {
      return named("hugging_face_" + HuggingFaceConfig.taskOf(node));
    }
    if (task.isEmpty() && cases.path("lists").path(0).has("file")) {
      return KEYS;
    }
    if (task.isEmpty() && cases.has("expected.json") && cases.path("files").isObject()) {
      return CONTAINERS;
    }
    if (task.isEmpty() && cases.has("ops") && cases.has("crops")) {
      return AUGMENT;
    }
    if (task.isEmpty() && cases.path("files").path(0).has("pil_mode")) {
      return IMAGE;
    }
    return named(task.isEmpty() ? cases.path("name").asText() : task);
  }

  /** The kind of a file: JSON lines are told by the fields of the first. */
  static GoldenKind ofFile(Path file) throws IOException {
    try (BufferedReader reader = Files.newBufferedReader(file)) {
      String line = reader.readLine();
      if (line == null || !line.startsWith("{\"")) {
        return UNKNOWN;
      }
      JsonNode first = Golden.readJson(file + ":1", line);
      if (!first.path("ids").isArray() || !first.path("text").isTextual()) {
        return UNKNOWN;
      }
      return first.size() == 2 ? DETOKENIZE : TOKENIZER;
    }
  }

  private static GoldenKind named(String task) {
    for (GoldenKind kind : values()) {
      if (kind.name().toLowerCase(Locale.ROOT).equals(task)) {
        return kind;
      }
    }
    return UNKNOWN;
  }
}
