package org.blip4j.graph.weights;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.tensorflow.ndarray.Shape;

final class WeightNamesTest {

  @ParameterizedTest
  @CsvSource({
    "pretrain-base, 1071, 3",
    "pretrain-large, 1359, 3",
    "caption-base, 471, 1",
    "caption-large, 615, 1",
    "retrieval-base, 947, 2",
    "retrieval-large, 1235, 2",
    "vqa-base, 787, 2",
    "vqa-large, 931, 2",
    "nlvr-base, 578, 1",
    "itm-base, 472, 1",
    "feature-extractor-base, 466, 1",
    "hf-caption-base, 471, 0",
    "hf-caption-large, 615, 0",
    "hf-retrieval-base, 472, 0",
    "hf-retrieval-large, 616, 0",
    "hf-vqa-base, 787, 0"
  })
  void isTotalAndExactInBothDirections(String list, int variables, int skipped) throws IOException {
    Map<String, Shape> published = KeyList.shapes(list);
    WeightNames names = names(list, published.keySet());
    Map<String, Shape> ours = new TreeMap<>();
    Set<String> reached = new TreeSet<>();
    int skips = 0;
    for (Map.Entry<String, Shape> key : published.entrySet()) {
      Optional<WeightNames.Target> target = names.target(key.getKey());
      if (names.skips(key.getKey())) {
        assertEquals(Optional.empty(), target);
        skips++;
        continue;
      }
      WeightNames.Target found = target.orElseThrow(() -> new AssertionError("no rule: " + key));
      Shape shape = found.layout().toOurs(key.getValue());
      assertEquals(key.getValue(), found.layout().toPublished(shape));
      Shape known = ours.putIfAbsent(found.variable(), shape);
      assertEquals(found.tied(), known != null && known.equals(shape), key.getKey());
      reached.add(key.getKey());
    }
    assertEquals(variables, ours.size());
    assertEquals(skipped, skips);
    Set<String> back = new TreeSet<>();
    for (String variable : ours.keySet()) {
      List<WeightNames.Published> sources = names.published(variable);
      assertFalse(sources.get(0).tied(), variable);
      for (WeightNames.Published source : sources) {
        assertTrue(back.add(source.name()), source.name() + " belongs to two variables");
        assertEquals(
            new WeightNames.Target(variable, source.layout(), source.tied()),
            names.target(source.name()).orElseThrow());
      }
    }
    assertEquals(reached, back);
  }

  @ParameterizedTest
  @CsvSource({
    "pretrain-base",
    "pretrain-large",
    "caption-base",
    "caption-large",
    "vqa-base",
    "vqa-large"
  })
  void tiesWhatThePublishedModelTies(String list) throws IOException {
    WeightNames names = names(list, KeyList.shapes(list).keySet());
    Map<String, List<String>> groups = new HashMap<>();
    for (String key : KeyList.shapes(list).keySet()) {
      names
          .target(key)
          .ifPresent(
              target -> groups.computeIfAbsent(target.variable(), v -> new ArrayList<>()).add(key));
    }
    assertEquals(
        sorted(KeyList.tied(list)),
        sorted(groups.values().stream().filter(group -> group.size() > 1).toList()));
  }

  @Test
  void givesEqualVariablesForOfficialAndHuggingFaceNames() throws IOException {
    assertEquals(variables("caption-base"), variables("hf-caption-base"));
    assertEquals(variables("caption-large"), variables("hf-caption-large"));
    assertEquals(variables("itm-base"), variables("hf-retrieval-base"));
    Map<String, Shape> vqa = variables("vqa-base");
    assertEquals(Shape.of(1, 901, 768), vqa.put("visual_encoder/pos_embed", Shape.of(1, 577, 768)));
    assertEquals(vqa, variables("hf-vqa-base"));
  }

  @ParameterizedTest
  @CsvSource({
    "pretrain-base, PRETRAIN",
    "caption-base, CAPTION",
    "hf-caption-large, CAPTION",
    "retrieval-large, RETRIEVAL",
    "itm-base, RETRIEVAL",
    "hf-retrieval-base, RETRIEVAL",
    "vqa-base, VQA",
    "hf-vqa-base, VQA",
    "nlvr-base, NLVR",
    "feature-extractor-base, FEATURES"
  })
  void tellsTheTaskByTheTensorsPresent(String list, PublishedTask task) throws IOException {
    assertEquals(task, PublishedTask.of(KeyList.shapes(list).keySet()));
  }

  @Test
  void usesTensorFlowsNamesAndLayouts() throws IOException {
    Map<String, Shape> pretrain = variables("pretrain-base");
    assertEquals(Shape.of(16, 16, 3, 768), pretrain.get("visual_encoder/patch_embed/proj/kernel"));
    assertEquals(Shape.of(768, 2304), pretrain.get("visual_encoder/blocks/11/attn/qkv/kernel"));
    assertEquals(Shape.of(57600, 256), pretrain.get("image_queue"));
    assertEquals(Shape.scalar(), pretrain.get("temp"));
    assertEquals(Shape.of(768, 2), pretrain.get("itm_head/kernel"));
    assertEquals(
        Shape.of(30524, 768), pretrain.get("text_encoder/embeddings/word_embeddings/weight"));
    assertFalse(pretrain.containsKey("text_decoder/bert/embeddings/word_embeddings/weight"));
    assertEquals(Shape.of(1, 57600), variables("retrieval-base").get("idx_queue"));
    assertEquals(Shape.of(768, 2), variables("nlvr-base").get("cls_head/2/kernel"));
  }

  @Test
  void knowsNothingOfOtherNames() {
    WeightNames names = WeightNames.of(PublishedForm.OFFICIAL, true);
    assertEquals(Optional.empty(), names.target("visual_encoder.blocks.01.norm1.weight"));
    assertEquals(Optional.empty(), names.target("visual_encoder.head.weight"));
    assertEquals(List.of(), names.published("visual_encoder/blocks/0/attn/qkv/weight"));
    assertFalse(names.skips("embeddings.position_ids"));
    WeightNames theirs = WeightNames.of(PublishedForm.HUGGING_FACE, false);
    assertEquals(List.of(), theirs.published("temp"));
    assertEquals(List.of(), theirs.published("vision_proj_m/kernel"));
  }

  @Test
  void substitutesMomentumAndTwoImageVariables() {
    WeightNames names = WeightNames.of(PublishedForm.OFFICIAL, false);
    assertEquals(Optional.of("vision_proj/bias"), names.substitute("vision_proj_m/bias"));
    String layer = "text_encoder/encoder/layer/3/crossattention/";
    assertEquals(
        Optional.of(layer + "self/key/kernel"), names.substitute(layer + "self1/key/kernel"));
    assertEquals(
        Optional.of(layer + "output/dense/bias"), names.substitute(layer + "output/dense0/bias"));
    assertEquals(Optional.empty(), names.substitute(layer + "output/merge_layer/bias"));
    assertEquals(
        List.of("a.crossattention.output.dense0.bias", "a.crossattention.output.dense1.bias"),
        WeightNames.TwoImageCopies.of("a.crossattention.output.dense.bias"));
    assertEquals(
        List.of(), WeightNames.TwoImageCopies.of("a.crossattention.output.LayerNorm.bias"));
    assertEquals(List.of(), WeightNames.TwoImageCopies.of("a.attention.self.key.bias"));
  }

  @Test
  void namesTheModelWhoseWeightsWereGivenByMistake() {
    refuses("BLIP-2", "query_tokens", "visual_encoder.cls_token");
    refuses("OpenAI CLIP", "visual.conv1.weight", "transformer.resblocks.0.attn.in_proj_weight");
    refuses("CLIP weights", "text_model.a", "vision_model.pre_layrnorm.bias");
    refuses("BlipModel", "text_model.a", "vision_model.post_layernorm.bias");
    refuses("BERT", "bert.embeddings.word_embeddings.weight");
    refuses("vision transformer alone", "cls_token", "blocks.0.norm1.bias");
    refuses("unknown model (first tensor: layer1.weight)", "layer1.weight");
  }

  private static void refuses(String what, String... names) {
    String message =
        assertThrows(IllegalArgumentException.class, () -> PublishedForm.of(List.of(names)))
            .getMessage();
    assertTrue(message.contains(what), message);
  }

  private static WeightNames names(String list, Collection<String> keys) {
    PublishedForm form = PublishedForm.of(keys);
    assertEquals(list.startsWith("hf-"), form == PublishedForm.HUGGING_FACE);
    return WeightNames.of(form, list.startsWith("pretrain"));
  }

  private static Map<String, Shape> variables(String list) throws IOException {
    Map<String, Shape> published = KeyList.shapes(list);
    WeightNames names = names(list, published.keySet());
    Map<String, Shape> ours = new TreeMap<>();
    published.forEach(
        (name, shape) ->
            names
                .target(name)
                .ifPresent(target -> ours.put(target.variable(), target.layout().toOurs(shape))));
    return ours;
  }

  private static Set<Set<String>> sorted(List<List<String>> groups) {
    Set<Set<String>> result = new HashSet<>();
    groups.forEach(group -> result.add(new TreeSet<>(group)));
    return result;
  }
}
