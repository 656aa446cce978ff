package org.blip4j.tools.verify;

import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.Map;
import org.blip4j.graph.task.QuestionBatch;
import org.blip4j.graph.task.VqaModel;
import org.blip4j.graph.text.Tokens;
import org.blip4j.ops.core.Mode;
import org.blip4j.ops.core.Trace;
import org.tensorflow.Operand;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.op.Ops;
import org.tensorflow.op.core.Placeholder;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TInt32;

/**
 * The training loss of question answering with the gradients of all parameters.
 *
 * @param machine devices, threads and kernels
 * @param golden the golden
 */
record VqaLossCheck(GoldenGraph.Machine machine, Golden golden) {

  /** Computes losses and gradients under the names of the outputs. */
  void run(VqaInputs inputs, ExpectedOutputs outputs, RowSink rows) throws IOException {
    GoldenConfig config = GoldenConfig.of(golden);
    int size = config.vision().imageSize();
    try (GoldenGraph graph = GoldenGraph.create(Mode.TRAIN, machine)) {
      VqaModel model =
          VqaModel.create(graph.vars(), config.blip(), config.number("label_smoothing"));
      graph.load(golden.file("weights.pth"), graph.vars().all(), false);
      Ops tf = graph.ctx().tf();
      QuestionBatch batch =
          new QuestionBatch(
              graph.floats("pixels", -1, size, size, 3),
              new Tokens(graph.longs("questions", -1, -1), graph.longs("question_mask", -1, -1)),
              new Tokens(graph.longs("answers", -1, -1), graph.longs("answer_mask", -1, -1)),
              tf.withName("rows").placeholder(TInt32.class, Placeholder.shape(Shape.of(-1))),
              graph.floats("weights", -1));
      Trace trace = new Trace();
      Operand<TFloat32> loss = model.step(graph.ctx().with(trace), batch).loss();
      Map<String, Operand<?>> fetches = new LinkedHashMap<>();
      fetches.put("image_embeds", trace.get("vqa/images"));
      fetches.put("question_states", trace.get("vqa/questions"));
      fetches.put("train/answer_loss", trace.get("vqa/lm/sequence_loss"));
      fetches.put("train/loss", tf.reshape(loss, tf.constant(new int[] {1})));
      Map<String, Values> computed = graph.run(fetches, inputs.feeds(batch));
      outputs.addAll("", computed);
      ParameterGradients gradients = ParameterGradients.of(graph, loss);
      gradients.report(
          graph.run(gradients.fetches(), inputs.feeds(batch)),
          inputs.gradientRows(),
          outputs,
          new ParameterGradients.NormCheck(golden, rows));
    }
  }
}
