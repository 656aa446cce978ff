package org.blip4j.savedmodel.convert;

import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableMap;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.blip4j.data.text.Vocabulary;
import org.blip4j.graph.config.ConfigJson;
import org.blip4j.graph.config.ModelFolder;
import org.blip4j.graph.config.Task;
import org.blip4j.graph.weights.ImportReport;
import org.blip4j.graph.weights.ImportRequest;
import org.blip4j.graph.weights.PublishedForm;
import org.blip4j.graph.weights.VariableShape;
import org.blip4j.graph.weights.WeightExporter;
import org.blip4j.graph.weights.WeightImporter;
import org.blip4j.graph.weights.WeightNames;
import org.blip4j.savedmodel.huggingface.HuggingFaceFolder;
import org.blip4j.savedmodel.open.ModelSource;
import org.blip4j.savedmodel.open.PublishedDescription;
import org.blip4j.savedmodel.open.ServingModel;

/**
 * Converts a model of any form into a model folder or into published weights.
 *
 * <p>Every tensor is used or named in the report, every variable is filled or named. Nothing is
 * written unless everything fits, and what is written appears whole or not at all. Values are
 * copied bit for bit; only position embeddings change where another image size is asked for.
 *
 * <pre>{@code
 * ConversionReport report =
 *     ModelConversion.run(
 *         ModelSource.resolve("model_base_caption_capfilt_large.pth"),
 *         new ConversionRequest(folder, TargetForm.MODEL_FOLDER, Optional.empty(), false));
 * }</pre>
 */
public final class ModelConversion {
  private static final String ENDING = ".safetensors";

  private final OpenModel source;
  private final ConversionRequest request;

  private ModelConversion(OpenModel source, ConversionRequest request) {
    this.source = source;
    this.request = request;
  }

  /**
   * Converts a model.
   *
   * @throws ConversionException if weights are missing, mis-shaped or unknown; all are listed
   * @throws IOException if the source cannot be read, or the target exists and may not be replaced
   * @throws IllegalArgumentException if the target's form has no place for the model
   */
  public static ConversionReport run(ModelSource source, ConversionRequest request)
      throws IOException {
    ConversionTarget target = ConversionTarget.of(request);
    target.requireFree();
    try (OpenModel open = OpenModel.open(source, request.task())) {
      return new ModelConversion(open, request).run(target);
    }
  }

  private ConversionReport run(ConversionTarget target) throws IOException {
    Task task = source.model().config().task();
    if (request.form() == TargetForm.HUGGING_FACE) {
      HuggingFaceFolder.requireClass(source.model().config());
    }
    WeightNames names = WeightImporter.names(source.file(), task == Task.PRETRAIN);
    ImmutableList.Builder<VariableShape> wanted = ImmutableList.builder();
    List<VariableShape> variables = source.variables();
    wanted.addAll(variables);
    if (request.form() != TargetForm.HUGGING_FACE) {
      wanted.addAll(source.trainingState(names, variables));
    }
    ImportRequest strict = ImportRequest.strict(wanted.build());
    ImportReport imported = WeightImporter.compare(source.file(), names, strict);
    ConversionReport report = ConversionReport.of(source, request, imported);
    if (!imported.complete()) {
      throw new ConversionException(
          source.path() + ": " + imported.complaint().orElseThrow(), report);
    }
    WeightImporter importer = WeightImporter.plan(source.file(), names, strict);
    return report.withLeftOut(target.write(beside -> write(importer, beside)));
  }

  /** Writes everything at a place that is not yet the final one. */
  private ImmutableList<String> write(WeightImporter importer, Path beside) throws IOException {
    ServingModel model = source.model();
    return switch (request.form()) {
      case MODEL_FOLDER -> {
        ModelFolder folder = new ModelFolder(Files.createDirectory(beside));
        importer.writeCheckpoint(folder.variables());
        model.vocabulary().write(folder.vocabularyFile());
        ConfigJson.write(folder.configFile(), model.config());
        yield ImmutableList.of();
      }
      case SAFETENSORS -> {
        if (request.target().toString().endsWith(ENDING)) {
          yield safetensors(importer, beside);
        }
        ModelFolder folder = new ModelFolder(Files.createDirectory(beside));
        model.vocabulary().write(folder.vocabularyFile());
        ConfigJson.write(folder.configFile(), model.config());
        yield safetensors(importer, beside.resolve("model" + ENDING));
      }
      case HUGGING_FACE -> {
        Files.createDirectory(beside);
        HuggingFaceFolder.write(beside, model.config(), model.vocabulary());
        yield WeightExporter.write(
            importer,
            PublishedForm.HUGGING_FACE,
            beside.resolve("model" + ENDING),
            ImmutableMap.of());
      }
    };
  }

  /** A file says itself what no tensor tells, so that it can be run without further files. */
  private ImmutableList<String> safetensors(WeightImporter importer, Path file) throws IOException {
    ServingModel model = source.model();
    ImmutableMap.Builder<String, String> strings = ImmutableMap.builder();
    strings.put(PublishedDescription.CONFIG_KEY, ConfigJson.tree(model.config()).toString());
    if (!model.vocabulary().tokens().equals(Vocabulary.bertBaseUncased().tokens())) {
      strings.put(
          PublishedDescription.VOCABULARY_KEY, String.join("\n", model.vocabulary().tokens()));
    }
    return WeightExporter.write(importer, PublishedForm.OFFICIAL, file, strings.buildOrThrow());
  }
}
