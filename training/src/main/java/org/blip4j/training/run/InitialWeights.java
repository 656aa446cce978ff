package org.blip4j.training.run;

import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.BiPredicate;
import org.blip4j.data.weights.TensorBundleReader;
import org.blip4j.graph.config.ModelFolder;
import org.blip4j.graph.weights.CheckpointFit;
import org.blip4j.graph.weights.PositionInterpolation;
import org.blip4j.ops.core.Variable;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.types.TFloat32;

/**
 * The weights that a run starts from, taken from a model folder of this or another task.
 *
 * <p>What a pre-trained decoder shares with its encoder is stored once, under the encoder's name; a
 * captioner takes it from there (blip-spec 3.8). Position embeddings are fitted to another image
 * size. Everything else must be there in its own shape.
 */
final class InitialWeights {
  private static final String TEMPERATURE = "temp";
  private static final String DECODER = "text_decoder/bert/";
  private static final String ENCODER = "text_encoder/";

  private final TensorBundleReader reader;
  private final Map<String, Source> sources;

  private record Source(TensorBundleReader.Entry stored, Shape wanted) {}

  private InitialWeights(TensorBundleReader reader, Map<String, Source> sources) {
    this.reader = reader;
    this.sources = sources;
  }

  /**
   * Finds a source for every trainable variable.
   *
   * @throws IOException in one line that lists every missing and every mis-shaped tensor
   */
  static InitialWeights plan(ModelFolder folder, List<Variable<TFloat32>> trainables)
      throws IOException {
    TensorBundleReader reader = TensorBundleReader.open(folder.variables());
    Map<String, Source> sources = new LinkedHashMap<>();
    CheckpointFit fit = new CheckpointFit();
    for (Variable<TFloat32> variable : trainables) {
      Optional<TensorBundleReader.Entry> stored = find(reader, variable.name());
      boolean fresh = stored.isEmpty() && variable.name().equals(TEMPERATURE);
      if (!fresh && fit.check(variable, stored, shapes(variable.name()))) {
        sources.put(variable.name(), new Source(stored.get(), variable.shape()));
      }
    }
    fit.require(folder.path(), "this model");
    return new InitialWeights(reader, sources);
  }

  /** Names of the variables that get a value. */
  List<String> names() {
    return List.copyOf(sources.keySet());
  }

  /** Reads the value of one of them. */
  float[] read(String name) throws IOException {
    Source source = sources.get(name);
    float[] values = reader.floats(source.stored().name());
    return source.stored().shape().equals(source.wanted())
        ? values
        : PositionInterpolation.resize(values, source.stored().shape(), source.wanted());
  }

  private static Optional<TensorBundleReader.Entry> find(TensorBundleReader reader, String name) {
    TensorBundleReader.Entry own = reader.variables().get(name);
    if (own == null && name.startsWith(DECODER)) {
      own = reader.variables().get(ENCODER + name.substring(DECODER.length()));
    }
    return Optional.ofNullable(own);
  }

  /** Which shapes a tensor may have; the first is its own. */
  private static BiPredicate<Shape, Shape> shapes(String name) {
    BiPredicate<Shape, Shape> equal = Shape::equals;
    return name.endsWith("/pos_embed") ? equal.or(PositionInterpolation::fits) : equal;
  }
}
