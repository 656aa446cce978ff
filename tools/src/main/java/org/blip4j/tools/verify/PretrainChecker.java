package org.blip4j.tools.verify;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.blip4j.data.text.TokenBatch;
import org.blip4j.graph.config.SpecialTokens;
import org.blip4j.graph.task.ImageTextBatch;
import org.blip4j.graph.task.PretrainModel;
import org.blip4j.graph.task.TaskModel;
import org.blip4j.ops.core.VariableScope;

/**
 * Two complete pre-training steps with their gradients and the whole state after each, the second
 * restarted from the stored state, and a step whose temperature is clamped.
 *
 * @param machine devices, threads and kernels
 */
record PretrainChecker(GoldenGraph.Machine machine) implements GoldenChecker {
  private static final Pattern CLAMP = Pattern.compile("temp set to ([\\d.]+) and alpha ([\\d.]+)");
  private static final Pattern LM_LOGITS = Pattern.compile("(.*\\.)lm_logits_(\\d+)");

  @Override
  public void check(Golden golden, RowSink rows) throws IOException {
    GoldenConfig config = GoldenConfig.of(golden);
    ExpectedOutputs outputs = new ExpectedOutputs(golden);
    Batches batches = new Batches(golden, GoldenTexts.of(golden), config, outputs);
    StepFiles files = new StepFiles(golden, rows);
    try (TrainingCheck training =
        new TrainingCheck(machine, config, true, PretrainChecker::model, PretrainLosses::of)) {
      int steps = config.node().path("alphas").size();
      List<GoldenTensors> gradients = new ArrayList<>();
      for (int step = 1; step <= steps; step++) {
        if (step == 1) {
          training.load(golden.file("weights.pth"));
        } else {
          training.load(golden.file("state_after_" + (step - 1) + ".safetensors"));
          training.restart(gradients.get(0), config.node().path("optimizer"));
        }
        double alpha = config.node().path("alphas").path(step - 1).doubleValue();
        String name = "step" + step + ".";
        Map<String, Values> computed = training.run(batches.of(name, name, alpha, step - 1), true);
        add(outputs, name, computed);
        gradients.add(files.checkGradients(step, computed, training.trainables()));
        files.checkState(step, training.state(), gradients);
      }
      clamp(golden, training, batches, outputs);
    }
    outputs.report(rows);
  }

  private static TaskModel<ImageTextBatch> model(VariableScope vars, GoldenConfig config) {
    return PretrainModel.create(vars, config.blip(), config.objective());
  }

  private static void clamp(
      Golden golden, TrainingCheck training, Batches batches, ExpectedOutputs outputs)
      throws IOException {
    Matcher said = CLAMP.matcher(golden.cases().path("notes").toString());
    if (!said.find()) {
      throw new IOException("cases.json does not say which temperature and alpha clamp.* has");
    }
    training.load(golden.file("weights.pth"));
    training.set("temp", new Values(new long[0], new double[] {number(said.group(1))}));
    Map<String, Values> computed =
        training.run(batches.of("step1.", "clamp.", number(said.group(2)), 0), false);
    add(outputs, "clamp.", computed);
    outputs.add("clamp.temp_after", training.state().get("temp"));
    outputs.add("clamp.temp_grad", computed.get("grad.temp"));
  }

  private static double number(String text) {
    return Double.parseDouble(text.replaceFirst("\\.$", ""));
  }

  private static void add(ExpectedOutputs outputs, String prefix, Map<String, Values> computed)
      throws IOException {
    computed.forEach((name, values) -> outputs.add(prefix + name, values));
    for (String name : outputs.names()) {
      Matcher matcher = LM_LOGITS.matcher(name);
      if (matcher.matches() && matcher.group(1).equals(prefix)) {
        Values logits = computed.get("lm_logits");
        int caption = Integer.parseInt(matcher.group(2));
        int positions = (int) outputs.expected(name).shape()[0];
        outputs.add(
            name,
            logits
                .rows(caption, caption + 1)
                .reshape(logits.shape()[1], logits.shape()[2])
                .rows(0, positions));
      }
    }
  }

  /** Makes batches, and adds the ids made on the way to the outputs. */
  private record Batches(
      Golden golden, GoldenTexts texts, GoldenConfig config, ExpectedOutputs outputs) {

    TrainingCheck.Batch of(String source, String target, double alpha, long stepsBefore)
        throws IOException {
      JsonNode captions = golden.cases().path("strings").path(source + "captions");
      TokenBatch tokens = texts.encode(GoldenTexts.strings(captions));
      SpecialTokens special = config.blip().text().tokens();
      outputs.add(target + "input_ids", GoldenTexts.ids(tokens));
      outputs.add(target + "attention_mask", GoldenTexts.mask(tokens));
      outputs.add(
          target + "encoder_input_ids", GoldenTexts.ids(tokens.withFirstToken(special.enc())));
      outputs.add(
          target + "decoder_input_ids", GoldenTexts.ids(tokens.withFirstToken(special.dec())));
      Values images = GoldenTensors.read(golden.file("inputs.safetensors")).get(source + "image");
      return new TrainingCheck.Batch(
          images,
          GoldenTexts.ids(tokens),
          GoldenTexts.mask(tokens),
          alpha,
          stepsBefore,
          outputs.given(target + "neg_image_for_text"),
          outputs.given(target + "neg_text_for_image"),
          null);
    }
  }
}
