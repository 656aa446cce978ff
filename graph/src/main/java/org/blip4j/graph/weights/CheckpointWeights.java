package org.blip4j.graph.weights;

import com.google.common.collect.ImmutableMap;
import com.google.common.primitives.ImmutableLongArray;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.blip4j.data.weights.FileRegion;
import org.blip4j.data.weights.StoredTensor;
import org.blip4j.data.weights.TensorBundleReader;
import org.blip4j.data.weights.TensorView;
import org.blip4j.data.weights.WeightFile;
import org.blip4j.data.weights.WeightFileException;
import org.blip4j.data.weights.WeightLayout;
import org.blip4j.data.weights.WeightType;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.proto.DataType;

/**
 * A TensorFlow checkpoint seen as published weights: every variable under its official names, tied
 * ones under all of them, with the published axes. Nothing is copied; a kernel is a transposed view
 * of its bytes.
 */
public final class CheckpointWeights implements WeightFile {
  private final Path prefix;
  private final Map<Path, FileChannel> channels = new HashMap<>();
  private final Map<String, StoredTensor> tensors = new LinkedHashMap<>();

  private CheckpointWeights(Path prefix) {
    this.prefix = prefix;
  }

  /**
   * Opens a checkpoint of ours and checks every checksum.
   *
   * @param prefix path without {@code .index}
   */
  public static CheckpointWeights open(Path prefix) throws IOException {
    TensorBundleReader reader = TensorBundleReader.open(prefix);
    boolean shared = WeightExporter.sharesDecoder(reader.variables().keySet());
    return open(prefix, reader, WeightNames.of(PublishedForm.OFFICIAL, shared)::published);
  }

  /**
   * Opens any checkpoint.
   *
   * @param names the published names of a variable; none for one that keeps its own
   */
  static CheckpointWeights open(Path prefix, Function<String, List<WeightNames.Published>> names)
      throws IOException {
    return open(prefix, TensorBundleReader.open(prefix), names);
  }

  private static CheckpointWeights open(
      Path prefix,
      TensorBundleReader reader,
      Function<String, ? extends List<WeightNames.Published>> names)
      throws IOException {
    CheckpointWeights weights = new CheckpointWeights(prefix);
    try {
      weights.openAll(reader, names);
      return weights;
    } catch (IOException | RuntimeException e) {
      weights.close();
      throw e;
    }
  }

  private void openAll(
      TensorBundleReader reader, Function<String, ? extends List<WeightNames.Published>> names)
      throws IOException {
    for (TensorBundleReader.Entry variable : reader.variables().values()) {
      WeightType type = type(variable);
      TensorBundleReader.Region region = reader.region(variable.name());
      FileRegion bytes = region(region.file()).slice(region.offset(), region.length());
      List<WeightNames.Published> published = names.apply(variable.name());
      for (WeightNames.Published name : published) {
        TensorView view = published(name.layout(), variable.shape());
        tensors.put(name.name(), StoredTensor.of(name.name(), type, view, bytes));
      }
      if (published.isEmpty()) {
        TensorView view = TensorView.contiguous(variable.shape());
        tensors.put(variable.name(), StoredTensor.of(variable.name(), type, view, bytes));
      }
    }
  }

  /** How a row-major array of ours is seen with the published axes. */
  static TensorView published(WeightLayout layout, Shape ours) {
    // A shape made of strides: both permute alike.
    Shape strides = Shape.of(TensorView.contiguous(ours).strides().toArray());
    return new TensorView(
        layout.toPublished(ours),
        0,
        ImmutableLongArray.copyOf(layout.toPublished(strides).asArray()));
  }

  private WeightType type(TensorBundleReader.Entry variable) throws IOException {
    if (variable.type() == DataType.DT_FLOAT) {
      return WeightType.F32;
    }
    if (variable.type() == DataType.DT_INT64) {
      return WeightType.I64;
    }
    throw new WeightFileException(
        prefix, "variable " + variable.name() + " is " + variable.type() + ", expected floats");
  }

  private FileRegion region(Path file) throws IOException {
    FileChannel channel = channels.get(file);
    if (channel == null) {
      channel = FileChannel.open(file, StandardOpenOption.READ);
      channels.put(file, channel);
    }
    return FileRegion.whole(file, channel);
  }

  @Override
  public Path path() {
    return prefix;
  }

  @Override
  public String kind() {
    return "TensorFlow checkpoint";
  }

  @Override
  public ImmutableMap<String, StoredTensor> tensors() {
    return ImmutableMap.copyOf(tensors);
  }

  @Override
  public void close() throws IOException {
    for (FileChannel channel : channels.values()) {
      channel.close();
    }
  }
}
