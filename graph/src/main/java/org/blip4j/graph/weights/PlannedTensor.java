package org.blip4j.graph.weights;

import com.google.common.collect.ImmutableList;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.regex.Pattern;
import org.blip4j.data.weights.StoredTensor;
import org.blip4j.data.weights.WeightFileException;
import org.blip4j.data.weights.WeightLayout;
import org.tensorflow.ndarray.Shape;

/**
 * How one variable gets its value.
 *
 * @param variable the variable
 * @param source the tensor that holds the value
 * @param layout how its axes become ours
 * @param tied further tensors that must be equal to the source
 */
record PlannedTensor(
    VariableValues.Wanted variable,
    StoredTensor source,
    WeightLayout layout,
    ImmutableList<StoredTensor> tied) {

  private static final Pattern GROWING =
      Pattern.compile(".*/(word_embeddings/weight|cls/predictions/bias)");

  /** Whether a tensor's shape is that of the variable, a single number in any rank included. */
  static boolean fits(VariableValues.Wanted variable, StoredTensor tensor, WeightLayout layout) {
    Shape found = tensor.shape();
    boolean number = found.size() == 1 && variable.shape().size() == 1;
    return number || found.equals(published(variable, layout));
  }

  /** Whether the tensor is a table of positions for another image size. */
  static boolean interpolates(VariableValues.Wanted variable, StoredTensor tensor) {
    return variable.name().endsWith("/pos_embed")
        && PositionInterpolation.fits(tensor.shape(), variable.shape());
  }

  /** Whether the tensor has the first rows of a table of words, or of what is added for each. */
  static boolean grows(VariableValues.Wanted variable, StoredTensor tensor) {
    Shape found = tensor.shape();
    Shape asked = variable.shape();
    return GROWING.matcher(variable.name()).matches()
        && found.numDimensions() == asked.numDimensions()
        && found.get(0) < asked.get(0)
        && found.tail().equals(asked.tail());
  }

  /** The shape that a tensor must have in the file; ours if the rank does not fit the layout. */
  static Shape published(VariableValues.Wanted variable, WeightLayout layout) {
    try {
      return layout.toPublished(variable.shape());
    } catch (IllegalArgumentException e) {
      return variable.shape();
    }
  }

  boolean isInteger() {
    return WeightNames.isInteger(variable.name());
  }

  /** Reads our values into memory of their size; a table's further rows are left as they are. */
  void read(ByteBuffer target) throws IOException {
    boolean asStored = layout == WeightLayout.SAME || source.shape().size() == 1;
    boolean turned = layout == WeightLayout.TRANSPOSED && source.isPlainFloats();
    if (!fits(variable, source, layout) || !(asStored || turned)) {
      target.asFloatBuffer().put(floats());
      return;
    }
    requireTied();
    if (asStored) {
      source.read(target);
    } else {
      WeightLayout.readTransposed(source, target);
    }
  }

  private void requireTied() throws IOException {
    for (StoredTensor copy : tied) {
      requireEqual(copy, source.sameValues(copy));
    }
  }

  /** Our values; the first of them for a table that grows. */
  float[] floats() throws IOException {
    requireTied();
    float[] values = source.floats();
    if (source.shape().size() == 1) {
      return values;
    }
    float[] ours = layout.toOurs(values, source.shape());
    return !fits(variable, source, layout) && interpolates(variable, source)
        ? PositionInterpolation.resize(ours, source.shape(), variable.shape())
        : ours;
  }

  long[] longs() throws IOException {
    requireTied();
    return source.longs();
  }

  private void requireEqual(StoredTensor copy, boolean equal) throws IOException {
    if (!equal) {
      throw new WeightFileException(
          source.path(),
          "%s and %s are one tensor in this model, but differ in the file"
              .formatted(source.name(), copy.name()));
    }
  }
}
