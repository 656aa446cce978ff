package org.blip4j.tools.verify;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;
import org.blip4j.graph.weights.PublishedForm;
import org.blip4j.graph.weights.WeightNames;
import org.blip4j.ops.core.Variable;
import org.blip4j.training.optimize.GradientClip;
import org.tensorflow.Operand;
import org.tensorflow.Output;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.types.TFloat32;

/**
 * Variables, their values and gradients under the official names, in the official layout.
 *
 * @param names the table of names
 */
record OfficialParameters(WeightNames names) {
  private static final String GRADIENT = "grad/";
  private static final String NORM = "grad_global_norm";

  /** The official names of a model whose decoder shares with its encoder, or does not. */
  static OfficialParameters of(boolean sharedDecoder) {
    return new OfficialParameters(WeightNames.of(PublishedForm.OFFICIAL, sharedDecoder));
  }

  private WeightNames.Published published(Variable<?> variable) {
    List<WeightNames.Published> all = names.published(variable.name());
    if (all.isEmpty()) {
      throw new IllegalArgumentException("variable " + variable.name() + " has no published name");
    }
    return all.get(0);
  }

  /** The first name under which a variable is published. */
  String name(Variable<?> variable) {
    return published(variable).name();
  }

  /** Published values in the variable's own layout. */
  Values toOurs(Variable<?> variable, Values stored) {
    long[] shape = variable.shape().asArray();
    return variable.shape().size() == 1
        ? stored.reshape(shape)
        : Values.of(
            published(variable).layout().toOurs(stored.floats(), Shape.of(stored.shape())), shape);
  }

  private Values toPublished(Variable<?> variable, Values values) {
    Shape shape = Shape.of(values.shape());
    return switch (values.shape().length) {
      case 0 -> values.reshape(1); // scalars are stored with shape [1]
      case 1 -> values;
      default ->
          Values.of(
              published(variable).layout().toPublished(values.floats(), shape),
              published(variable).layout().toPublished(shape).asArray());
    };
  }

  /** Asks a graph for something of each variable. */
  void fetch(
      GoldenGraph graph,
      String prefix,
      List<? extends Variable<?>> variables,
      List<? extends Operand<?>> values) {
    for (int i = 0; i < variables.size(); i++) {
      Variable<?> variable = variables.get(i);
      graph.fetch(prefix + name(variable), values.get(i), found -> toPublished(variable, found));
    }
  }

  /**
   * The gradients of a loss for all parameters of a graph, as goldens of fine-tuning name them:
   * {@code grad/NAME}, {@code grad_global_norm}, and {@code gradient_norms} of {@code cases.json}.
   */
  void checkGradients(GoldenRun run, GoldenGraph graph, Operand<TFloat32> loss) throws IOException {
    List<Variable<TFloat32>> trainable = graph.vars().trainable();
    Output<?>[] handles = trainable.stream().map(Variable::handle).toArray(Output<?>[]::new);
    List<Operand<TFloat32>> gradients =
        Arrays.stream(graph.ctx().graph().addGradients(loss.asOutput(), handles))
            .<Operand<TFloat32>>map(output -> output.expect(TFloat32.class))
            .toList();
    fetch(graph, GRADIENT, trainable, gradients);
    GradientClip clip =
        GradientClip.apply(
            graph.ctx(), gradients, trainable, Optional.empty(), GradientClip.Scope.ALL);
    graph.fetch(NORM, clip.norm());
    Map<String, Values> computed = graph.compute();
    JsonNode norms = run.cases().path("gradient_norms");
    Tolerance tolerance = Tolerance.of(run.cases().path("tolerance"), NORM);
    TreeSet<String> all = new TreeSet<>();
    trainable.forEach(variable -> all.add(name(variable)));
    norms.fieldNames().forEachRemaining(all::add);
    for (String name : all) {
      String check = "gradient_norms." + name;
      Values gradient = computed.get(GRADIENT + name);
      if (gradient == null) {
        run.failed(check, "the model has no such parameter");
      } else if (!norms.path(name).isNumber()) {
        run.failed(check, "cases.json has no such number");
      } else {
        double norm = Math.sqrt(Arrays.stream(gradient.data()).map(x -> x * x).sum());
        run.compare(check, norm, norms.path(name).doubleValue(), tolerance);
      }
    }
  }
}
