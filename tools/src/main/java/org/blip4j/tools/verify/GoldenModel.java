package org.blip4j.tools.verify;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.blip4j.data.text.Detokenizer;
import org.blip4j.data.text.Padding;
import org.blip4j.data.text.TokenBatch;
import org.blip4j.data.text.Vocabulary;
import org.blip4j.data.text.WordPieceTokenizer;
import org.blip4j.data.weights.WeightFile;
import org.blip4j.graph.config.BlipConfig;
import org.blip4j.graph.config.ObjectiveConfig;
import org.blip4j.graph.config.SpecialTokens;
import org.blip4j.graph.config.TextConfig;
import org.blip4j.graph.config.VitConfig;
import org.blip4j.ops.core.InitializerScheme;
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
   * Reads the flat configuration and the vocabulary, and checks that both agree. A caption model
   * has no contrastive space, which then is of width 1.
   */
  static GoldenModel official(Golden golden) throws IOException {
    JsonNode node = golden.config();
    String file = node.path("vocabulary").asText("vocab.txt");
    Vocabulary words = Vocabulary.read(golden.file(file));
    SpecialTokens found =
        new SpecialTokens(
            words.pad(),
            words.unknown(),
            words.classify(),
            words.separator(),
            words.mask(),
            words.decode(),
            words.encode());
    SpecialTokens wanted =
        new SpecialTokens(
            integer(node, "pad_token_id"),
            integer(node, "unk_token_id"),
            integer(node, "cls_token_id"),
            integer(node, "sep_token_id"),
            integer(node, "mask_token_id"),
            integer(node, "dec_token_id"),
            integer(node, "enc_token_id"));
    int size = integer(node, "vocab_size");
    if (words.size() != size || !found.equals(wanted)) {
      throw new IOException(
          "%s has %d words with %s, config.json says %d with %s"
              .formatted(file, words.size(), found, size, wanted));
    }
    TextConfig text =
        new TextConfig(
            size,
            integer(node, "text_width"),
            integer(node, "text_layers"),
            integer(node, "text_heads"),
            integer(node, "text_ff"),
            integer(node, "text_max_positions"),
            number(node, "text_layer_norm_eps"),
            number(node, "dropout"),
            wanted);
    int embedDim = node.path("embed_dim").isNumber() ? integer(node, "embed_dim") : 1;
    return new GoldenModel(
        node,
        new BlipConfig(vision(node), text, embedDim, InitializerScheme.PUBLISHED),
        new WordPieceTokenizer(words),
        node.path("label_smoothing").asDouble(0),
        golden.file("weights.pth"));
  }

  /**
   * Opens a Hugging Face folder as users' folders are. The same configuration with every value
   * spelled out, if there is one, must say the same.
   */
  static GoldenModel huggingFace(GoldenRun run) throws IOException {
    Golden golden = run.golden();
    ModelSource source = ModelSource.resolve(golden.path().toString());
    if (!(source instanceof ModelSource.Published published)) {
      throw new IOException(golden.path() + " is not a Hugging Face folder");
    }
    HuggingFaceConfig config = HuggingFaceConfig.read(golden.config());
    if (Files.exists(golden.file(LONG_FORM))) {
      HuggingFaceConfig whole = HuggingFaceConfig.read(golden.json(LONG_FORM));
      run.exact(
          LONG_FORM, whole.equals(config) ? null : "says " + whole + ", config.json " + config);
    }
    try (WeightFile file = WeightFile.open(published.path())) {
      ServingModel model = PublishedDescription.of(file, published).model();
      return new GoldenModel(
          golden.config(),
          model.config().architecture(),
          new WordPieceTokenizer(model.vocabulary()),
          config.labelSmoothing(),
          golden.path());
    }
  }

  /** The image encoder of a flat configuration. */
  static VitConfig vision(JsonNode node) {
    for (String key : new String[] {"vision_activation", "text_activation"}) {
      if (node.hasNonNull(key) && !node.path(key).asText().equals("gelu_erf")) {
        throw new IllegalArgumentException(
            "config.json: %s is %s, only gelu_erf is supported".formatted(key, node.path(key)));
      }
    }
    if (!node.path("vision_qkv_bias").asBoolean(true)) {
      throw new IllegalArgumentException("config.json: vision_qkv_bias false is not supported");
    }
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

  SpecialTokens tokens() {
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

  /** The ids of texts, cut and padded as the flat configuration says. */
  TokenBatch encode(List<String> texts) throws IOException {
    String padding = node.path("text_padding").asText();
    return tokenizer.encode(
        texts,
        switch (padding) {
          case "max_length" -> Padding.maxLength();
          case "longest" -> Padding.longest();
          default -> throw new IOException("config.json: unknown text_padding " + padding);
        },
        node.hasNonNull("text_max_length")
            ? integer(node, "text_max_length")
            : WordPieceTokenizer.NO_LIMIT);
  }

  /** The ids of texts that are neither cut nor padded beyond the longest. */
  TokenBatch whole(List<String> texts) {
    return tokenizer.encode(texts, Padding.longest(), WordPieceTokenizer.NO_LIMIT);
  }

  /** The ids of texts, as wide as a stored input. */
  TokenBatch encode(List<String> texts, Values stored) {
    return tokenizer.encode(texts, Padding.maxLength(), (int) stored.shape()[1]);
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
