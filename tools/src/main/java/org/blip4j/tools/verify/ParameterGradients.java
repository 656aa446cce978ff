package org.blip4j.tools.verify;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.blip4j.ops.core.Variable;
import org.blip4j.training.optimize.GradientClip;
import org.tensorflow.Operand;
import org.tensorflow.Output;
import org.tensorflow.op.Ops;
import org.tensorflow.types.TFloat32;

/**
 * The gradients of a loss for all parameters of a graph, under the names that goldens of
 * fine-tuning use: {@code grad/NAME} whole, {@code grad/NAME[:n]} the first rows, {@code
 * grad_rows/NAME} chosen rows, {@code grad_global_norm}, and {@code gradient_norms} of {@code
 * cases.json}.
 */
final class ParameterGradients {
  private static final String WHOLE = "grad/";
  private static final String ROWS = "grad_rows/";
  private static final String NORM = "grad_global_norm";
  private static final Pattern FIRST_ROWS = Pattern.compile("grad/(.*)\\[:(\\d+)\\]");

  private final PublishedVariables published = PublishedVariables.official(false);
  private final List<Variable<TFloat32>> trainables;
  private final Map<String, Operand<?>> fetches = new LinkedHashMap<>();

  private ParameterGradients(GoldenGraph graph, Operand<TFloat32> loss) {
    this.trainables = graph.vars().trainable();
    Output<?>[] handles = trainables.stream().map(Variable::handle).toArray(Output<?>[]::new);
    List<Operand<TFloat32>> gradients =
        Arrays.stream(graph.ctx().graph().addGradients(loss.asOutput(), handles))
            .<Operand<TFloat32>>map(output -> output.expect(TFloat32.class))
            .toList();
    for (int i = 0; i < gradients.size(); i++) {
      fetches.put(WHOLE + name(trainables.get(i)), gradients.get(i));
    }
    Ops tf = graph.ctx().tf();
    Operand<TFloat32> norm =
        GradientClip.apply(
                graph.ctx(), gradients, trainables, Optional.empty(), GradientClip.Scope.ALL)
            .norm();
    fetches.put(NORM, tf.reshape(norm, tf.constant(new int[] {1})));
  }

  /** Adds the gradients of a loss to its graph. */
  static ParameterGradients of(GoldenGraph graph, Operand<TFloat32> loss) {
    return new ParameterGradients(graph, loss);
  }

  /** What is to be computed. */
  Map<String, Operand<?>> fetches() {
    return fetches;
  }

  private String name(Variable<?> variable) {
    return published.name(variable).name();
  }

  /**
   * Adds what was computed to the outputs and compares the norms.
   *
   * @param computed values of all fetches
   * @param chosen numbers of the rows of {@code grad_rows}
   */
  void report(Map<String, Values> computed, Values chosen, ExpectedOutputs outputs, NormCheck norms)
      throws IOException {
    Map<String, Values> gradients = new LinkedHashMap<>();
    for (Variable<TFloat32> variable : trainables) {
      String name = name(variable);
      Values gradient = published.toPublished(variable, computed.get(WHOLE + name));
      gradients.put(name, gradient);
      outputs.add(WHOLE + name, gradient);
    }
    outputs.add(NORM, computed.get(NORM));
    for (String name : outputs.names()) {
      Matcher first = FIRST_ROWS.matcher(name);
      if (first.matches() && gradients.containsKey(first.group(1))) {
        outputs.add(name, gradients.get(first.group(1)).rows(0, Integer.parseInt(first.group(2))));
      } else if (name.startsWith(ROWS) && gradients.containsKey(name.substring(ROWS.length()))) {
        outputs.add(name, gradients.get(name.substring(ROWS.length())).gather(chosen.longs()));
      }
    }
    norms.compare(gradients);
  }

  /**
   * {@code gradient_norms} of {@code cases.json}: the length of every parameter's gradient.
   *
   * @param golden the golden
   * @param rows takes the outcome
   */
  record NormCheck(Golden golden, RowSink rows) {

    private void compare(Map<String, Values> gradients) throws IOException {
      JsonNode expected = golden.cases().path("gradient_norms");
      Tolerance tolerance = Tolerance.of(golden.cases().path("tolerance"), NORM);
      TreeSet<String> names = new TreeSet<>(gradients.keySet());
      expected.fieldNames().forEachRemaining(names::add);
      for (String name : names) {
        String check = "gradient_norms." + name;
        if (!gradients.containsKey(name) || !expected.path(name).isNumber()) {
          String problem =
              gradients.containsKey(name)
                  ? "cases.json has no such number"
                  : "the model has no such parameter";
          rows.accept(CheckRow.failed(golden.name(), check, problem));
          continue;
        }
        double squares = Arrays.stream(gradients.get(name).data()).map(x -> x * x).sum();
        rows.accept(
            TensorCheck.compare(
                golden.name(),
                check,
                one(Math.sqrt(squares)),
                one(expected.path(name).doubleValue()),
                tolerance));
      }
    }

    private static Values one(double value) {
      return new Values(new long[] {1}, new double[] {value});
    }
  }
}
