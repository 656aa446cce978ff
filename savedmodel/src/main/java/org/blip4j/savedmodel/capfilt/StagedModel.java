package org.blip4j.savedmodel.capfilt;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.UnaryOperator;
import org.blip4j.graph.config.VitConfig;
import org.blip4j.ops.core.Variable;
import org.blip4j.savedmodel.open.ModelSource;
import org.blip4j.savedmodel.predict.LoadedModel;
import org.blip4j.savedmodel.predict.PredictorOptions;
import org.blip4j.savedmodel.signature.ServingSettings;
import org.blip4j.savedmodel.signature.StagedCalls;
import org.tensorflow.Result;
import org.tensorflow.Tensor;
import org.tensorflow.ndarray.NdArrays;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.ndarray.buffer.DataBuffers;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TInt32;
import org.tensorflow.types.TInt64;
import org.tensorflow.types.TString;

/** A model whose stages are run one by one, each with the number of rows that it is given. */
final class StagedModel implements AutoCloseable {
  private static final String VISION = "visual_encoder/";

  private final LoadedModel loaded;
  private final StagedCalls stages;

  private StagedModel(LoadedModel loaded) {
    this.loaded = loaded;
    this.stages = loaded.graph().stages();
  }

  static StagedModel open(
      ModelSource source, PredictorOptions given, UnaryOperator<ServingSettings> adjust)
      throws IOException {
    PredictorOptions options = given.withSettings(own -> adjust.apply(given.adjust().apply(own)));
    LoadedModel loaded =
        source instanceof ModelSource.Exported exported
            ? LoadedModel.rebuild(exported, options)
            : LoadedModel.open(source, options);
    try {
      return new StagedModel(loaded);
    } catch (RuntimeException | Error e) {
      loaded.close();
      throw e;
    }
  }

  String task() {
    return loaded.model().config().task().toString();
  }

  boolean writes() {
    return stages.sample().isPresent();
  }

  boolean matches() {
    return stages.match().isPresent();
  }

  /** Whether both take the same pixels. */
  boolean decodesLike(StagedModel other) {
    return vision().imageSize() == other.vision().imageSize();
  }

  /** Whether both make the same states of an image: equal image encoders with equal weights. */
  boolean encodesLike(StagedModel other) {
    if (!vision().equals(other.vision())) {
      return false;
    }
    List<Variable<?>> own = visionVariables();
    List<Variable<?>> others = other.visionVariables();
    for (int i = 0; i < own.size(); i++) {
      if (!own.get(i).name().equals(others.get(i).name())
          || !Arrays.equals(value(own.get(i)), other.value(others.get(i)))) {
        return false;
      }
    }
    return own.size() == others.size();
  }

  VitConfig vision() {
    return loaded.model().config().architecture().vision();
  }

  private List<Variable<?>> visionVariables() {
    return loaded.graph().variables().stream()
        .<Variable<?>>map(variable -> variable)
        .filter(variable -> variable.name().startsWith(VISION))
        .toList();
  }

  private float[] value(Variable<?> variable) {
    try (Result result = loaded.session().runner().fetch(variable.value()).run()) {
      return floats(result.get(0));
    }
  }

  /** Pixels and status of as many image files as there are. */
  Result decode(List<byte[]> files) {
    try (TString bytes =
        TString.tensorOfBytes(NdArrays.vectorOfObjects(files.toArray(new byte[0][])))) {
      return stages.decode().run(loaded.session(), bytes);
    }
  }

  /** States of pixels. */
  Result encode(Tensor pixels) {
    return stages.encode().run(loaded.session(), pixels);
  }

  List<String> search(Tensor states) {
    try (Result result = stages.search().orElseThrow().run(loaded.session(), states)) {
      return strings(result.get(0));
    }
  }

  List<String> sample(Tensor states, long[] seeds) {
    try (TInt64 numbers =
            TInt64.tensorOf(Shape.of(seeds.length), DataBuffers.of(seeds, true, false));
        Result result = stages.sample().orElseThrow().run(loaded.session(), states, numbers)) {
      return strings(result.get(0));
    }
  }

  /** Match probabilities and cosines of texts, each with the image in its row. */
  float[][] match(Tensor states, int[] rows, List<String> texts) {
    try (TInt32 numbers =
            TInt32.tensorOf(Shape.of(rows.length), DataBuffers.of(rows, true, false));
        TString strings = TString.vectorOf(texts.toArray(new String[0]));
        Result result =
            stages.match().orElseThrow().run(loaded.session(), states, numbers, strings)) {
      return new float[][] {floats(result.get(0)), floats(result.get(1))};
    }
  }

  static List<String> strings(Tensor tensor) {
    List<String> values = new ArrayList<>();
    ((TString) tensor).scalars().forEach(scalar -> values.add(scalar.getObject()));
    return values;
  }

  private static float[] floats(Tensor tensor) {
    float[] values = new float[Math.toIntExact(tensor.shape().size())];
    ((TFloat32) tensor).asRawTensor().data().asFloats().read(values);
    return values;
  }

  @Override
  public void close() {
    loaded.close();
  }
}
