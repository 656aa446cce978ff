package org.blip4j.graph.weights;

import com.google.common.collect.ImmutableList;
import java.util.List;
import java.util.Objects;

/**
 * What a model wants from a weight file.
 *
 * @param variables every variable to fill, in the order in which they are to be handed out
 * @param fresh variables that may keep their initial values
 * @param substitutes whether a variable without a tensor of its own may take that of its original,
 *     as {@link org.blip4j.graph.weights.WeightNames#substitute} says: for the start of fine-tuning
 * @param unknownAllowed whether tensors outside the table of names are tolerated (and reported)
 */
public record ImportRequest(
    ImmutableList<VariableShape> variables,
    FreshVariables fresh,
    boolean substitutes,
    boolean unknownAllowed) {
  public ImportRequest {
    Objects.requireNonNull(variables, "variables");
    Objects.requireNonNull(fresh, "fresh");
  }

  /** All variables must be in the file, and all tensors of the file must be known. */
  public static ImportRequest strict(List<VariableShape> variables) {
    return new ImportRequest(ImmutableList.copyOf(variables), FreshVariables.none(), false, false);
  }

  /** The same with variables that may stay as they were initialised. */
  public ImportRequest withFresh(FreshVariables allowed) {
    return new ImportRequest(variables, allowed, substitutes, unknownAllowed);
  }

  /** The same with originals in place of missing copies. */
  public ImportRequest withSubstitutes() {
    return new ImportRequest(variables, fresh, true, unknownAllowed);
  }

  /** The same with tensors outside the table of names tolerated. */
  public ImportRequest withUnknownAllowed() {
    return new ImportRequest(variables, fresh, substitutes, true);
  }
}
