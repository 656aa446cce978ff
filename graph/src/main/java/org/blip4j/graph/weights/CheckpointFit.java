package org.blip4j.graph.weights;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.BiPredicate;
import org.blip4j.data.weights.TensorBundleReader;
import org.blip4j.ops.core.Variable;
import org.tensorflow.ndarray.Shape;

/**
 * Compares tensors of a checkpoint with the variables that are to take them, and tells all that do
 * not fit at once.
 *
 * <pre>{@code
 * CheckpointFit fit = new CheckpointFit();
 * for (Variable<?> variable : variables) {
 *   fit.check(variable, Optional.ofNullable(stored.get(variable.name())));
 * }
 * fit.require(prefix, "config.json");
 * }</pre>
 */
public final class CheckpointFit {
  private final List<String> problems = new ArrayList<>();
  private int checked;

  /** Whether a variable can take a tensor as it is. */
  public boolean check(Variable<?> variable, Optional<TensorBundleReader.Entry> tensor) {
    return check(variable, tensor, Shape::equals);
  }

  /**
   * Whether a variable can take a tensor.
   *
   * @param tensor empty if the checkpoint has none for it
   * @param shapes whether the tensor's shape, the first, can become that of the variable
   */
  public boolean check(
      Variable<?> variable,
      Optional<TensorBundleReader.Entry> tensor,
      BiPredicate<Shape, Shape> shapes) {
    checked++;
    Optional<String> problem =
        tensor.isEmpty() ? Optional.of("is missing") : problem(variable, tensor.get(), shapes);
    problem.ifPresent(text -> problems.add(variable.name() + " " + text));
    return problem.isEmpty();
  }

  private static Optional<String> problem(
      Variable<?> variable, TensorBundleReader.Entry tensor, BiPredicate<Shape, Shape> shapes) {
    if (!shapes.test(tensor.shape(), variable.shape())) {
      return Optional.of("has shape " + tensor.shape() + ", not " + variable.shape());
    }
    if (tensor.type() != variable.spec().dtype()) {
      return Optional.of("is " + tensor.type() + ", not " + variable.spec().dtype());
    }
    return Optional.empty();
  }

  /**
   * Ends the comparison.
   *
   * @param checkpoint where the tensors are
   * @param model what describes the variables
   * @throws IOException in one line that lists every variable without a tensor that fits
   */
  public void require(Path checkpoint, String model) throws IOException {
    if (!problems.isEmpty()) {
      throw new IOException(
          "%s: %d of %d weights do not fit %s: %s"
              .formatted(checkpoint, problems.size(), checked, model, String.join("; ", problems)));
    }
  }
}
