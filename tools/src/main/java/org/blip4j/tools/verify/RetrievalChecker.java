package org.blip4j.tools.verify;

import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.blip4j.data.text.TokenBatch;
import org.blip4j.graph.config.SpecialTokens;
import org.blip4j.graph.task.ImageTextBatch;
import org.blip4j.graph.task.RetrievalModel;
import org.blip4j.graph.task.TaskModel;
import org.blip4j.ops.core.VariableScope;

/**
 * One fine-tuning step of retrieval for each set of drawn negatives: everything in the step,
 * gradients, and parameters and queues after it.
 *
 * @param machine devices, threads and kernels
 */
record RetrievalChecker(GoldenGraph.Machine machine) implements GoldenChecker {
  @Override
  public void check(Golden golden, RowSink rows) throws IOException {
    GoldenConfig config = GoldenConfig.of(golden);
    ExpectedOutputs outputs = new ExpectedOutputs(golden);
    GoldenTensors inputs = GoldenTensors.read(golden.file("inputs.safetensors"));
    TokenBatch tokens =
        GoldenTexts.of(golden)
            .encode(GoldenTexts.strings(golden.cases().path("strings").path("captions")));
    TokenBatch encoderTokens = tokens.withFirstToken(config.blip().text().tokens().enc());
    for (String mode : modes(golden)) {
      String prefix = mode + ".";
      outputs.add(prefix + "input_ids", GoldenTexts.ids(tokens));
      outputs.add(prefix + "attention_mask", GoldenTexts.mask(tokens));
      outputs.add(prefix + "encoder_input_ids", GoldenTexts.ids(encoderTokens));
      outputs.add(prefix + "rows", used(tokens, config.blip().text().tokens()));
      TrainingCheck.Batch batch =
          new TrainingCheck.Batch(
              inputs.get("image"),
              GoldenTexts.ids(tokens),
              GoldenTexts.mask(tokens),
              config.number("alpha"),
              0,
              outputs.given(prefix + "neg_image_for_text"),
              outputs.given(prefix + "neg_text_for_image"),
              inputs.get("idx"));
      try (TrainingCheck training =
          new TrainingCheck(machine, config, false, RetrievalChecker::model, PretrainLosses::of)) {
        training.load(golden.file("weights.pth"));
        Map<String, Values> computed = training.run(batch, true);
        outputs.addAll(prefix, computed);
        outputs.addAll(prefix + "after.", training.state());
        addRows(outputs, prefix, computed);
      }
    }
    outputs.report(rows);
  }

  private static TaskModel<ImageTextBatch> model(VariableScope vars, GoldenConfig config) {
    return RetrievalModel.create(vars, config.blip(), config.objective());
  }

  private static Set<String> modes(Golden golden) throws IOException {
    Set<String> modes = new TreeSet<>();
    golden.cases().path("negative_all_rank").fieldNames().forEachRemaining(modes::add);
    if (modes.isEmpty()) {
      throw new IOException("cases.json names no mode under negative_all_rank");
    }
    return modes;
  }

  /** The ids of the batch, padding included, and the two first tokens, in order. */
  private static Values used(TokenBatch tokens, SpecialTokens special) {
    TreeSet<Long> used = new TreeSet<>(List.of((long) special.dec(), (long) special.enc()));
    for (long id : tokens.ids()) {
      used.add(id);
    }
    long[] ids = used.stream().mapToLong(Long::longValue).toArray();
    return Values.of(ids, ids.length);
  }

  /** {@code grad.NAME.rows}: only the rows of the ids that occur. */
  private static void addRows(ExpectedOutputs outputs, String prefix, Map<String, Values> computed)
      throws IOException {
    for (String name : outputs.names()) {
      if (name.startsWith(prefix + "grad.") && name.endsWith(".rows")) {
        String tensor = name.substring(prefix.length(), name.length() - ".rows".length());
        Values gradient = computed.get(tensor);
        if (gradient != null) {
          outputs.add(name, gradient.gather(outputs.expected(prefix + "rows").longs()));
        }
      }
    }
  }
}
