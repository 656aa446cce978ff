package org.blip4j.savedmodel.convert;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.blip4j.data.weights.TensorBundleReader;
import org.blip4j.data.weights.TensorBundleWriter;
import org.blip4j.graph.config.ConfigJson;
import org.blip4j.graph.config.ModelConfig;
import org.blip4j.graph.config.Task;
import org.blip4j.savedmodel.export.ModelExporter;
import org.blip4j.savedmodel.open.ModelSource;
import org.blip4j.savedmodel.predict.Caption;
import org.blip4j.savedmodel.predict.Predictor;
import org.blip4j.savedmodel.predict.PredictorOptions;
import org.blip4j.savedmodel.testing.TinyModel;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.tensorflow.ndarray.Shape;

class ModelConversionTest {
  @TempDir private Path folder;

  private ConversionReport convert(String source, String target, ConversionRequest.Form form)
      throws IOException {
    return convert(source, target, form, Optional.empty());
  }

  private ConversionReport convert(
      String source, String target, ConversionRequest.Form form, Optional<Task> task)
      throws IOException {
    return ModelConversion.run(
        ModelSource.resolve(folder.resolve(source).toString()),
        new ConversionRequest(folder.resolve(target), form, task, false));
  }

  private TensorBundleReader variables(String model) throws IOException {
    return TensorBundleReader.open(folder.resolve(model).resolve("variables"));
  }

  private void assertSameVariables(String expected, String actual) throws IOException {
    TensorBundleReader a = variables(expected);
    TensorBundleReader b = variables(actual);
    assertEquals(a.variables(), b.variables());
    for (TensorBundleReader.Entry variable : a.variables().values()) {
      switch (variable.type()) {
        case DT_INT64 -> assertArrayEquals(a.longs(variable.name()), b.longs(variable.name()));
        default -> assertArrayEquals(a.floats(variable.name()), b.floats(variable.name()));
      }
    }
  }

  private static List<Caption> captions(Path model) throws IOException {
    try (Predictor predictor =
        Predictor.open(ModelSource.resolve(model.toString()), PredictorOptions.defaults())) {
      return predictor.caption(List.of(TinyModel.image(1, "png"), TinyModel.image(2, "png")));
    }
  }

  @Test
  void everyFormComesBackAsItWas() throws IOException {
    TinyModel.write(folder.resolve("m"), Task.CAPTION);

    ConversionReport file =
        convert("m", "official.safetensors", ConversionRequest.Form.SAFETENSORS);
    convert("official.safetensors", "from-file", ConversionRequest.Form.MODEL_FOLDER);
    convert("m", "official", ConversionRequest.Form.SAFETENSORS);
    convert("official", "from-folder", ConversionRequest.Form.MODEL_FOLDER);
    convert("official", "hf", ConversionRequest.Form.HUGGING_FACE);
    convert("hf", "from-hf", ConversionRequest.Form.MODEL_FOLDER);

    assertTrue(file.ok());
    assertEquals(file.tensors(), file.read());
    assertSameVariables("m", "from-file");
    assertSameVariables("m", "from-folder");
    assertSameVariables("m", "from-hf");
    String config = Files.readString(folder.resolve("m/config.json"));
    assertEquals(config, Files.readString(folder.resolve("from-file/config.json")));
    assertEquals(config, Files.readString(folder.resolve("from-folder/config.json")));
    List<Caption> expected = captions(folder.resolve("m"));
    assertEquals(expected, captions(folder.resolve("official.safetensors")));
    assertEquals(expected, captions(folder.resolve("hf")));
    try (Stream<Path> left = Files.list(folder)) {
      assertEquals(7, left.count(), "nothing else may be left behind");
    }
  }

  @Test
  void labelSmoothingGoesToHuggingFaceAndBack() throws IOException {
    TinyModel.write(folder.resolve("m"), Task.CAPTION);
    Path file = folder.resolve("m/config.json");
    ModelConfig config = ConfigJson.read(file, ModelConfig.class).withLabelSmoothing(0.05);
    ConfigJson.write(file, config);

    convert("m", "hf", ConversionRequest.Form.HUGGING_FACE);
    convert("hf", "back", ConversionRequest.Form.MODEL_FOLDER);

    ModelConfig back = ConfigJson.read(folder.resolve("back/config.json"), ModelConfig.class);
    assertEquals(0.05, back.labelSmoothing());
  }

  @Test
  void anExportedModelIsASource() throws IOException {
    ModelSource.Folder model = TinyModel.write(folder.resolve("m"), Task.RETRIEVAL);
    ModelExporter.export(
        model,
        PredictorOptions.defaults(),
        new ModelExporter.Target(folder.resolve("served"), 1, false));

    convert("served", "back", ConversionRequest.Form.MODEL_FOLDER);

    assertSameVariables("m", "back");
  }

  @Test
  void aPretrainedModelGivesBothOthersAndKeepsWhatTrainingNeeds() throws IOException {
    TinyModel.write(folder.resolve("plain"), Task.PRETRAIN);
    Files.createDirectory(folder.resolve("m"));
    for (String name : new String[] {"config.json", "vocab.txt"}) {
      Files.copy(folder.resolve("plain").resolve(name), folder.resolve("m").resolve(name));
    }
    TensorBundleReader plain = variables("plain");
    try (TensorBundleWriter writer =
        TensorBundleWriter.create(folder.resolve("m").resolve("variables"))) {
      for (TensorBundleReader.Entry variable : plain.variables().values()) {
        writer.add(variable.name(), variable.shape(), plain.floats(variable.name()));
      }
      writer.add("temp", Shape.scalar(), new float[] {0.05f});
      writer.add("queue_ptr", Shape.of(1), new long[] {7});
      writer.add("vision_proj_m/kernel", Shape.of(32, 16), new float[32 * 16]);
      writer.finish();
    }

    convert("m", "all.safetensors", ConversionRequest.Form.SAFETENSORS);
    convert("all.safetensors", "back", ConversionRequest.Form.MODEL_FOLDER);
    assertSameVariables("m", "back");

    ConversionReport narrowed =
        convert("m", "captioner", ConversionRequest.Form.MODEL_FOLDER, Optional.of(Task.CAPTION));
    assertTrue(narrowed.leftOver().contains("itm_head.weight"));
    assertTrue(narrowed.leftOver().contains("temp"));
    assertEquals(captions(folder.resolve("m")), captions(folder.resolve("captioner")));
    convert("m", "filter", ConversionRequest.Form.HUGGING_FACE, Optional.of(Task.RETRIEVAL));
    assertThrows(
        IllegalArgumentException.class,
        () -> convert("m", "hf", ConversionRequest.Form.HUGGING_FACE));
    assertFalse(Files.exists(folder.resolve("hf")));
  }

  @Test
  void whatDoesNotFitIsReportedAtOnceAndNothingIsWritten() throws IOException {
    TinyModel.write(folder.resolve("m"), Task.CAPTION);

    ConversionReport report =
        assertThrows(
                ConversionReport.Refusal.class,
                () ->
                    convert(
                        "m", "r", ConversionRequest.Form.MODEL_FOLDER, Optional.of(Task.RETRIEVAL)))
            .report();

    assertFalse(report.ok());
    assertTrue(report.missing().contains("itm_head.weight is missing"), report.missing().get(0));
    assertTrue(report.missing().size() > 50);
    assertTrue(report.leftOver().contains("text_decoder.cls.predictions.bias"));
    assertFalse(Files.exists(folder.resolve("r")));
  }

  @Test
  void onlyModelsAreReplacedAndOnlyWhenAsked() throws IOException {
    TinyModel.write(folder.resolve("m"), Task.CAPTION);
    convert("m", "other", ConversionRequest.Form.MODEL_FOLDER);
    assertThrows(
        FileAlreadyExistsException.class,
        () -> convert("m", "other", ConversionRequest.Form.MODEL_FOLDER));
    ModelSource source = ModelSource.resolve(folder.resolve("m").toString());
    ModelConversion.run(
        source,
        new ConversionRequest(
            folder.resolve("other"), ConversionRequest.Form.HUGGING_FACE, Optional.empty(), true));
    assertTrue(Files.exists(folder.resolve("other/model.safetensors")));
    assertFalse(Files.exists(folder.resolve("other/variables.index")));
    IOException refused =
        assertThrows(
            IOException.class,
            () ->
                ModelConversion.run(
                    source,
                    new ConversionRequest(
                        folder, ConversionRequest.Form.MODEL_FOLDER, Optional.empty(), true)));
    assertTrue(refused.getMessage().contains("other things"), refused.getMessage());
  }
}
