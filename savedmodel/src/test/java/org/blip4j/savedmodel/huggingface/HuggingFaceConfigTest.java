package org.blip4j.savedmodel.huggingface;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.util.Optional;
import org.blip4j.graph.config.BlipConfig;
import org.blip4j.graph.config.TextConfig;
import org.blip4j.graph.weights.PublishedTask;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class HuggingFaceConfigTest {
  private static final ObjectMapper JSON = new ObjectMapper();

  private static HuggingFaceConfig read(String json) throws IOException {
    return HuggingFaceConfig.read(JSON.readTree(json.replace('\'', '"')));
  }

  @Test
  void whatIsLeftOutIsTheLibrarysDefault() throws IOException {
    HuggingFaceConfig config = read("{'model_type':'blip','text_config':{},'vision_config':{}}");

    BlipConfig architecture = config.architecture();
    assertEquals(8, architecture.text().heads());
    assertEquals(12, architecture.vision().heads());
    assertEquals(1e-5, architecture.vision().layerNormEpsilon());
    assertEquals(1e-12, architecture.text().layerNormEpsilon());
    assertEquals(384, architecture.vision().imageSize());
    assertEquals(30524, architecture.text().vocabularySize());
    assertEquals(512, architecture.text().maxPositions());
    assertEquals(TextConfig.SpecialTokens.BERT, architecture.text().tokens());
    assertEquals(256, architecture.embedDim());
    assertEquals(0, architecture.text().dropout());
    assertEquals(Optional.empty(), config.task());
    assertTrue(config.doubt().orElseThrow().contains("8"));
    assertEquals(architecture, read("{'model_type':'blip'}").architecture());
  }

  @Test
  void whatIsThereIsTaken() throws IOException {
    HuggingFaceConfig config =
        read(
            "{'architectures':['BlipForImageTextRetrieval'],'image_text_hidden_size':16,"
                + "'text_config':{'hidden_size':32,'num_attention_heads':4,'vocab_size':1002,"
                + "'bos_token_id':1000,'label_smoothing':0.1,'max_position_embeddings':64},"
                + "'vision_config':{'hidden_size':48,'intermediate_size':192,'image_size':64,"
                + "'num_attention_heads':3,'layer_norm_eps':1e-6}}");

    assertEquals(Optional.of(PublishedTask.RETRIEVAL), config.task());
    assertEquals(1000, config.architecture().text().tokens().dec());
    assertEquals(1001, config.architecture().text().tokens().enc());
    assertEquals(0.1, config.labelSmoothing());
    assertEquals(3, config.architecture().vision().heads());
    assertEquals(4, config.architecture().vision().mlpRatio());
    assertEquals(Optional.empty(), config.doubt());
    assertEquals(config, HuggingFaceConfig.read(config.toJson()));
  }

  @Test
  void anyHiddenWidthIsKept() throws IOException {
    for (int hidden : new int[] {7, 36, 97, 100, 3072}) {
      HuggingFaceConfig config =
          read("{'vision_config':{'hidden_size':36,'intermediate_size':%d}}".formatted(hidden));

      assertEquals(hidden, config.architecture().vision().mlpWidth());
      assertEquals(config, HuggingFaceConfig.read(config.toJson()));
    }
  }

  /** A vocabulary of its own has the special tokens at its own ids. */
  @Test
  void tokenIdsComeFromTheVocabulary() throws IOException {
    TextConfig.SpecialTokens words = new TextConfig.SpecialTokens(0, 1, 2, 3, 4, 9, 10);
    HuggingFaceConfig config =
        HuggingFaceConfig.read(
            JSON.readTree(
                "{\"text_config\":{\"vocab_size\":11,\"bos_token_id\":9,\"sep_token_id\":3}}"),
            words);

    assertEquals(words, config.architecture().text().tokens());
    assertEquals(config, HuggingFaceConfig.read(config.toJson(), words));
  }

  @ParameterizedTest
  @CsvSource({
    "'{\"model_type\":\"blip-2\",\"architectures\":[\"Blip2ForConditionalGeneration\"]}', BLIP-2",
    "'{\"model_type\":\"clip\"}', CLIP",
    "'{\"model_type\":\"frobnicate\"}', unknown type 'frobnicate'",
    "'{\"model_type\":\"blip\",\"architectures\":[\"BlipModel\"]}', never trained",
    "'{\"model_type\":\"blip\",\"architectures\":[\"BlipForSinging\"]}', unknown architecture",
    "'{\"model_type\":\"blip\",\"text_config\":{\"hidden_act\":\"relu\"}}', text_config.hidden_act",
    "'{\"model_type\":\"blip\",\"text_config\":{\"vocab_size\":\"9\"}}', text_config.vocab_size",
    "'{\"model_type\":\"blip\",\"text_config\":{\"vocab_size\":9}}', text.vocabularySize is 9",
    "'{\"model_type\":\"blip\",\"vision_config\":{\"hidden_size\":null}}',"
        + " vision_config.hidden_size",
    "'{\"model_type\":\"blip\",\"vision_config\":{\"intermediate_size\":0}}', intermediate_size 0",
    "'{\"model_type\":\"blip\",\"vision_config\":7}', expected an object"
  })
  void whatIsNoBlipOrWrongIsRefusedByName(String json, String words) {
    String message = assertThrows(IllegalArgumentException.class, () -> read(json)).getMessage();
    assertTrue(message.contains(words), message);
  }
}
