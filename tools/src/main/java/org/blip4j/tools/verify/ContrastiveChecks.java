package org.blip4j.tools.verify;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.blip4j.data.text.TokenBatch;

/** Steps of the tasks that contrast images with texts: pre-training and retrieval. */
final class ContrastiveChecks {
  private static final Pattern CLAMP =
      Pattern.compile("temp set to ([\\d.]*\\d) and alpha ([\\d.]*\\d)");

  private ContrastiveChecks() {}

  /**
   * Complete pre-training steps with their gradients and the whole state after each, later ones
   * restarted from the stored state, and a step whose temperature is clamped.
   */
  static void pretrain(GoldenRun run) throws IOException {
    GoldenModel model = GoldenModel.of(run);
    List<Golden.Tensors> gradients = new ArrayList<>();
    try (ContrastiveGraph graph = new ContrastiveGraph(run, model, true)) {
      for (JsonNode alpha : model.node().path("alphas")) {
        int before = gradients.size();
        int step = before + 1;
        if (before == 0) {
          graph.load(model.weights());
        } else {
          graph.load(run.golden().file("state_after_" + before + ".safetensors"));
          graph.restart(gradients.get(0));
        }
        String prefix = "step" + step + ".";
        graph.feed(
            model.encode(run, prefix + "captions", ""), run.inputs().get(prefix + "image"), prefix);
        Map<String, Values> computed = graph.step(prefix, alpha.doubleValue(), before, true);
        gradients.add(checkGradients(run, step, prefix, computed));
        checkState(run, step, graph.state(""), gradients);
      }
      Matcher clamp = CLAMP.matcher(run.cases().path("notes").toString());
      if (!clamp.find()) {
        throw new IOException("cases.json does not say which temperature and alpha clamp.* has");
      }
      graph.load(model.weights());
      graph.set("temp", Double.parseDouble(clamp.group(1)));
      graph.feed(
          model.encode(run, "step1.captions", ""), run.inputs().get("step1.image"), "clamp.");
      Map<String, Values> computed =
          graph.step("clamp.", Double.parseDouble(clamp.group(2)), 0, false);
      run.add("clamp.temp_grad", computed.get("clamp.grad.temp"));
      run.add("clamp.temp_after", graph.state("").get("temp"));
    }
    run.report();
  }

  /**
   * One fine-tuning step of retrieval for each set of drawn negatives: everything in the step,
   * gradients, and parameters and queues after it.
   */
  static void retrieval(GoldenRun run) throws IOException {
    GoldenModel model = GoldenModel.of(run);
    TokenBatch captions = model.encode(run, "captions", "");
    TreeSet<String> modes = new TreeSet<>();
    run.cases().path("negative_all_rank").fieldNames().forEachRemaining(modes::add);
    if (modes.isEmpty()) {
      throw new IOException("cases.json names no mode under negative_all_rank");
    }
    // The ids of the batch, padding included, and the two first tokens, in order.
    TreeSet<Long> used =
        new TreeSet<>(List.of((long) model.tokens().dec(), (long) model.tokens().enc()));
    Arrays.stream(captions.ids()).forEach(used::add);
    for (String mode : modes) {
      String prefix = mode + ".";
      run.add(prefix + "rows", Values.vector(List.copyOf(used)));
      try (ContrastiveGraph graph = new ContrastiveGraph(run, model, false)) {
        graph.load(model.weights());
        graph.feed(captions, run.inputs().get("image"), prefix);
        graph.step(prefix, GoldenModel.number(model.node(), "alpha"), 0, true);
        graph.state(prefix + "after.");
      }
    }
    run.report();
  }

  /** Compares {@code grads_N}, all gradients of a step, and returns the expected ones. */
  private static Golden.Tensors checkGradients(
      GoldenRun run, int step, String prefix, Map<String, Values> computed) throws IOException {
    String file = "grads_" + step;
    Golden.Tensors expected = run.golden().tensors(file + ".safetensors");
    Tolerance tolerance = Tolerance.parse(file, rule(run, file));
    for (String name : expected.names()) {
      Values found = computed.get(prefix + "grad." + name);
      run.compare(file + "/" + name, found, expected.get(name), tolerance);
    }
    for (String name : computed.keySet()) {
      String parameter = name.replace(prefix + "grad.", "");
      if (!parameter.equals(name)) {
        refuseOther(run, file, parameter, expected);
      }
    }
    return expected;
  }

  /**
   * Compares {@code state_after_N} by the rule of the golden README: AdamW divides by the
   * gradient's own size, so an element whose gradient is rounding noise is held to a wide bound and
   * all others to a strict one.
   *
   * @param gradients expected ones of the steps so far
   */
  private static void checkState(
      GoldenRun run, int step, Map<String, Values> state, List<Golden.Tensors> gradients)
      throws IOException {
    String file = "state_after_" + step;
    Golden.Tensors expected = run.golden().tensors(file + ".safetensors");
    JsonNode rule = rule(run, file);
    for (String name : expected.names()) {
      Values wanted = expected.get(name);
      double[] bounds = new double[wanted.data().length];
      if (gradients.get(0).names().contains(name)) {
        double strict = absolute(rule, "parameters_strict");
        double elsewhere = absolute(rule, "parameters_elsewhere") * gradients.size() + strict;
        Arrays.fill(bounds, strict);
        for (Golden.Tensors earlier : gradients) {
          Values gradient = earlier.get(name);
          double noise = Math.max(1e-6, 1e-3 * gradient.largest());
          for (int i = 0; i < bounds.length; i++) {
            bounds[i] = Math.abs(gradient.data()[i]) > noise ? bounds[i] : elsewhere;
          }
        }
      } else if (name.endsWith("_queue")) {
        Arrays.fill(bounds, absolute(rule, "queues"));
      } else if (!name.endsWith("queue_ptr")) {
        Arrays.fill(bounds, absolute(rule, "momentum_parameters"));
      }
      String check = file + "/" + name;
      run.row(CheckRow.compare(run.golden().name(), check, state.get(name), wanted, bounds));
    }
    state.keySet().forEach(name -> refuseOther(run, file, name, expected));
  }

  private static void refuseOther(
      GoldenRun run, String file, String name, Golden.Tensors expected) {
    if (!expected.names().contains(name)) {
      run.failed(file + "/" + name, "is ours, but not in the golden");
    }
  }

  private static JsonNode rule(GoldenRun run, String file) throws IOException {
    for (Map.Entry<String, JsonNode> entry : run.cases().path("tolerance").properties()) {
      if (entry.getKey().contains(file + ".safetensors")) {
        return entry.getValue();
      }
    }
    throw new IOException("cases.json states no tolerance for " + file);
  }

  private static double absolute(JsonNode rule, String part) throws IOException {
    JsonNode absolute = rule.path(part).path("absolute");
    if (!absolute.isNumber()) {
      throw new IOException("cases.json states no tolerance for " + part);
    }
    return absolute.doubleValue();
  }
}
