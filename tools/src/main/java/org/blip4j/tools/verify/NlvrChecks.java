package org.blip4j.tools.verify;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.blip4j.data.text.TokenBatch;
import org.blip4j.data.weights.WeightFile;
import org.blip4j.graph.config.Task;
import org.blip4j.graph.task.ImagePairBatch;
import org.blip4j.graph.task.NlvrModel;
import org.blip4j.graph.text.MedStack;
import org.blip4j.graph.weights.ImportReport;
import org.blip4j.graph.weights.PublishedForm;
import org.blip4j.graph.weights.WeightNames;
import org.blip4j.ops.core.Mode;
import org.blip4j.ops.core.Trace;
import org.tensorflow.Operand;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TInt64;

/**
 * Two-image reasoning: states of all layers, logits with the images in both orders, loss and
 * gradients; then the same model started from a pre-training checkpoint, with the names of what is
 * copied, missing and left over.
 */
final class NlvrChecks {
  private static final String CHECKPOINT = "pretrain_checkpoint";
  private static final String KEYS = "key_conversion";

  /** The one buffer that upstream's model has and ours does not. */
  private static final String BUFFER = "text_encoder.embeddings.position_ids";

  private static final String COPIED = "copied from ";

  private NlvrChecks() {}

  static void check(GoldenRun run) throws IOException {
    GoldenModel model = GoldenModel.of(run);
    JsonNode config = model.node();
    if (GoldenModel.integer(config, "merge_layer_from") != MedStack.FIRST_MERGING_LAYER) {
      throw new IOException("config.json: merge_layer_from is not " + MedStack.FIRST_MERGING_LAYER);
    }
    TokenBatch texts = model.encode(run, "statements", "text_ids");
    Values labels = Values.vector(Golden.numbers(run.cases().path("targets")));
    run.own(Values.ids(texts.withFirstToken(model.tokens().enc())), "text_ids");
    run.own(Values.mask(texts), "text_mask");
    run.own(labels, "target");
    try (GoldenGraph graph = new GoldenGraph(run, Mode.TRAIN)) {
      NlvrModel nlvr = graph.model(model.weights(), vars -> NlvrModel.create(vars, model.config()));
      Operand<TFloat32> loss = nlvr.step(graph.ctx(), batch(run, graph, texts, labels)).loss();
      graph.fetch("loss", loss);
      graph.compute();
      OfficialParameters.of(false).checkGradients(run, graph, loss);
    }
    try (GoldenGraph graph = new GoldenGraph(run, Mode.INFER)) {
      NlvrModel nlvr = graph.model(model.weights(), vars -> NlvrModel.create(vars, model.config()));
      ImagePairBatch batch = batch(run, graph, texts, labels);
      Trace named = new Trace();
      Operand<TFloat32> loss = nlvr.step(graph.ctx().with(named), batch).loss();
      List<Operand<TFloat32>> states = new ArrayList<>();
      states.add(named.floats("match/embedded"));
      states.addAll(named.series("match/layer"));
      graph.fetch("image_embeds", named.get("images"));
      graph.fetch("hidden_states", graph.ctx().tf().stack(states));
      graph.fetch("last_hidden_state", states.get(states.size() - 1));
      graph.fetch("prediction", named.get("logits"));
      graph.compute();
      graph.feed(batch.first(), run.inputs().get("image1").channelsLast());
      graph.feed(batch.second(), run.inputs().get("image0").channelsLast());
      graph.fetch("prediction_swapped", named.get("logits"));
      graph.compute();
      graph.feed(batch.first(), run.inputs().get("image0").channelsLast());
      graph.feed(batch.second(), run.inputs().get("image1").channelsLast());
      ImportReport report = graph.start(run.golden().file(CHECKPOINT + ".pth"), Task.NLVR);
      graph.fetch("converted/prediction", named.get("logits"));
      graph.fetch("converted/loss", loss);
      graph.fetch("converted/pos_embed", graph.vars().get("visual_encoder/pos_embed").value());
      graph.compute();
      keyConversion(run, report);
    }
    // The image size that the checkpoint was made for, as both files state it.
    Golden.Tensors checkpoint = run.golden().tensors(CHECKPOINT + ".pth");
    long patches = checkpoint.get("visual_encoder.pos_embed").shape()[1] - 1;
    double size = Math.sqrt((double) patches) * model.config().vision().patchSize();
    String stated = CHECKPOINT + "_image_size";
    run.compare(stated, size, GoldenModel.number(config, stated), Tolerance.EXACT);
    double converted =
        run.golden().json(KEYS + ".json").path("pretrain_image_size").asDouble(Double.NaN);
    run.compare(KEYS + ".pretrain_image_size", size, converted, Tolerance.EXACT);
    run.report();
  }

  private static ImagePairBatch batch(
      GoldenRun run, GoldenGraph graph, TokenBatch texts, Values labels) throws IOException {
    return new ImagePairBatch(
        graph.pixels(run.inputs().get("image0")),
        graph.pixels(run.inputs().get("image1")),
        graph.tokens(texts),
        graph.feed(TInt64.class, labels, -1));
  }

  /**
   * Compares {@code key_conversion.json}: the names of a pre-training checkpoint before and after
   * the two-image model's loader, which of them are copies of what, and what the model then misses
   * and leaves over.
   *
   * @param report what our import made of the checkpoint
   */
  static void keyConversion(GoldenRun run, ImportReport report) throws IOException {
    WeightNames names = WeightNames.of(PublishedForm.OFFICIAL, false);
    List<String> before;
    try (WeightFile file = WeightFile.open(run.golden().file(CHECKPOINT + ".pth"))) {
      before = List.copyOf(file.tensors().keySet());
    }
    Map<String, String> copied = new LinkedHashMap<>();
    report
        .derived()
        .forEach(
            (variable, how) -> {
              if (how.startsWith(COPIED)) {
                copied.put(names.published(variable).get(0).name(), how.substring(COPIED.length()));
              }
            });
    Set<String> unexpected = new TreeSet<>(report.leftOver());
    unexpected.addAll(report.unknown());
    unexpected.addAll(report.skipped());
    unexpected.remove(BUFFER);
    List<String> after = new ArrayList<>(before);
    for (String name : before) {
      for (String copy : WeightNames.TwoImageCopies.of(name)) {
        after.add(copy);
        if (copied.putIfAbsent(copy, name) == null) {
          unexpected.add(copy); // a tower that the model does not have
        }
      }
    }
    Set<String> missing = new LinkedHashSet<>();
    report.fresh().forEach(variable -> missing.add(names.published(variable).get(0).name()));
    if (!before.contains(BUFFER)) {
      missing.add(BUFFER);
    }
    JsonNode expected = run.golden().json(KEYS + ".json");
    row(run, "before", before, strings(expected.path("before")));
    row(run, "after", after, strings(expected.path("after")));
    List<String> pairs = copied.entrySet().stream().map(Object::toString).toList();
    List<String> expectedPairs =
        expected.path("copied").properties().stream()
            .map(pair -> pair.getKey() + "=" + pair.getValue().asText())
            .toList();
    row(run, "copied", sorted(pairs), sorted(expectedPairs));
    row(run, "missing_keys", sorted(missing), sorted(strings(expected.path("missing_keys"))));
    List<String> leftOver = sorted(strings(expected.path("unexpected_keys")));
    row(run, "unexpected_keys", sorted(unexpected), leftOver);
  }

  private static List<String> strings(JsonNode list) {
    List<String> strings = new ArrayList<>();
    list.forEach(one -> strings.add(one.asText()));
    return strings;
  }

  private static List<String> sorted(Collection<String> names) {
    return names.stream().sorted().toList();
  }

  private static void row(GoldenRun run, String what, List<String> found, List<String> expected) {
    List<String> problems = new ArrayList<>();
    for (int i = 0; i < Math.max(found.size(), expected.size()); i++) {
      String ours = i < found.size() ? found.get(i) : "none";
      String theirs = i < expected.size() ? expected.get(i) : "none";
      if (!ours.equals(theirs)) {
        problems.add("%s at %d, expected %s".formatted(ours, i, theirs));
      }
    }
    if (found.isEmpty() && problems.isEmpty()) {
      problems.add("nothing to compare");
    }
    run.differ(KEYS + "." + what, problems);
  }
}
