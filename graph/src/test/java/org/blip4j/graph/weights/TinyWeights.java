package org.blip4j.graph.weights;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.blip4j.data.weights.SafetensorsWriter;
import org.blip4j.data.weights.WeightFile;
import org.tensorflow.ndarray.Shape;

/** A made-up state dict of width 64: tensors by published name, to be changed and written. */
public final class TinyWeights {
  private final Map<String, Shape> shapes = new LinkedHashMap<>();
  private final Map<String, float[]> values = new LinkedHashMap<>();

  /** Random values for all variables, under all names of each. */
  public static TinyWeights of(WeightNames names, List<VariableValues.Wanted> variables) {
    TinyWeights weights = new TinyWeights();
    Random random = new Random(1);
    for (VariableValues.Wanted variable : variables) {
      float[] ours = new float[Math.toIntExact(variable.shape().size())];
      for (int i = 0; i < ours.length; i++) {
        ours[i] = random.nextFloat();
      }
      for (WeightNames.Published name : names.published(variable.name())) {
        weights.put(
            name.name(),
            name.layout().toPublished(variable.shape()),
            name.layout().toPublished(ours, variable.shape()));
      }
    }
    return weights;
  }

  public TinyWeights put(String name, Shape shape, float... data) {
    shapes.put(name, shape);
    values.put(name, data);
    return this;
  }

  public TinyWeights remove(String name) {
    shapes.remove(name);
    return this;
  }

  /** The same with something before every name. */
  public TinyWeights after(String prefix) {
    TinyWeights other = new TinyWeights();
    shapes.forEach((name, shape) -> other.put(prefix + name, shape, values.get(name)));
    return other;
  }

  /** The names of all tensors. */
  public List<String> names() {
    return List.copyOf(shapes.keySet());
  }

  public float[] values(String name) {
    return values.get(name);
  }

  public Shape shape(String name) {
    return shapes.get(name);
  }

  public WeightFile write(Path path) throws IOException {
    List<SafetensorsWriter.Entry> entries = new ArrayList<>();
    shapes.forEach(
        (name, shape) ->
            entries.add(
                name.endsWith("_ptr")
                    ? new SafetensorsWriter.Longs(name, shape, () -> new long[] {3})
                    : new SafetensorsWriter.Floats(name, shape, () -> values.get(name))));
    SafetensorsWriter.write(path, entries);
    return WeightFile.open(path);
  }

  /** The variables of a pre-training model of one layer, momentum copies and queues included. */
  public static List<VariableValues.Wanted> pretraining() {
    List<VariableValues.Wanted> variables = new ArrayList<>();
    for (String suffix : new String[] {"", "_m"}) {
      vision(variables, "visual_encoder" + suffix);
      embeddings(variables, "text_encoder" + suffix);
      block(variables, "text_encoder" + suffix, "attention");
      block(variables, "text_encoder" + suffix, "crossattention");
      feedForward(variables, "text_encoder" + suffix);
      linear(variables, "vision_proj" + suffix, 64, 16);
      linear(variables, "text_proj" + suffix, 64, 16);
    }
    block(variables, "text_decoder/bert", "attention");
    head(variables);
    linear(variables, "itm_head", 64, 2);
    add(variables, "temp");
    add(variables, "image_queue", 8, 16);
    add(variables, "text_queue", 8, 16);
    add(variables, "queue_ptr", 1);
    return variables;
  }

  /** The variables of a captioning model of one layer. */
  public static List<VariableValues.Wanted> captioning(int positions) {
    List<VariableValues.Wanted> variables = new ArrayList<>();
    vision(variables, "visual_encoder");
    variables.removeIf(variable -> variable.name().endsWith("pos_embed"));
    add(variables, "visual_encoder/pos_embed", 1, positions, 64);
    embeddings(variables, "text_decoder/bert");
    block(variables, "text_decoder/bert", "attention");
    block(variables, "text_decoder/bert", "crossattention");
    feedForward(variables, "text_decoder/bert");
    head(variables);
    return variables;
  }

  private static void vision(List<VariableValues.Wanted> variables, String tower) {
    add(variables, tower + "/cls_token", 1, 1, 64);
    add(variables, tower + "/pos_embed", 1, 5, 64);
    add(variables, tower + "/patch_embed/proj/kernel", 8, 8, 3, 64);
    add(variables, tower + "/patch_embed/proj/bias", 64);
    norm(variables, tower + "/blocks/0/norm1");
    linear(variables, tower + "/blocks/0/attn/qkv", 64, 192);
    linear(variables, tower + "/blocks/0/attn/proj", 64, 64);
    norm(variables, tower + "/blocks/0/norm2");
    linear(variables, tower + "/blocks/0/mlp/fc1", 64, 256);
    linear(variables, tower + "/blocks/0/mlp/fc2", 256, 64);
    norm(variables, tower + "/norm");
  }

  private static void embeddings(List<VariableValues.Wanted> variables, String stack) {
    add(variables, stack + "/embeddings/word_embeddings/weight", 120, 64);
    add(variables, stack + "/embeddings/position_embeddings/weight", 20, 64);
    norm(variables, stack + "/embeddings/LayerNorm");
  }

  static void block(List<VariableValues.Wanted> variables, String stack, String kind) {
    String block = stack + "/encoder/layer/0/" + kind;
    for (String map : new String[] {"self/query", "self/key", "self/value", "output/dense"}) {
      linear(variables, block + "/" + map, 64, 64);
    }
    norm(variables, block + "/output/LayerNorm");
  }

  private static void feedForward(List<VariableValues.Wanted> variables, String stack) {
    linear(variables, stack + "/encoder/layer/0/intermediate/dense", 64, 96);
    linear(variables, stack + "/encoder/layer/0/output/dense", 96, 64);
    norm(variables, stack + "/encoder/layer/0/output/LayerNorm");
  }

  private static void head(List<VariableValues.Wanted> variables) {
    add(variables, "text_decoder/cls/predictions/bias", 120);
    linear(variables, "text_decoder/cls/predictions/transform/dense", 64, 64);
    norm(variables, "text_decoder/cls/predictions/transform/LayerNorm");
  }

  public static void linear(List<VariableValues.Wanted> variables, String name, long in, long out) {
    add(variables, name + "/kernel", in, out);
    add(variables, name + "/bias", out);
  }

  private static void norm(List<VariableValues.Wanted> variables, String name) {
    add(variables, name + "/weight", 64);
    add(variables, name + "/bias", 64);
  }

  private static void add(List<VariableValues.Wanted> variables, String name, long... shape) {
    variables.add(
        new VariableValues.Wanted(name, shape.length == 0 ? Shape.scalar() : Shape.of(shape)));
  }
}
