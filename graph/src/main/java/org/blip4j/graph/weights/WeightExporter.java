package org.blip4j.graph.weights;

import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableMap;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.stream.LongStream;
import org.blip4j.data.weights.SafetensorsWriter;
import org.blip4j.data.weights.TensorBundleReader;
import org.tensorflow.ndarray.Shape;

/**
 * Writes the variables of a model as safetensors under published names: the way back from {@link
 * WeightImporter}.
 *
 * <p>Official form: all names of a state dict, tied ones once under each name, and the {@code
 * position_ids} buffers, which the official loader asks for. Hugging Face form: what {@code
 * save_pretrained} writes; the second name of the language model's bias is left out as there.
 */
public final class WeightExporter {
  private static final String POSITIONS = "/embeddings/position_embeddings/weight";
  private static final String SECOND_BIAS = "text_decoder.cls.predictions.decoder.bias";

  private final VariableValues values;
  private final PublishedForm form;
  private final boolean shared;
  private final WeightNames names;
  private final List<SafetensorsWriter.Entry> entries = new ArrayList<>();
  private final List<String> leftOut = new ArrayList<>();

  private WeightExporter(VariableValues values, PublishedForm form) {
    this.values = values;
    this.form = form;
    this.shared =
        sharesDecoder(values.variables().stream().map(VariableValues.Wanted::name).toList());
    this.names = WeightNames.of(form, shared);
  }

  /** Whether a model has a decoder that shares variables with its encoder, as in pre-training. */
  static boolean sharesDecoder(Collection<String> variables) {
    return has(variables, "text_decoder/") && !has(variables, "text_decoder/bert/embeddings/");
  }

  private static boolean has(Collection<String> variables, String prefix) {
    return variables.stream().anyMatch(name -> name.startsWith(prefix));
  }

  /**
   * Writes a safetensors file.
   *
   * @param checkpoint the variables of one model
   * @param form whose names to use
   * @param target the file
   * @return names of variables that have no name in that form (momentum copies, queues and the
   *     temperature at Hugging Face; optimizer state)
   * @throws IllegalArgumentException if the form has no place for the model: a shared decoder or
   *     two images at Hugging Face
   */
  public static ImmutableList<String> write(
      TensorBundleReader checkpoint, PublishedForm form, Path target) throws IOException {
    return write(new StoredValues(checkpoint), form, target, ImmutableMap.of());
  }

  /**
   * The same from any source of values.
   *
   * @param metadata strings to store in the file, beside the one that tells its format
   */
  public static ImmutableList<String> write(
      VariableValues values, PublishedForm form, Path target, ImmutableMap<String, String> metadata)
      throws IOException {
    WeightExporter exporter = new WeightExporter(values, form);
    exporter.collect();
    SafetensorsWriter.write(target, metadata, exporter.entries);
    return ImmutableList.copyOf(exporter.leftOut);
  }

  /** The variables of a checkpoint. */
  private record StoredValues(TensorBundleReader checkpoint) implements VariableValues {
    @Override
    public List<VariableValues.Wanted> variables() {
      return checkpoint.variables().values().stream()
          .map(stored -> new VariableValues.Wanted(stored.name(), stored.shape()))
          .toList();
    }

    @Override
    public float[] floats(String variable) throws IOException {
      return checkpoint.floats(variable);
    }

    @Override
    public long[] longs(String variable) throws IOException {
      return checkpoint.longs(variable);
    }
  }

  private void collect() {
    if (form == PublishedForm.HUGGING_FACE) {
      requirePublishable();
    }
    for (VariableValues.Wanted variable : values.variables()) {
      ImmutableList<WeightNames.Published> published = names.published(variable.name());
      if (published.isEmpty()) {
        leftOut.add(variable.name());
      }
      for (WeightNames.Published name : published) {
        if (form == PublishedForm.OFFICIAL || !name.name().equals(SECOND_BIAS)) {
          entries.add(entry(variable, name));
        }
      }
    }
    if (form == PublishedForm.OFFICIAL) {
      addPositionIds();
    }
  }

  private void requirePublishable() {
    if (has(values.variables().stream().map(VariableValues.Wanted::name).toList(), "cls_head/")) {
      throw new IllegalArgumentException("Hugging Face has no BLIP class for two images");
    }
    if (shared) {
      throw new IllegalArgumentException(
          "Hugging Face has no class for a pre-training model; convert to a captioning or retrieval"
              + " model first");
    }
  }

  private SafetensorsWriter.Entry entry(
      VariableValues.Wanted variable, WeightNames.Published name) {
    Shape shape = name.layout().toPublished(variable.shape());
    if (WeightNames.isInteger(variable.name())) {
      return new SafetensorsWriter.Longs(name.name(), shape, () -> values.longs(variable.name()));
    }
    return new SafetensorsWriter.Floats(
        name.name(),
        shape,
        () -> name.layout().toPublished(values.floats(variable.name()), variable.shape()));
  }

  /** 0, 1, 2, ... for each text stack that has positions under one of its names. */
  private void addPositionIds() {
    String suffix = POSITIONS.replace('/', '.');
    for (VariableValues.Wanted variable : values.variables()) {
      if (variable.name().endsWith(POSITIONS)) {
        long rows = variable.shape().get(0);
        for (WeightNames.Published name : names.published(variable.name())) {
          String stack = name.name().substring(0, name.name().length() - suffix.length());
          entries.add(
              new SafetensorsWriter.Longs(
                  stack + ".embeddings.position_ids",
                  Shape.of(1, rows),
                  () -> LongStream.range(0, rows).toArray()));
        }
      }
    }
  }
}
