package org.blip4j.tools.verify;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import org.blip4j.graph.config.BlipConfig;
import org.blip4j.graph.config.ObjectiveConfig;
import org.blip4j.graph.config.SpecialTokens;
import org.blip4j.graph.config.TextConfig;
import org.blip4j.graph.config.VitConfig;
import org.blip4j.ops.core.InitializerScheme;

/**
 * The flat {@code config.json} of a golden as our configuration; what our models do not have is
 * refused.
 *
 * @param node the JSON object
 */
record GoldenConfig(JsonNode node) {
  GoldenConfig {
    require(node, "vision_activation", "gelu_erf");
    require(node, "text_activation", "gelu_erf");
    if (!node.path("vision_qkv_bias").asBoolean(true)) {
      throw new IllegalArgumentException("config.json: vision_qkv_bias false is not supported");
    }
  }

  static GoldenConfig of(Golden golden) throws IOException {
    return new GoldenConfig(golden.config());
  }

  /** The image encoder. */
  VitConfig vision() {
    return new VitConfig(
        integer("image_size"),
        integer("patch_size"),
        integer("vision_width"),
        integer("vision_layers"),
        integer("vision_heads"),
        number("vision_mlp_ratio"),
        number("vision_layer_norm_eps"),
        number("drop_path"));
  }

  /** The whole model; a caption model has no contrastive space, which then is of width 1. */
  BlipConfig blip() {
    TextConfig text =
        new TextConfig(
            integer("vocab_size"),
            integer("text_width"),
            integer("text_layers"),
            integer("text_heads"),
            integer("text_ff"),
            integer("text_max_positions"),
            number("text_layer_norm_eps"),
            number("dropout"),
            tokens());
    int embedDim = node.path("embed_dim").isNumber() ? integer("embed_dim") : 1;
    return new BlipConfig(vision(), text, embedDim, InitializerScheme.PUBLISHED);
  }

  /** The objectives, with a soft target weight that is fed anyway. */
  ObjectiveConfig objective() {
    double smoothing = node.path("label_smoothing").asDouble(0);
    double[] clamp = {ObjectiveConfig.SMALLEST_TEMPERATURE, ObjectiveConfig.LARGEST_TEMPERATURE};
    for (int i = 0; i < clamp.length; i++) {
      if (node.path("temperature_clamp").path(i).asDouble(clamp[i]) != clamp[i]) {
        throw new IllegalArgumentException("config.json: temperature_clamp is not the published");
      }
    }
    return new ObjectiveConfig(
        integer("queue_size"), number("momentum"), 0, number("temperature"), smoothing, false, 1);
  }

  private SpecialTokens tokens() {
    return new SpecialTokens(
        integer("pad_token_id"),
        integer("unk_token_id"),
        integer("cls_token_id"),
        integer("sep_token_id"),
        integer("mask_token_id"),
        integer("dec_token_id"),
        integer("enc_token_id"));
  }

  int integer(String key) {
    if (!node.path(key).isIntegralNumber()) {
      throw new IllegalArgumentException(
          "config.json: " + key + " is " + node.path(key) + ", expected a whole number");
    }
    return node.path(key).intValue();
  }

  double number(String key) {
    if (!node.path(key).isNumber()) {
      throw new IllegalArgumentException(
          "config.json: " + key + " is " + node.path(key) + ", expected a number");
    }
    return node.path(key).doubleValue();
  }

  private static void require(JsonNode node, String key, String value) {
    if (node.hasNonNull(key) && !node.path(key).asText().equals(value)) {
      throw new IllegalArgumentException(
          "config.json: %s is %s, only %s is supported".formatted(key, node.path(key), value));
    }
  }
}
