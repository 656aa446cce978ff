package org.blip4j.tools.verify;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.blip4j.data.text.Detokenizer;
import org.blip4j.data.text.TokenBatch;
import org.blip4j.data.text.WordPieceTokenizer;
import org.blip4j.data.weights.WeightFile;
import org.blip4j.graph.config.BlipConfig;
import org.blip4j.graph.config.ObjectiveConfig;
import org.blip4j.graph.config.TextConfig;
import org.blip4j.graph.config.VitConfig;
import org.blip4j.savedmodel.huggingface.HuggingFaceConfig;
import org.blip4j.savedmodel.open.ModelSource;
import org.blip4j.savedmodel.open.PublishedDescription;
import org.blip4j.savedmodel.open.ServingModel;

/**
 * The model of a golden as its own files describe it; what our models do not have is refused.
 *
 * @param node {@code config.json}
 * @param config sizes
 * @param tokenizer over the golden's own vocabulary
 * @param labelSmoothing of the losses of texts
 * @param weights the file or folder of weights
 */
record GoldenModel(
    JsonNode node,
    BlipConfig config,
    WordPieceTokenizer tokenizer,
    double labelSmoothing,
    Path weights) {
  private static final String LONG_FORM = "config.hub-2022-form.json";

  /**
   * Opens the weights as users' are: a Hugging Face folder, or official weights with a flat
   * configuration and a vocabulary beside them. The same configuration of Hugging Face with every
   * value spelled out, if there is one, must say the same.
   */
  static GoldenModel of(GoldenRun run) throws IOException {
    Golden golden = run.golden();
    JsonNode node = golden.config();
    boolean official = !HuggingFaceConfig.describes(node);
    Path weights = official ? golden.file("weights.pth") : golden.path();
    ModelSource source = ModelSource.resolve(weights.toString());
    if (!(source instanceof ModelSource.Published published)) {
      throw new IOException(golden.path() + " holds no published model");
    }
    double smoothing = node.path("label_smoothing").asDouble(0);
    if (official) {
      requireSupported(node);
    } else {
      HuggingFaceConfig config = HuggingFaceConfig.read(node);
      smoothing = config.labelSmoothing();
      if (Files.exists(golden.file(LONG_FORM))) {
        HuggingFaceConfig whole = HuggingFaceConfig.read(golden.json(LONG_FORM));
        boolean same = whole.equals(config);
        run.exact(LONG_FORM, same ? null : "says " + whole + ", config.json " + config);
      }
    }
    try (WeightFile file = WeightFile.open(weights)) {
      ServingModel model = PublishedDescription.of(file, published).model();
      WordPieceTokenizer tokenizer = new WordPieceTokenizer(model.vocabulary());
      BlipConfig config = model.config().architecture();
      return new GoldenModel(node, config, tokenizer, smoothing, weights);
    }
  }

  private static void requireSupported(JsonNode node) {
    for (String key : new String[] {"vision_activation", "text_activation"}) {
      if (node.hasNonNull(key) && !node.path(key).asText().equals("gelu_erf")) {
        throw new IllegalArgumentException(
            "config.json: %s is %s, only gelu_erf is supported".formatted(key, node.path(key)));
      }
    }
    if (!node.path("vision_qkv_bias").asBoolean(true)) {
      throw new IllegalArgumentException("config.json: vision_qkv_bias false is not supported");
    }
  }

  /** The image encoder of a flat configuration. */
  static VitConfig vision(JsonNode node) {
    requireSupported(node);
    return new VitConfig(
        integer(node, "image_size"),
        integer(node, "patch_size"),
        integer(node, "vision_width"),
        integer(node, "vision_layers"),
        integer(node, "vision_heads"),
        number(node, "vision_mlp_ratio"),
        number(node, "vision_layer_norm_eps"),
        number(node, "drop_path"));
  }

  /** The objectives, with a soft target weight that is fed anyway. */
  ObjectiveConfig objective() {
    double[] clamp = {ObjectiveConfig.SMALLEST_TEMPERATURE, ObjectiveConfig.LARGEST_TEMPERATURE};
    for (int i = 0; i < clamp.length; i++) {
      if (node.path("temperature_clamp").path(i).asDouble(clamp[i]) != clamp[i]) {
        throw new IllegalArgumentException("config.json: temperature_clamp is not the published");
      }
    }
    return new ObjectiveConfig(
        integer(node, "queue_size"),
        number(node, "momentum"),
        0,
        number(node, "temperature"),
        labelSmoothing,
        false,
        1);
  }

  TextConfig.SpecialTokens tokens() {
    return config.text().tokens();
  }

  Detokenizer detokenizer() {
    return new Detokenizer(tokenizer.vocabulary());
  }

  /** The text of each row of ids {@code [B, T]}. */
  List<String> texts(Values ids) {
    int width = (int) ids.shape()[1];
    return IntStream.range(0, (int) ids.shape()[0])
        .mapToObj(i -> Arrays.copyOfRange(ids.longs(), i * width, (i + 1) * width))
        .map(detokenizer()::decode)
        .toList();
  }

  /** [DEC] and the ids of a prompt. */
  long[] prompt(String prompt) {
    return Arrays.stream(tokenizer.encodePrompt(prompt)).asLongStream().toArray();
  }

  /**
   * The ids of the texts of a key of {@code cases.json}, cut and padded as the flat configuration
   * says; without one as wide as the stored input.
   */
  TokenBatch encode(GoldenRun run, String key, String stored) throws IOException {
    return encode(run, run.strings(key), stored);
  }

  /** The same of other texts. */
  TokenBatch encode(GoldenRun run, List<String> texts, String stored) throws IOException {
    String padding = node.path("text_padding").asText("stored");
    int most = node.path("text_max_length").asInt(WordPieceTokenizer.NO_LIMIT);
    return switch (padding) {
      case "max_length" -> tokenizer.encode(texts, TokenBatch.Padding.maxLength(), most);
      case "longest" -> tokenizer.encode(texts, TokenBatch.Padding.longest(), most);
      case "stored" -> {
        int columns = (int) run.inputs().get(stored).shape()[1];
        yield tokenizer.encode(texts, TokenBatch.Padding.maxLength(), columns);
      }
      default -> throw new IOException("config.json: unknown text_padding " + padding);
    };
  }

  /** The ids of texts that are neither cut nor padded beyond the longest. */
  TokenBatch whole(List<String> texts) {
    return tokenizer.encode(texts, TokenBatch.Padding.longest(), WordPieceTokenizer.NO_LIMIT);
  }

  static int integer(JsonNode node, String key) {
    if (!node.path(key).isIntegralNumber()) {
      throw new IllegalArgumentException(
          "config.json: " + key + " is " + node.path(key) + ", expected a whole number");
    }
    return node.path(key).intValue();
  }

  static double number(JsonNode node, String key) {
    if (!node.path(key).isNumber()) {
      throw new IllegalArgumentException(
          "config.json: " + key + " is " + node.path(key) + ", expected a number");
    }
    return node.path(key).doubleValue();
  }
}
