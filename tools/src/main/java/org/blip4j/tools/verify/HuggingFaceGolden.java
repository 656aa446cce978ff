package org.blip4j.tools.verify;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.blip4j.data.text.Detokenizer;
import org.blip4j.data.text.Padding;
import org.blip4j.data.text.TokenBatch;
import org.blip4j.data.text.WordPieceTokenizer;
import org.blip4j.data.weights.WeightFile;
import org.blip4j.graph.config.BlipConfig;
import org.blip4j.savedmodel.huggingface.HuggingFaceConfig;
import org.blip4j.savedmodel.open.ModelSource;
import org.blip4j.savedmodel.open.PublishedDescription;
import org.blip4j.savedmodel.open.ServingModel;

/**
 * A golden that is a Hugging Face folder, opened as users' folders are.
 *
 * @param golden the folder
 * @param model what it is
 * @param inputs its stored inputs
 */
record HuggingFaceGolden(Golden golden, ServingModel model, GoldenTensors inputs) {
  private static final String LONG_FORM = "config.hub-2022-form.json";
  private static final String TEXTS = "texts_";

  static HuggingFaceGolden open(Golden golden) throws IOException {
    ModelSource source = ModelSource.resolve(golden.path().toString());
    if (!(source instanceof ModelSource.Published published)) {
      throw new IOException(golden.path() + " is not a Hugging Face folder");
    }
    try (WeightFile file = WeightFile.open(published.path())) {
      return new HuggingFaceGolden(
          golden,
          PublishedDescription.of(file, published).model(),
          GoldenTensors.read(golden.file("inputs.safetensors")));
    }
  }

  BlipConfig config() {
    return model.config().architecture();
  }

  HuggingFaceConfig published() throws IOException {
    return HuggingFaceConfig.read(golden.config());
  }

  WordPieceTokenizer tokenizer() {
    return new WordPieceTokenizer(model.vocabulary());
  }

  /** The strings under a key of {@code cases.json}. */
  List<String> strings(String key) throws IOException {
    return GoldenTexts.strings(golden.cases().path(key));
  }

  /** The ids of texts, as wide as the stored input of that name; they must be equal to it. */
  TokenBatch encode(String key, String input, RowSink rows) throws IOException {
    Values stored = inputs.get(input);
    TokenBatch batch =
        tokenizer().encode(strings(key), Padding.maxLength(), (int) stored.shape()[1]);
    TokenBatch expected =
        input.startsWith("caption")
            ? batch.withFirstToken(model.config().architecture().text().tokens().dec())
            : batch;
    compare(input, GoldenTexts.ids(expected), rows);
    return batch;
  }

  /** Compares an input that we make ourselves with the stored one. */
  void compare(String input, Values made, RowSink rows) throws IOException {
    rows.accept(
        TensorCheck.compare(golden.name(), input, made, inputs.get(input), Tolerance.EXACT));
  }

  /** The same configuration with every value spelled out, if there is one, must say the same. */
  void compareLongForm(RowSink rows) throws IOException {
    Path file = golden.file(LONG_FORM);
    if (!Files.exists(file)) {
      return;
    }
    HuggingFaceConfig spelledOut = HuggingFaceConfig.read(Golden.readJson(file));
    rows.accept(
        spelledOut.equals(published())
            ? CheckRow.passed(golden.name(), LONG_FORM, 0, 0)
            : CheckRow.deviates(
                golden.name(),
                LONG_FORM,
                1,
                0,
                "says " + spelledOut + ", config.json " + published()));
  }

  /** Adds what calls have given to the outputs, and compares the texts. */
  void add(
      List<GenerationCall> calls,
      Map<String, Values> computed,
      ExpectedOutputs outputs,
      RowSink rows)
      throws IOException {
    for (GenerationCall call : calls) {
      Values ids = computed.get(call.ids());
      long columns = outputs.expected(call.ids()).shape()[1];
      outputs.add(call.ids(), GeneratedTexts.withoutPadding(ids, columns));
      if (call.beams() > 1) {
        outputs.add(call.scores(), computed.get(call.scores()));
      }
      compareTexts(call.name(), ids, rows);
    }
  }

  /** Compares generated texts under every tokenizer whose texts the golden has. */
  private void compareTexts(String mode, Values ids, RowSink rows) throws IOException {
    Detokenizer detokenizer = new Detokenizer(model.vocabulary());
    int width = (int) ids.shape()[1];
    for (Map.Entry<String, JsonNode> entry : golden.cases().properties()) {
      if (!entry.getKey().startsWith(TEXTS) || !entry.getValue().isObject()) {
        continue;
      }
      JsonNode expected = entry.getValue().path(mode);
      for (int i = 0; i < ids.shape()[0]; i++) {
        String text =
            detokenizer.decode(Arrays.copyOfRange(ids.longs(), i * width, (i + 1) * width));
        String check = entry.getKey() + "." + mode + " " + i;
        rows.accept(CheckRow.texts(golden.name(), check, text, expected.path(i).asText("missing")));
      }
    }
  }
}
