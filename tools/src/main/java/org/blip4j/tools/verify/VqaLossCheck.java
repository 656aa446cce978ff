package org.blip4j.tools.verify;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.blip4j.graph.model.QuestionBatch;
import org.blip4j.graph.model.VqaModel;
import org.blip4j.graph.text.Tokens;
import org.blip4j.ops.core.Mode;
import org.blip4j.ops.core.Variable;
import org.blip4j.training.optimize.GradientClip;
import org.tensorflow.Operand;
import org.tensorflow.Output;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.op.Ops;
import org.tensorflow.op.core.Placeholder;
import org.tensorflow.proto.ConfigProto;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TInt32;

/**
 * The training loss of question answering with the gradients of all parameters.
 *
 * @param session configuration of the session
 * @param golden the golden
 */
record VqaLossCheck(ConfigProto session, Golden golden) {
  private static final Pattern FIRST_ROWS = Pattern.compile("grad/(.*)\\[:(\\d+)\\]");

  /** Computes losses and gradients under the names of the outputs. */
  void run(VqaInputs inputs, ExpectedOutputs outputs, RowSink rows) throws IOException {
    Map<String, Values> computed = compute(inputs);
    Map<String, Values> gradients = new LinkedHashMap<>();
    computed.forEach(
        (name, values) -> {
          outputs.add(name, values);
          if (name.startsWith("grad/")) {
            gradients.put(name.substring("grad/".length()), values);
          }
        });
    for (String name : outputs.names()) {
      Matcher first = FIRST_ROWS.matcher(name);
      if (first.matches() && gradients.containsKey(first.group(1))) {
        outputs.add(name, gradients.get(first.group(1)).rows(0, Integer.parseInt(first.group(2))));
      } else if (name.startsWith("grad_rows/")) {
        Values whole = gradients.get(name.substring("grad_rows/".length()));
        outputs.add(name, whole == null ? null : whole.gather(inputs.gradientRows().longs()));
      }
    }
    checkNorms(gradients, rows);
  }

  private Map<String, Values> compute(VqaInputs inputs) throws IOException {
    GoldenConfig config = GoldenConfig.of(golden);
    int size = config.vision().imageSize();
    PublishedVariables published = PublishedVariables.official(false);
    try (GoldenGraph graph = GoldenGraph.create(Mode.TRAIN, session)) {
      VqaModel model =
          VqaModel.create(graph.vars(), config.blip(), config.number("label_smoothing"));
      List<Variable<TFloat32>> trainables = graph.vars().trainable();
      graph.load(golden.file("weights.pth"), graph.vars().all(), false);
      Ops tf = graph.ctx().tf();
      QuestionBatch batch =
          new QuestionBatch(
              graph.floats("pixels", -1, size, size, 3),
              new Tokens(graph.longs("questions", -1, -1), graph.longs("question_mask", -1, -1)),
              new Tokens(graph.longs("answers", -1, -1), graph.longs("answer_mask", -1, -1)),
              tf.withName("rows").placeholder(TInt32.class, Placeholder.shape(Shape.of(-1))),
              graph.floats("weights", -1));
      VqaModel.Trace trace = model.trace(graph.ctx(), batch);
      Map<String, Operand<?>> fetches = new LinkedHashMap<>();
      fetches.put("image_embeds", trace.images().hidden());
      fetches.put("question_states", trace.questions().hidden());
      fetches.put("train/answer_loss", trace.answers().sequenceLoss());
      fetches.put("train/loss", tf.reshape(trace.loss(), tf.constant(new int[] {1})));
      List<Operand<TFloat32>> gradients = gradients(graph, trace.loss(), trainables);
      for (int i = 0; i < gradients.size(); i++) {
        fetches.put(trainables.get(i).name(), gradients.get(i));
      }
      Operand<TFloat32> norm = GradientClip.apply(graph.ctx(), gradients, 0).norm();
      fetches.put("grad_global_norm", tf.reshape(norm, tf.constant(new int[] {1})));
      Map<String, Values> computed = graph.run(fetches, inputs.feeds(batch));
      for (Variable<TFloat32> variable : trainables) {
        Values gradient = computed.remove(variable.name());
        computed.put(
            "grad/" + published.name(variable).name(), published.toPublished(variable, gradient));
      }
      return computed;
    }
  }

  private static List<Operand<TFloat32>> gradients(
      GoldenGraph graph, Operand<TFloat32> loss, List<Variable<TFloat32>> trainables) {
    Output<?>[] handles = trainables.stream().map(Variable::handle).toArray(Output<?>[]::new);
    Output<?>[] found = graph.ctx().graph().addGradients(loss.asOutput(), handles);
    return Arrays.stream(found)
        .<Operand<TFloat32>>map(output -> output.expect(TFloat32.class))
        .toList();
  }

  /** {@code gradient_norms}: the length of the gradient of every parameter. */
  private void checkNorms(Map<String, Values> gradients, RowSink rows) throws IOException {
    JsonNode expected = golden.cases().path("gradient_norms");
    TreeSet<String> names = new TreeSet<>(gradients.keySet());
    expected.fieldNames().forEachRemaining(names::add);
    Tolerance tolerance = Tolerance.of(golden.cases().path("tolerance"), "grad_global_norm");
    for (String name : names) {
      String check = "gradient_norms." + name;
      Values gradient = gradients.get(name);
      if (gradient == null || !expected.path(name).isNumber()) {
        String problem =
            gradient == null ? "the model has no such parameter" : "cases.json has no such number";
        rows.accept(CheckRow.failed(golden.name(), check, problem));
        continue;
      }
      double sum = 0;
      for (double value : gradient.data()) {
        sum += value * value;
      }
      Values wanted = new Values(new long[] {1}, new double[] {expected.path(name).doubleValue()});
      Values norm = new Values(new long[] {1}, new double[] {Math.sqrt(sum)});
      rows.accept(TensorCheck.compare(golden.name(), check, norm, wanted, tolerance));
    }
  }
}
