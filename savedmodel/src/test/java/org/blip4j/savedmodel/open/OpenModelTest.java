package org.blip4j.savedmodel.open;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.blip4j.data.weights.TensorBundleReader;
import org.blip4j.data.weights.WeightFile;
import org.blip4j.graph.config.BlipConfig;
import org.blip4j.graph.config.Task;
import org.blip4j.graph.weights.StartingModel;
import org.blip4j.graph.weights.VariableValues;
import org.blip4j.graph.weights.WeightImporter;
import org.blip4j.savedmodel.convert.ConversionRequest;
import org.blip4j.savedmodel.convert.ModelConversion;
import org.blip4j.savedmodel.export.ModelExporter;
import org.blip4j.savedmodel.predict.PredictorOptions;
import org.blip4j.savedmodel.testing.TinyModel;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** One model in every form that the commands read. */
final class OpenModelTest {
  @TempDir private Path folder;

  private String convert(ConversionRequest.Form form, String name) throws IOException {
    ModelConversion.run(
        ModelSource.resolve(folder.resolve("run").toString()),
        new ConversionRequest(folder.resolve(name), form, Optional.empty(), false));
    return name;
  }

  /** Equal values of equal variables: training from any of them takes the same first step. */
  @Test
  void trainingStartsFromTheSameWeightsInEveryForm() throws IOException {
    ModelSource.Folder model = TinyModel.write(folder.resolve("run/model"), Task.CAPTION);
    ModelExporter.export(
        model,
        PredictorOptions.defaults(),
        new ModelExporter.Target(folder.resolve("served"), 1, false));
    List<String> forms =
        List.of(
            "run",
            "run/model",
            "served",
            convert(ConversionRequest.Form.SAFETENSORS, "file.safetensors"),
            convert(ConversionRequest.Form.SAFETENSORS, "official"),
            convert(ConversionRequest.Form.HUGGING_FACE, "hf"));
    TensorBundleReader expected = TensorBundleReader.open(model.folder().variables());
    List<VariableValues.Wanted> wanted = new ArrayList<>();
    expected
        .variables()
        .forEach((name, e) -> wanted.add(new VariableValues.Wanted(name, e.shape())));
    for (String form : forms) {
      StartingModel start =
          OpenModel.starting(ModelSource.resolve(folder.resolve(form).toString()));
      BlipConfig architecture = model.folder().readConfig().architecture();
      assertEquals(architecture.vision(), start.config().architecture().vision(), form);
      assertEquals(architecture.text(), start.config().architecture().text(), form);
      assertEquals(TinyModel.vocabulary().tokens(), start.vocabulary().tokens(), form);
      try (WeightFile file = start.weights().open()) {
        WeightImporter values = StartingModel.plan(file, Task.CAPTION, wanted);
        for (VariableValues.Wanted variable : wanted) {
          assertArrayEquals(expected.floats(variable.name()), values.floats(variable.name()), form);
        }
      }
    }
  }
}
