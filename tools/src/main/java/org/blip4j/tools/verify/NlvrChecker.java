package org.blip4j.tools.verify;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.blip4j.data.text.TokenBatch;
import org.blip4j.graph.config.Task;
import org.blip4j.graph.task.ImagePairBatch;
import org.blip4j.graph.task.NlvrModel;
import org.blip4j.graph.text.MedStack;
import org.blip4j.graph.text.Tokens;
import org.blip4j.graph.weights.ImportReport;
import org.blip4j.graph.weights.PublishedForm;
import org.blip4j.graph.weights.WeightNames;
import org.blip4j.ops.core.Mode;
import org.blip4j.ops.core.Trace;
import org.blip4j.ops.core.Variable;
import org.tensorflow.Operand;
import org.tensorflow.types.TFloat32;

/**
 * Two-image reasoning: states of all layers, logits with the images in both orders, loss and
 * gradients; then the same model started from a pre-training checkpoint, with the names of what is
 * copied, missing and left over.
 *
 * @param machine devices, threads and kernels
 */
record NlvrChecker(GoldenGraph.Machine machine) implements GoldenChecker {
  private static final String CHECKPOINT = "pretrain_checkpoint";

  /** What is fed: images {@code [B, C, H, W]}, statements, labels. */
  private record Inputs(Values first, Values second, TokenBatch tokens, Values labels) {

    Map<Operand<?>, Values> feeds(ImagePairBatch batch) {
      return Map.of(
          batch.first(), first.channelsLast(),
          batch.second(), second.channelsLast(),
          batch.tokens().ids(), GoldenTexts.ids(tokens),
          batch.tokens().mask(), GoldenTexts.mask(tokens),
          batch.labels(), labels);
    }

    Inputs swapped() {
      return new Inputs(second, first, tokens, labels);
    }
  }

  @Override
  public void check(Golden golden, RowSink rows) throws IOException {
    GoldenConfig config = GoldenConfig.of(golden);
    if (config.integer("merge_layer_from") != MedStack.FIRST_MERGING_LAYER) {
      throw new IOException("config.json: merge_layer_from is not " + MedStack.FIRST_MERGING_LAYER);
    }
    ExpectedOutputs outputs = new ExpectedOutputs(golden);
    GoldenTensors stored = GoldenTensors.read(golden.file("inputs.safetensors"));
    Inputs inputs = inputs(golden, stored, rows);
    train(golden, inputs, outputs, new Gradients(stored.get("grad_row_ids"), rows));
    try (GoldenGraph graph = GoldenGraph.create(Mode.INFER, machine)) {
      NlvrModel model = NlvrModel.create(graph.vars(), config.blip());
      graph.load(golden.file("weights.pth"), graph.vars().all(), false);
      ImagePairBatch batch = batch(graph, config);
      Trace named = new Trace();
      Operand<TFloat32> loss = model.step(graph.ctx().with(named), batch).loss();
      outputs.addAll("", graph.run(predictions(graph, named), inputs.feeds(batch)));
      Map<String, Operand<?>> logits = Map.of("prediction_swapped", named.get("logits"));
      outputs.addAll("", graph.run(logits, inputs.swapped().feeds(batch)));
      Path checkpoint = golden.file(CHECKPOINT + ".pth");
      ImportReport report = graph.start(checkpoint, Task.NLVR);
      outputs.addAll("converted/", graph.run(converted(graph, named, loss), inputs.feeds(batch)));
      new KeyConversion(golden, checkpoint, report)
          .check(WeightNames.of(PublishedForm.OFFICIAL, false), rows);
      imageSizes(golden, config, checkpoint, rows);
    }
    outputs.report(rows);
  }

  private static Inputs inputs(Golden golden, GoldenTensors stored, RowSink rows)
      throws IOException {
    TokenBatch tokens =
        GoldenTexts.of(golden).encode(GoldenTexts.strings(golden.cases().path("statements")));
    List<Double> targets = new ArrayList<>();
    golden.cases().path("targets").forEach(node -> targets.add(node.asDouble()));
    Values labels =
        new Values(
            new long[] {targets.size()},
            targets.stream().mapToDouble(Double::doubleValue).toArray());
    long enc = GoldenConfig.of(golden).blip().text().tokens().enc();
    Map<String, Values> own =
        Map.of(
            "text_ids", GoldenTexts.ids(tokens.withFirstToken(enc)),
            "text_mask", GoldenTexts.mask(tokens),
            "target", labels);
    for (String name : stored.names()) {
      if (own.containsKey(name)) {
        rows.accept(
            TensorCheck.compare(
                golden.name(), name, own.get(name), stored.get(name), Tolerance.EXACT));
      }
    }
    return new Inputs(stored.get("image0"), stored.get("image1"), tokens, labels);
  }

  private static ImagePairBatch batch(GoldenGraph graph, GoldenConfig config) {
    int size = config.vision().imageSize();
    return new ImagePairBatch(
        graph.floats("first", -1, size, size, 3),
        graph.floats("second", -1, size, size, 3),
        new Tokens(graph.longs("ids", -1, -1), graph.longs("mask", -1, -1)),
        graph.longs("labels", -1));
  }

  /** Which rows of the word table have expected gradients, and where norms are reported. */
  private record Gradients(Values rows, RowSink sink) {}

  private void train(Golden golden, Inputs inputs, ExpectedOutputs outputs, Gradients expected)
      throws IOException {
    GoldenConfig config = GoldenConfig.of(golden);
    try (GoldenGraph graph = GoldenGraph.create(Mode.TRAIN, machine)) {
      NlvrModel model = NlvrModel.create(graph.vars(), config.blip());
      graph.load(golden.file("weights.pth"), graph.vars().all(), false);
      ImagePairBatch batch = batch(graph, config);
      Operand<TFloat32> loss = model.step(graph.ctx(), batch).loss();
      ParameterGradients gradients = ParameterGradients.of(graph, loss);
      outputs.addAll("", graph.run(Map.of("loss", one(graph, loss)), inputs.feeds(batch)));
      gradients.report(
          graph.run(gradients.fetches(), inputs.feeds(batch)),
          expected.rows(),
          outputs,
          new ParameterGradients.NormCheck(golden, expected.sink()));
    }
  }

  private static Operand<TFloat32> one(GoldenGraph graph, Operand<TFloat32> scalar) {
    return graph.ctx().flat(scalar);
  }

  private static Map<String, Operand<?>> predictions(GoldenGraph graph, Trace named) {
    List<Operand<TFloat32>> states = new ArrayList<>();
    states.add(named.floats("match/embedded"));
    states.addAll(named.series("match/layer"));
    Map<String, Operand<?>> fetches = new LinkedHashMap<>();
    fetches.put("image_embeds", named.get("images"));
    fetches.put("hidden_states", graph.ctx().tf().stack(states));
    fetches.put("last_hidden_state", states.get(states.size() - 1));
    fetches.put("prediction", named.get("logits"));
    return fetches;
  }

  private static Map<String, Operand<?>> converted(
      GoldenGraph graph, Trace named, Operand<TFloat32> loss) {
    Variable<?> positions = graph.vars().get("visual_encoder/pos_embed");
    return Map.of(
        "prediction", named.get("logits"),
        "loss", one(graph, loss),
        "pos_embed", positions.value());
  }

  /** The image size that the checkpoint was made for, as both files state it. */
  private static void imageSizes(Golden golden, GoldenConfig config, Path checkpoint, RowSink rows)
      throws IOException {
    Values positions = GoldenTensors.read(checkpoint).get("visual_encoder.pos_embed");
    double size = Math.sqrt((double) (positions.shape()[1] - 1)) * config.vision().patchSize();
    Map<String, Double> stated = new LinkedHashMap<>();
    stated.put(CHECKPOINT + "_image_size", config.number(CHECKPOINT + "_image_size"));
    stated.put(
        "key_conversion.pretrain_image_size",
        Golden.readJson(golden.file("key_conversion.json"))
            .path("pretrain_image_size")
            .asDouble(Double.NaN));
    stated.forEach(
        (name, expected) ->
            rows.accept(
                TensorCheck.compare(
                    golden.name(), name, one(size), one(expected), Tolerance.EXACT)));
  }

  private static Values one(double value) {
    return new Values(new long[] {1}, new double[] {value});
  }
}
