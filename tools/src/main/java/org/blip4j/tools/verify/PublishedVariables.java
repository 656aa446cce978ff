package org.blip4j.tools.verify;

import java.util.List;
import org.blip4j.graph.weights.PublishedForm;
import org.blip4j.graph.weights.WeightNames;
import org.blip4j.ops.core.Variable;
import org.tensorflow.ndarray.Shape;

/**
 * Variables under their official names, and their values in the official layout.
 *
 * @param names the table of names
 */
record PublishedVariables(WeightNames names) {

  /** The official names of a model whose decoder shares with its encoder, or does not. */
  static PublishedVariables official(boolean sharedDecoder) {
    return new PublishedVariables(WeightNames.of(PublishedForm.OFFICIAL, sharedDecoder));
  }

  /** The first name under which a variable is published. */
  WeightNames.Published name(Variable<?> variable) {
    List<WeightNames.Published> all = names.published(variable.name());
    if (all.isEmpty()) {
      throw new IllegalArgumentException("variable " + variable.name() + " has no published name");
    }
    return all.get(0);
  }

  /** Values that have the variable's shape, in the published layout. */
  Values toPublished(Variable<?> variable, Values values) {
    if (values.shape().length == 0) {
      return values.reshape(1); // scalars are stored with shape [1]
    }
    WeightNames.Published name = name(variable);
    Shape shape = Shape.of(values.shape());
    return values.shape().length == 1
        ? values
        : Values.of(
            name.layout().toPublished(values.floats(), shape),
            name.layout().toPublished(shape).asArray());
  }
}
