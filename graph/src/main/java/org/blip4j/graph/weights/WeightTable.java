package org.blip4j.graph.weights;

import static org.blip4j.data.weights.WeightLayout.CONVOLUTION;
import static org.blip4j.data.weights.WeightLayout.TRANSPOSED;

import com.google.common.collect.ImmutableList;

/**
 * The rules themselves, in the order of the published state dict.
 *
 * <p>{@code (|_m)} are the momentum copies. In the pre-training model the decoder shares all but
 * its self-attention with the encoder (paper, section 3.2), so those of its names are further names
 * of the encoder's variables; in fine-tuned models they are variables of their own.
 */
final class WeightTable {
  private static final String ENCODER = "(text_encoder|text_encoder_m)";
  private static final String DECODER = "text_decoder.bert";
  private static final String ALL_TEXT = "(text_encoder|text_encoder_m|text_decoder.bert)";
  private static final String LAYER = ".encoder.layer.#.";
  private static final String WORDS = ".embeddings.word_embeddings.weight";
  private static final String LM_HEAD = "text_decoder.cls.predictions.";
  private static final String MAPS = "(self.query|self.key|self.value|output.dense)";
  private static final String PAIR = "(weight|bias)";

  /** Published buffers that hold nothing: 0, 1, 2, ... */
  static final WeightRule.NamePattern SKIPPED =
      new WeightRule.NamePattern(ALL_TEXT + ".embeddings.position_ids");

  /** State that counts or identifies; everything else is float. */
  static final WeightRule.NamePattern COUNTERS =
      new WeightRule.NamePattern("(queue_ptr|ptr_queue|idx_queue)");

  private WeightTable() {}

  /** Official names where the decoder is a further set of names of the encoder. */
  static ImmutableList<WeightRule> shared() {
    return official(sharedText());
  }

  /** Official names where the decoder, if there is one, owns its tensors. */
  static ImmutableList<WeightRule> separate() {
    ImmutableList.Builder<WeightRule> text = ImmutableList.builder();
    text.addAll(separateText(ALL_TEXT));
    linear(text, "text_encoder" + LAYER + "crossattention.(self0|self1).(query|key|value)");
    linear(text, "text_encoder" + LAYER + "crossattention.output.(dense0|dense1|merge_layer)");
    return official(text.build());
  }

  /** Hugging Face's names: no sharing, no momentum, no queues, no temperature, no two images. */
  static ImmutableList<WeightRule> huggingFace() {
    ImmutableList.Builder<WeightRule> all = ImmutableList.builder();
    all.addAll(huggingFaceVision()).addAll(separateText("(text_encoder|text_decoder.bert)"));
    linear(all, "(vision_proj|text_proj|itm_head)");
    return all.build();
  }

  private static ImmutableList<WeightRule> official(ImmutableList<WeightRule> text) {
    ImmutableList.Builder<WeightRule> all = ImmutableList.builder();
    all.add(WeightRule.same("temp"));
    all.add(WeightRule.turned("(image_queue|text_queue)", TRANSPOSED));
    all.add(WeightRule.same(COUNTERS.toString()));
    all.addAll(officialVision()).addAll(text);
    linear(all, "(vision_proj|text_proj)(|_m)");
    linear(all, "itm_head");
    linear(all, "cls_head.#");
    return all.build();
  }

  private static ImmutableList<WeightRule> officialVision() {
    ImmutableList.Builder<WeightRule> rules = ImmutableList.builder();
    String tower = "visual_encoder(|_m).";
    rules.add(WeightRule.same(tower + "(cls_token|pos_embed)"));
    rules.add(WeightRule.kernel(tower + "patch_embed.proj", CONVOLUTION));
    rules.add(WeightRule.same(tower + "patch_embed.proj.bias"));
    rules.add(WeightRule.same(tower + "blocks.#.(norm1|norm2)." + PAIR));
    linear(rules, tower + "blocks.#.(attn.qkv|attn.proj|mlp.fc1|mlp.fc2)");
    rules.add(WeightRule.same(tower + "norm." + PAIR));
    return rules.build();
  }

  private static ImmutableList<WeightRule> huggingFaceVision() {
    ImmutableList.Builder<WeightRule> rules = ImmutableList.builder();
    String ours = "visual_encoder.";
    String theirs = "vision_model.";
    String block = theirs + "encoder.layers.#.";
    rules.add(
        WeightRule.same(ours + "cls_token").publishedAs(theirs + "embeddings.class_embedding"));
    rules.add(
        WeightRule.same(ours + "pos_embed").publishedAs(theirs + "embeddings.position_embedding"));
    String patches = theirs + "embeddings.patch_embedding.";
    rules.add(
        WeightRule.kernel(ours + "patch_embed.proj", CONVOLUTION).publishedAs(patches + "weight"));
    rules.add(WeightRule.same(ours + "patch_embed.proj.bias").publishedAs(patches + "bias"));
    for (String norm : new String[] {"1", "2"}) {
      rules.add(
          WeightRule.same(ours + "blocks.#.norm" + norm + "." + PAIR)
              .publishedAs(block + "layer_norm" + norm + "." + PAIR));
    }
    linear(rules, ours + "blocks.#.attn.qkv", block + "self_attn.qkv");
    linear(rules, ours + "blocks.#.attn.proj", block + "self_attn.projection");
    linear(rules, ours + "blocks.#.(mlp.fc1|mlp.fc2)", block + "(mlp.fc1|mlp.fc2)");
    rules.add(
        WeightRule.same(ours + "norm." + PAIR).publishedAs(theirs + "post_layernorm." + PAIR));
    return rules.build();
  }

  private static ImmutableList<WeightRule> separateText(String stacks) {
    ImmutableList.Builder<WeightRule> rules = ImmutableList.builder();
    rules.addAll(sharable(stacks)).addAll(selfAttention(stacks));
    return rules.addAll(languageModelHead(DECODER)).build();
  }

  private static ImmutableList<WeightRule> sharedText() {
    ImmutableList.Builder<WeightRule> rules = ImmutableList.builder();
    rules.addAll(sharable(ENCODER)).addAll(selfAttention(ALL_TEXT));
    ImmutableList<WeightRule> encoder = sharable("text_encoder");
    ImmutableList<WeightRule> decoder = sharable(DECODER);
    for (int i = 0; i < encoder.size(); i++) {
      rules.add(encoder.get(i).tiedAs(decoder.get(i).publishedPattern()));
    }
    return rules.addAll(languageModelHead("text_encoder")).build();
  }

  /** What the pre-training model shares: embeddings, cross-attention and feed-forward. */
  private static ImmutableList<WeightRule> sharable(String stack) {
    ImmutableList.Builder<WeightRule> rules = ImmutableList.builder();
    rules.add(WeightRule.same(stack + ".embeddings.(word_embeddings|position_embeddings).weight"));
    rules.add(WeightRule.same(stack + ".embeddings.LayerNorm." + PAIR));
    linear(rules, stack + LAYER + "crossattention." + MAPS);
    rules.add(WeightRule.same(stack + LAYER + "crossattention.output.LayerNorm." + PAIR));
    linear(rules, stack + LAYER + "(intermediate.dense|output.dense)");
    rules.add(WeightRule.same(stack + LAYER + "output.LayerNorm." + PAIR));
    return rules.build();
  }

  private static ImmutableList<WeightRule> selfAttention(String stacks) {
    ImmutableList.Builder<WeightRule> rules = ImmutableList.builder();
    linear(rules, stacks + LAYER + "attention." + MAPS);
    rules.add(WeightRule.same(stacks + LAYER + "attention.output.LayerNorm." + PAIR));
    return rules.build();
  }

  /** The matrix is the word embedding of {@code words}; the bias has two names. */
  private static ImmutableList<WeightRule> languageModelHead(String words) {
    ImmutableList.Builder<WeightRule> rules = ImmutableList.builder();
    WeightRule bias = WeightRule.same(LM_HEAD + "bias");
    rules.add(bias, bias.tiedAs(LM_HEAD + "decoder.bias"));
    linear(rules, LM_HEAD + "transform.dense");
    rules.add(WeightRule.same(LM_HEAD + "transform.LayerNorm." + PAIR));
    rules.add(WeightRule.same(words + WORDS).tiedAs(LM_HEAD + "decoder.weight"));
    return rules.build();
  }

  private static void linear(ImmutableList.Builder<WeightRule> rules, String name) {
    linear(rules, name, name);
  }

  private static void linear(
      ImmutableList.Builder<WeightRule> rules, String ours, String published) {
    rules.add(WeightRule.kernel(ours, TRANSPOSED).publishedAs(published + ".weight"));
    rules.add(WeightRule.same(ours + ".bias").publishedAs(published + ".bias"));
  }
}
