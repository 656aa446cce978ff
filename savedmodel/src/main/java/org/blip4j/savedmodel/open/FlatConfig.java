package org.blip4j.savedmodel.open;

import com.fasterxml.jackson.databind.JsonNode;
import com.google.common.collect.ImmutableSet;
import java.util.Iterator;
import java.util.Optional;
import java.util.OptionalInt;
import org.blip4j.data.file.NearestName;
import org.blip4j.graph.config.BlipConfig;
import org.blip4j.graph.config.TextConfig;
import org.blip4j.graph.config.VitConfig;
import org.blip4j.graph.weights.PublishedModel;

/**
 * A flat JSON object of single values about published weights: what their tensors do not tell, such
 * as {@code {"vision_heads": 4, "text_heads": 4}}, and sizes that they do, which must then agree.
 * {@code image_size} alone may differ: position embeddings are interpolated to it.
 *
 * @param node the object
 */
record FlatConfig(JsonNode node) {
  private static final ImmutableSet<String> KNOWN =
      ImmutableSet.of(
          "vision_heads",
          "text_heads",
          "image_size",
          "patch_size",
          "vision_width",
          "vision_layers",
          "vision_mlp_ratio",
          "vision_layer_norm_eps",
          "drop_path",
          "vocab_size",
          "text_width",
          "text_layers",
          "text_ff",
          "text_max_positions",
          "text_layer_norm_eps",
          "dropout",
          "embed_dim",
          "pad_token_id",
          "unk_token_id",
          "cls_token_id",
          "sep_token_id",
          "mask_token_id",
          "dec_token_id",
          "enc_token_id");

  FlatConfig {
    for (Iterator<String> names = node.fieldNames(); names.hasNext(); ) {
      String name = names.next();
      if (!KNOWN.contains(name)) {
        NearestName.among(KNOWN, name)
            .filter(near -> !node.has(near))
            .ifPresent(
                near -> {
                  throw new IllegalArgumentException(
                      "unknown key " + name + "; did you mean " + near + "?");
                });
      }
    }
  }

  /** Whether an object has at least one of the known keys. */
  static boolean describes(JsonNode node) {
    return node.isObject() && KNOWN.stream().anyMatch(node::has);
  }

  /** What no tensor tells, as far as it is given here. */
  PublishedModel.Given given(TextConfig.SpecialTokens tokens) {
    return new PublishedModel.Given(
        optional("vision_heads"), optional("text_heads"), Optional.of(tokens(tokens)));
  }

  /**
   * The architecture with the values given here.
   *
   * @throws IllegalArgumentException if a size is not that of the tensors
   */
  BlipConfig adjust(BlipConfig told) {
    VitConfig vision = told.vision();
    TextConfig text = told.text();
    agree("patch_size", vision.patchSize());
    agree("vision_width", vision.width());
    agree("vision_layers", vision.layers());
    double ratio = number("vision_mlp_ratio", vision.mlpRatio());
    if (Math.abs(ratio - vision.mlpRatio()) * vision.width() >= 1) {
      throw new IllegalArgumentException(
          "vision_mlp_ratio is %s, but the tensors are of %s".formatted(ratio, vision.mlpRatio()));
    }
    agree("vocab_size", text.vocabularySize());
    agree("text_width", text.width());
    agree("text_layers", text.layers());
    agree("text_ff", text.feedForward());
    agree("text_max_positions", text.maxPositions());
    VitConfig newVision =
        new VitConfig(
            integer("image_size", vision.imageSize()),
            vision.patchSize(),
            vision.width(),
            vision.layers(),
            vision.heads(),
            vision.mlpRatio(),
            number("vision_layer_norm_eps", vision.layerNormEpsilon()),
            number("drop_path", vision.dropPath()));
    TextConfig newText =
        new TextConfig(
            text.vocabularySize(),
            text.width(),
            text.layers(),
            text.heads(),
            text.feedForward(),
            text.maxPositions(),
            number("text_layer_norm_eps", text.layerNormEpsilon()),
            number("dropout", text.dropout()),
            text.tokens());
    int embedDim = integer("embed_dim", told.embedDim());
    return new BlipConfig(newVision, newText, embedDim, told.initialization());
  }

  private TextConfig.SpecialTokens tokens(TextConfig.SpecialTokens told) {
    return new TextConfig.SpecialTokens(
        integer("pad_token_id", told.pad()),
        integer("unk_token_id", told.unk()),
        integer("cls_token_id", told.cls()),
        integer("sep_token_id", told.sep()),
        integer("mask_token_id", told.mask()),
        integer("dec_token_id", told.dec()),
        integer("enc_token_id", told.enc()));
  }

  private void agree(String key, int told) {
    if (integer(key, told) != told) {
      throw new IllegalArgumentException(
          "%s is %s, but the tensors are of %d".formatted(key, node.path(key), told));
    }
  }

  private OptionalInt optional(String key) {
    return node.hasNonNull(key) ? OptionalInt.of(integer(key, 0)) : OptionalInt.empty();
  }

  private int integer(String key, int otherwise) {
    if (!node.hasNonNull(key)) {
      return otherwise;
    }
    if (!node.path(key).isIntegralNumber()) {
      throw new IllegalArgumentException(
          key + " is " + node.path(key) + ", expected a whole number");
    }
    return node.path(key).intValue();
  }

  private double number(String key, double otherwise) {
    if (!node.hasNonNull(key)) {
      return otherwise;
    }
    if (!node.path(key).isNumber()) {
      throw new IllegalArgumentException(key + " is " + node.path(key) + ", expected a number");
    }
    return node.path(key).doubleValue();
  }
}
