package org.blip4j.tools.verify;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.MissingNode;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.blip4j.savedmodel.huggingface.HuggingFaceConfig;

/**
 * What a golden holds, and how that is checked. Kinds are told by content, never by the name of a
 * folder: by the task that the model's configuration states, by what stands in {@code cases.json}
 * (or in the file itself), at last by the name that {@code cases.json} gives.
 */
// Checks are functions that keep nothing.
@SuppressWarnings("ImmutableEnumChecker")
enum GoldenKind {
  /** Texts with their ids, padded ids, masks and cleaned forms. */
  TOKENIZER(TextChecks::tokenizer, line -> isText(line) && line.size() != 2),
  /** Id lists with their text. */
  DETOKENIZE(TextChecks::detokenizer, line -> isText(line) && line.size() == 2),
  /** Requests to a server with their answers. */
  SERVING(ServingChecks::check, line -> line.has("method") && line.has("response")),
  /** Learning rates and soft target weights by epoch and step. */
  SCHEDULES(
      FigureChecks::schedules,
      file -> Stream.of("pretrain", "cosine").anyMatch(k -> file.path(k).path(0).has("rows"))),
  /** Captions with their scores, corpus by corpus. */
  CAPTION_METRICS(MetricChecks::captionMetrics, file -> file.path("corpora").isObject()),
  /** Files of captions, and the scores of each. */
  METRICS(
      MetricChecks::metricFiles,
      file -> file.properties().stream().anyMatch(corpus -> corpus.getValue().has("cider"))),
  /** Answers to questions with their accuracy. */
  VQA_ACCURACY(
      MetricChecks::vqaAccuracy,
      file -> file.path("cases").path(0).has("accuracy") && file.has("strings")),
  /** Numbers of the frames that stand for a video. */
  FRAME_SAMPLING(MetricChecks::frames, file -> file.path("frames").isObject()),
  /** One state dict in many checkpoint containers, and files that must be refused. */
  CONTAINERS(
      ContainerChecks::check,
      cases -> cases.has("expected.json") && cases.path("files").isObject()),
  /** Names and shapes of published models. */
  KEYS(KeyChecks::check, cases -> cases.path("lists").path(0).has("file")),
  /** Pictures changed by the operations of RandAugment, and crops. */
  AUGMENT(ImageChecks::augment, cases -> cases.has("ops") && cases.has("crops")),
  /** Image files with decoded, resized and normalised pixels. */
  IMAGE(ImageChecks::files, cases -> cases.path("files").path(0).has("pil_mode")),
  /** The image encoder alone. */
  VISION(MatchChecks::vision),
  /** Features, similarities and matching logits of images and texts. */
  MATCH(MatchChecks::match),
  /** Captions in many settings, and the training loss. */
  CAPTION(CaptionChecks::check),
  /** One step of nucleus sampling in many settings. */
  SAMPLING(FigureChecks::sampling),
  /** Pre-training steps. */
  PRETRAIN(ContrastiveChecks::pretrain),
  /** A fine-tuning step of retrieval. */
  RETRIEVAL(ContrastiveChecks::retrieval),
  /** Retrieval both ways by the published protocol. */
  RETRIEVAL_EVAL(RetrievalChecks::protocol),
  /** The same of videos. */
  VIDEO_EVAL(RetrievalChecks::videos),
  /** Training loss, answer ranking and generated answers of question answering. */
  VQA(VqaChecks::official),
  /** Two-image reasoning, and a pre-training checkpoint that it starts from. */
  NLVR(NlvrChecks::check),
  /** A captioning model of Hugging Face. */
  HUGGING_FACE_CAPTION(CaptionChecks::check),
  /** A retrieval model of Hugging Face. */
  HUGGING_FACE_RETRIEVAL(MatchChecks::match),
  /** A question-answering model of Hugging Face. */
  HUGGING_FACE_VQA(VqaChecks::huggingFace),
  /** Anything this version has no check for. */
  UNKNOWN(run -> run.failed("kind", "no check for this kind: " + run.golden().path()));

  private static final String CASES = "cases.json";

  private final Check check;
  private final Predicate<JsonNode> recognised;

  /** Computes what a golden holds and reports one row for each thing compared. */
  private interface Check {
    void run(GoldenRun run) throws IOException;
  }

  GoldenKind(Check check) {
    this(check, description -> false);
  }

  GoldenKind(Check check, Predicate<JsonNode> recognised) {
    this.check = check;
    this.recognised = recognised;
  }

  /**
   * Computes what the golden holds and reports one row for each thing compared.
   *
   * @throws IOException if the golden cannot be read
   */
  void check(GoldenRun run) throws IOException {
    check.run(run);
  }

  /** Whether a path is a folder that is one golden. */
  static boolean isFolder(Path path) throws IOException {
    return Files.isRegularFile(path.resolve(CASES))
        || (Files.isRegularFile(path.resolve(MetricChecks.SCORES)) && of(path) == METRICS);
  }

  /** Whether a file looks like a golden: JSON lines, or JSON that there is a check for. */
  static boolean isFile(Path path) {
    try {
      return path.toString().endsWith(".jsonl")
          || (path.toString().endsWith(".json") && of(path) != UNKNOWN);
    } catch (IOException e) {
      return false; // some other file, which nobody asked for
    }
  }

  /** The kind of a folder or a file. */
  static GoldenKind of(Path path) throws IOException {
    Path config = path.resolve("config.json");
    boolean folder = Files.isDirectory(path);
    boolean cases = Files.exists(path.resolve(CASES));
    JsonNode described =
        folder
            ? Golden.readJson(path.resolve(cases ? CASES : MetricChecks.SCORES))
            : describedInFile(path);
    JsonNode model = Files.exists(config) ? Golden.readJson(config) : MissingNode.getInstance();
    String task = model.path("task").asText();
    if (!task.isEmpty()) {
      return named(task);
    }
    if (HuggingFaceConfig.describes(model)) {
      return named("hugging_face_" + HuggingFaceConfig.taskOf(model));
    }
    return Stream.of(values())
        .filter(kind -> kind.recognised.test(described))
        .findFirst()
        .orElseGet(() -> named(folder ? described.path("name").asText() : ""));
  }

  /** The object in a JSON file, or in the first line of a file of JSON lines. */
  private static JsonNode describedInFile(Path file) throws IOException {
    if (file.toString().endsWith(".json")) {
      String text = Files.readString(file);
      boolean object = text.stripLeading().startsWith("{");
      return object ? Golden.readJson(file.toString(), text) : MissingNode.getInstance();
    }
    try (BufferedReader reader = Files.newBufferedReader(file)) {
      String line = reader.readLine();
      return line == null || !line.startsWith("{\"")
          ? MissingNode.getInstance()
          : Golden.readJson(file + ":1", line);
    }
  }

  private static boolean isText(JsonNode line) {
    return line.path("ids").isArray() && line.path("text").isTextual();
  }

  private static GoldenKind named(String task) {
    return Stream.of(values())
        .filter(kind -> kind.name().toLowerCase(Locale.ROOT).equals(task))
        .findFirst()
        .orElse(UNKNOWN);
  }
}
