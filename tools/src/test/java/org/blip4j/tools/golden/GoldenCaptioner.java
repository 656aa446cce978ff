package org.blip4j.tools.golden;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.google.common.io.Closer;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.blip4j.graph.config.BlipConfig;
import org.blip4j.graph.config.SpecialTokens;
import org.blip4j.graph.config.Task;
import org.blip4j.graph.config.TextConfig;
import org.blip4j.graph.config.VitConfig;
import org.blip4j.graph.model.Blip;
import org.blip4j.graph.weights.VariableShape;
import org.blip4j.ops.core.GraphContext;
import org.blip4j.ops.core.InitializerScheme;
import org.blip4j.ops.core.Mode;
import org.blip4j.ops.core.Variable;
import org.blip4j.ops.core.VariableScope;
import org.blip4j.savedmodel.weights.ImportRequest;
import org.blip4j.savedmodel.weights.WeightFile;
import org.blip4j.savedmodel.weights.WeightImporter;
import org.tensorflow.Graph;
import org.tensorflow.Operand;
import org.tensorflow.Result;
import org.tensorflow.Session;
import org.tensorflow.Tensor;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.ndarray.buffer.DataBuffers;
import org.tensorflow.op.core.Placeholder;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TInt32;
import org.tensorflow.types.TInt64;

/** The captioning model of a golden folder with its weights and pictures. */
final class GoldenCaptioner implements AutoCloseable {
  final JsonNode cases;
  final GraphContext ctx;
  final Blip blip;
  final Operand<TFloat32> pixels;

  private final Path folder;
  private final Graph graph = new Graph();
  private final VariableScope vars;
  private final float[] pictures;
  private final int side;
  private final Session session = new Session(graph);

  GoldenCaptioner(Path folder) throws IOException {
    this.folder = folder;
    ObjectMapper mapper = new ObjectMapper();
    this.cases = mapper.readTree(folder.resolve("cases.json").toFile());
    BlipConfig config = config(mapper.readTree(folder.resolve("config.json").toFile()));
    this.side = config.vision().imageSize();
    this.ctx = GraphContext.create(graph, Mode.INFER);
    this.vars = VariableScope.root(ctx, 1);
    this.blip = Blip.create(vars, config, Task.CAPTION);
    this.pixels =
        ctx.tf().placeholder(TFloat32.class, Placeholder.shape(Shape.of(-1, side, side, 3)));
    this.pictures = channelsLast(floats("inputs.safetensors", "image"), side);
    load();
  }

  private static BlipConfig config(JsonNode c) {
    VitConfig vision =
        new VitConfig(
            c.path("image_size").intValue(),
            c.path("patch_size").intValue(),
            c.path("vision_width").intValue(),
            c.path("vision_layers").intValue(),
            c.path("vision_heads").intValue(),
            c.path("vision_mlp_ratio").intValue(),
            c.path("vision_layer_norm_eps").doubleValue(),
            0);
    SpecialTokens tokens =
        new SpecialTokens(
            c.path("pad_token_id").intValue(),
            c.path("unk_token_id").intValue(),
            c.path("cls_token_id").intValue(),
            c.path("sep_token_id").intValue(),
            c.path("mask_token_id").intValue(),
            c.path("dec_token_id").intValue(),
            c.path("enc_token_id").intValue());
    TextConfig text =
        new TextConfig(
            c.path("vocab_size").intValue(),
            c.path("text_width").intValue(),
            c.path("text_layers").intValue(),
            c.path("text_heads").intValue(),
            c.path("text_ff").intValue(),
            c.path("text_max_positions").intValue(),
            c.path("text_layer_norm_eps").doubleValue(),
            0,
            tokens);
    return new BlipConfig(vision, text, 16, InitializerScheme.PUBLISHED);
  }

  private static float[] channelsLast(float[] x, int side) {
    int area = side * side;
    float[] result = new float[x.length];
    for (int image = 0; image < x.length / (3 * area); image++) {
      for (int place = 0; place < area; place++) {
        for (int channel = 0; channel < 3; channel++) {
          result[(image * area + place) * 3 + channel] = x[(image * 3 + channel) * area + place];
        }
      }
    }
    return result;
  }

  int images() {
    return pictures.length / (3 * side * side);
  }

  float[] floats(String file, String tensor) throws IOException {
    try (WeightFile open = WeightFile.open(folder.resolve(file))) {
      return open.tensors().get(tensor).floats();
    }
  }

  long[] longs(String file, String tensor) throws IOException {
    try (WeightFile open = WeightFile.open(folder.resolve(file))) {
      return open.tensors().get(tensor).longs();
    }
  }

  /** What was computed: a float array or a long array for each operand. */
  List<Object> run(int[] images, List<Operand<?>> operands) throws IOException {
    int size = 3 * side * side;
    float[] chosen = new float[images.length * size];
    for (int i = 0; i < images.length; i++) {
      System.arraycopy(pictures, images[i] * size, chosen, i * size, size);
    }
    Session.Runner runner = session.runner();
    operands.forEach(runner::fetch);
    List<Object> values = new ArrayList<>();
    try (TFloat32 fed =
            TFloat32.tensorOf(
                Shape.of(images.length, side, side, 3), DataBuffers.of(chosen, true, false));
        Result result = runner.feed(pixels, fed).run()) {
      result.forEach(entry -> values.add(read(entry.getValue())));
    }
    return values;
  }

  private static Object read(Tensor tensor) {
    int size = Math.toIntExact(tensor.shape().size());
    if (tensor instanceof TFloat32 numbers) {
      float[] values = new float[size];
      numbers.asRawTensor().data().asFloats().read(values);
      return values;
    }
    long[] values = new long[size];
    if (tensor instanceof TInt64 numbers) {
      numbers.asRawTensor().data().asLongs().read(values);
    } else {
      int[] narrow = new int[size];
      ((TInt32) tensor).asRawTensor().data().asInts().read(narrow);
      Arrays.setAll(values, i -> narrow[i]);
    }
    return values;
  }

  /** All variables in one run: each set of targets costs as much as the graph is large. */
  private void load() throws IOException {
    List<VariableShape> shapes = new ArrayList<>();
    vars.all()
        .forEach(variable -> shapes.add(new VariableShape(variable.name(), variable.shape())));
    Session.Runner runner = session.runner();
    try (WeightFile file = WeightFile.open(folder.resolve("weights.pth"));
        Closer tensors = Closer.create()) {
      WeightImporter importer =
          WeightImporter.plan(
              file, WeightImporter.names(file, false), ImportRequest.strict(shapes));
      for (VariableShape shape : shapes) {
        Variable<TFloat32> variable = vars.get(shape.name());
        Placeholder<TFloat32> value =
            ctx.tf().placeholder(TFloat32.class, Placeholder.shape(shape.shape()));
        TFloat32 tensor =
            TFloat32.tensorOf(
                shape.shape(), DataBuffers.of(importer.floats(shape.name()), true, false));
        tensors.register(tensor::close);
        runner.feed(value, tensor).addTarget(variable.assign(ctx, value));
      }
      runner.run().close();
    }
  }

  @Override
  public void close() {
    session.close();
    graph.close();
  }
}
