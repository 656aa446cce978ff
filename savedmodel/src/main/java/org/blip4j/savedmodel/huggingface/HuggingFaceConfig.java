package org.blip4j.savedmodel.huggingface;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Locale;
import java.util.Optional;
import org.blip4j.graph.config.BlipConfig;
import org.blip4j.graph.config.TextConfig;
import org.blip4j.graph.config.VitConfig;
import org.blip4j.graph.weights.PublishedTask;
import org.blip4j.ops.core.Initializer;

/**
 * What the {@code config.json} of a Hugging Face folder says, read as transformers 4.46 reads it.
 *
 * <p>{@code save_pretrained} leaves out every value that equals the default of the class, so those
 * defaults are here: 8 text heads and 1e-5 for the epsilon of the image encoder among them, which
 * are not BLIP's own. What the file says is what transformers computes, so it is what we compute,
 * too.
 *
 * @param type the class it names; empty if it names none
 * @param architecture sizes
 * @param labelSmoothing of the language modelling loss; 0 where the file says nothing, as there
 */
public record HuggingFaceConfig(
    Optional<HuggingFaceClass> type, BlipConfig architecture, double labelSmoothing) {
  private static final String TEXT = "text_config";
  private static final String VISION = "vision_config";
  private static final String LAST_TEXT_EOS = "eos_token_id";
  private static final int UNUSED_EOS = 2;
  private static final String VERSION = "4.46.3";

  /** Whether a {@code config.json} has the form of transformers, of whatever model. */
  public static boolean describes(JsonNode config) {
    return config.has("model_type") || config.has("architectures") || config.has(TEXT);
  }

  /** Reads a configuration of a model with the vocabulary of BERT. */
  public static HuggingFaceConfig read(JsonNode config) {
    return read(config, TextConfig.SpecialTokens.BERT);
  }

  /**
   * Reads a configuration.
   *
   * @param words ids of the special tokens in the folder's vocabulary; those that the configuration
   *     gives must be the same
   * @throws IllegalArgumentException if it is another model's, a value is of a wrong type, or our
   *     model cannot do what it says; names the value
   */
  public static HuggingFaceConfig read(JsonNode config, TextConfig.SpecialTokens words) {
    Optional<HuggingFaceClass> type = HuggingFaceClass.named(config);
    Fields all = new Fields(config, "");
    Fields text = all.part(TEXT);
    BlipConfig architecture =
        new BlipConfig(
            vision(all.part(VISION)),
            text(text, words),
            all.integer("image_text_hidden_size", 256),
            Initializer.Scheme.PUBLISHED);
    return new HuggingFaceConfig(type, architecture, text.number("label_smoothing", 0));
  }

  private static VitConfig vision(Fields fields) {
    fields.require("hidden_act", "gelu");
    fields.require("num_channels", "3");
    int width = fields.integer("hidden_size", 768);
    int hidden = fields.integer("intermediate_size", 3072);
    if (width < 1 || hidden < 1) {
      throw new IllegalArgumentException(
          "vision_config has hidden_size %d and intermediate_size %d; both must be at least 1"
              .formatted(width, hidden));
    }
    int layers = fields.integer("num_hidden_layers", 12);
    VitConfig large = VitConfig.large(384);
    boolean isLarge = layers == large.layers() && width == large.width();
    return new VitConfig(
        fields.integer("image_size", 384),
        fields.integer("patch_size", 16),
        width,
        layers,
        fields.integer("num_attention_heads", 12),
        VitConfig.mlpRatio(width, hidden),
        fields.number("layer_norm_eps", 1e-5),
        isLarge ? large.dropPath() : 0);
  }

  private static TextConfig text(Fields fields, TextConfig.SpecialTokens words) {
    fields.require("hidden_act", "gelu");
    fields.require("position_embedding_type", "absolute");
    int start = fields.integer("bos_token_id", words.dec());
    return new TextConfig(
        fields.integer("vocab_size", 30524),
        fields.integer("hidden_size", 768),
        fields.integer("num_hidden_layers", 12),
        fields.integer("num_attention_heads", 8),
        fields.integer("intermediate_size", 3072),
        fields.integer("max_position_embeddings", 512),
        fields.number("layer_norm_eps", 1e-12),
        fields.number("hidden_dropout_prob", 0),
        new TextConfig.SpecialTokens(
            fields.integer("pad_token_id", words.pad()),
            words.unk(),
            words.cls(),
            fields.integer("sep_token_id", words.sep()),
            words.mask(),
            start,
            start == words.dec() ? words.enc() : start + 1));
  }

  /**
   * The task that a configuration names, in lower case; empty if it names none.
   *
   * @throws IllegalArgumentException if it is another model's
   */
  public static String taskOf(JsonNode config) {
    return HuggingFaceClass.named(config)
        .map(one -> one.task().name().toLowerCase(Locale.ROOT))
        .orElse("");
  }

  /** The task of the class, if the configuration names one. */
  public Optional<PublishedTask> task() {
    return type.map(HuggingFaceClass::task);
  }

  /** A warning where the heads are not those with which published models of this width work. */
  public Optional<String> doubt() {
    TextConfig text = architecture.text();
    TextConfig base = TextConfig.base();
    return text.width() == base.width() && text.heads() != base.heads()
        ? Optional.of(
            "config.json gives the text %d attention heads (8 if it says nothing); published BLIP has %d. Results are those of transformers with this file"
                .formatted(text.heads(), base.heads()))
        : Optional.empty();
  }

  /** The configuration as {@code from_pretrained} wants it, every value spelled out. */
  public ObjectNode toJson() {
    ObjectNode node = JsonNodeFactory.instance.objectNode();
    type.ifPresent(one -> node.putArray("architectures").add(one.className()));
    node.put("model_type", HuggingFaceClass.MODEL_TYPE);
    node.put("image_text_hidden_size", architecture.embedDim());
    node.put("projection_dim", 512);
    node.put("initializer_factor", 1.0);
    node.put("initializer_range", 0.02);
    node.put("label_smoothing", labelSmoothing);
    node.put("logit_scale_init_value", 2.6592);
    putText(node.putObject(TEXT), architecture.text(), architecture.vision().width());
    putVision(node.putObject(VISION), architecture.vision());
    node.put("torch_dtype", "float32");
    node.put("transformers_version", VERSION);
    return node;
  }

  private void putText(ObjectNode node, TextConfig text, int imageWidth) {
    node.put("model_type", "blip_text_model");
    node.put("vocab_size", text.vocabularySize());
    node.put("hidden_size", text.width());
    node.put("encoder_hidden_size", imageWidth);
    node.put("intermediate_size", text.feedForward());
    node.put("num_hidden_layers", text.layers());
    node.put("num_attention_heads", text.heads());
    node.put("max_position_embeddings", text.maxPositions());
    node.put("hidden_act", "gelu");
    node.put("layer_norm_eps", text.layerNormEpsilon());
    node.put("hidden_dropout_prob", text.dropout());
    node.put("attention_probs_dropout_prob", text.dropout());
    node.put("initializer_range", 0.02);
    node.put("bos_token_id", text.tokens().dec());
    node.put("pad_token_id", text.tokens().pad());
    node.put("sep_token_id", text.tokens().sep());
    node.put(LAST_TEXT_EOS, UNUSED_EOS);
    node.put("label_smoothing", labelSmoothing);
    node.put("is_decoder", true);
    node.put("use_cache", true);
  }

  private static void putVision(ObjectNode node, VitConfig vision) {
    node.put("model_type", "blip_vision_model");
    node.put("hidden_size", vision.width());
    node.put("intermediate_size", vision.mlpWidth());
    node.put("num_hidden_layers", vision.layers());
    node.put("num_attention_heads", vision.heads());
    node.put("image_size", vision.imageSize());
    node.put("patch_size", vision.patchSize());
    node.put("hidden_act", "gelu");
    node.put("layer_norm_eps", vision.layerNormEpsilon());
    node.put("attention_dropout", 0.0);
    node.put("initializer_range", 1e-10);
  }

  /** The {@code generation_config.json} beside it. */
  public ObjectNode generationJson() {
    ObjectNode node = JsonNodeFactory.instance.objectNode();
    node.put("_from_model_config", true);
    node.put("bos_token_id", architecture.text().tokens().dec());
    node.put(LAST_TEXT_EOS, UNUSED_EOS);
    node.put("pad_token_id", architecture.text().tokens().pad());
    node.put("transformers_version", VERSION);
    return node;
  }

  /**
   * A part of a Hugging Face configuration, where a value that is left out means the default of the
   * library's class.
   *
   * @param node the object; missing if the whole part is left out
   * @param place its name, for messages
   */
  private record Fields(JsonNode node, String place) {
    Fields {
      if (!node.isObject() && !node.isMissingNode() && !node.isNull()) {
        throw new IllegalArgumentException(place + " is " + node + ", expected an object");
      }
    }

    Fields part(String key) {
      return new Fields(node.path(key), key);
    }

    int integer(String key, int otherwise) {
      JsonNode value = node.path(key);
      if (value.isMissingNode()) {
        return otherwise;
      }
      if (!value.isIntegralNumber() || !value.canConvertToInt()) {
        throw wrong(key, value, "a whole number");
      }
      return value.intValue();
    }

    double number(String key, double otherwise) {
      JsonNode value = node.path(key);
      if (value.isMissingNode()) {
        return otherwise;
      }
      if (!value.isNumber()) {
        throw wrong(key, value, "a number");
      }
      return value.doubleValue();
    }

    /** Fails unless a value is the only one that our model has, or is left out. */
    void require(String key, String only) {
      JsonNode value = node.path(key);
      if (!value.isMissingNode() && !value.asText().equals(only)) {
        throw wrong(key, value, only + "; no other is supported");
      }
    }

    IllegalArgumentException wrong(String key, JsonNode value, String expected) {
      return new IllegalArgumentException(
          "%s is %s, expected %s".formatted(name(key), value, expected));
    }

    private String name(String key) {
      return place.isEmpty() ? key : place + "." + key;
    }
  }
}
