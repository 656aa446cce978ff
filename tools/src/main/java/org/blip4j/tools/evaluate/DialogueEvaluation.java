package org.blip4j.tools.evaluate;

import com.google.common.collect.ImmutableMap;
import com.google.common.primitives.Longs;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.blip4j.data.file.AtomicFile;
import org.blip4j.data.file.JsonFile;
import org.blip4j.data.sample.Sample;
import org.blip4j.savedmodel.evaluate.DialogueProtocol;
import org.blip4j.savedmodel.evaluate.LabelledRecords;
import org.blip4j.savedmodel.open.ModelSource;
import org.blip4j.savedmodel.predict.PredictorOptions;
import org.blip4j.savedmodel.predict.StagedModel;
import org.blip4j.tools.console.Console;
import org.blip4j.tools.console.Progress;
import picocli.CommandLine.Option;

/**
 * Answers in dialogues (VisDial, blip-spec 7.6).
 *
 * @param maxTokens of a dialogue, at most; empty for the model's own
 */
record DialogueEvaluation(Optional<Integer> maxTokens, EvaluationOptions out, Console console) {
  /** How long dialogues may be. */
  static final class Options {
    @Option(
        names = "--max-tokens",
        paramLabel = "N",
        description =
            "Leave the oldest rounds out where a dialogue has more tokens (as the model was"
                + " trained; 256 for others).")
    private Integer maxTokens;

    DialogueEvaluation with(EvaluationOptions out, Console console) {
      return new DialogueEvaluation(Optional.ofNullable(maxTokens), out, console);
    }
  }

  /** Measures. */
  void run(LabelledRecords records, ModelSource source, PredictorOptions options)
      throws IOException {
    List<Map<String, Object>> predictions = new ArrayList<>();
    List<EvaluationReport.Rated> rated = new ArrayList<>();
    int[] questions = {0};
    ImmutableMap<String, Double> figures;
    try (StagedModel model = StagedModel.open(source, options, own -> own);
        Progress progress = console.progress("questions", -1)) {
      DialogueProtocol usual = DialogueProtocol.of(model, records);
      DialogueProtocol protocol =
          maxTokens.map(most -> new DialogueProtocol(model, records, most)).orElse(usual);
      figures =
          protocol.measure(
              (sample, ranked) -> {
                questions[0]++;
                progress.advance(1);
                predictions.add(prediction(sample, ranked));
                if (ranked.question().truth() >= 0) {
                  rated.add(rated(sample, ranked));
                }
              });
    }
    if (out.predictions().isPresent()) {
      AtomicFile.write(out.predictions().get(), JsonFile.tree(predictions) + "\n");
    }
    tell(questions[0], rated.size(), figures);
    if (out.report().isPresent() && !rated.isEmpty()) {
      report(figures, rated, records).write(out.report().get());
    }
  }

  /** As the server takes it; rounds are counted from 1. */
  private static Map<String, Object> prediction(
      Sample.ImageText sample, DialogueProtocol.Ranked ranked) {
    Map<String, Object> row = new LinkedHashMap<>();
    Long number = Longs.tryParse(sample.columns().text("image_id").orElse(sample.key()));
    row.put("image_id", number == null ? sample.key() : number);
    row.put("round_id", ranked.round() + 1);
    row.put("ranks", ranked.ranks());
    return row;
  }

  private static EvaluationReport.Rated rated(
      Sample.ImageText sample, DialogueProtocol.Ranked ranked) {
    int truth = ranked.question().truth();
    int first = ranked.order().get(0);
    int rank = ranked.ranks().get(truth);
    List<EvaluationReport.Line> lines =
        List.of(
            EvaluationReport.Line.of("caption", String.join(" ", sample.texts())),
            EvaluationReport.Line.of(
                "question %d".formatted(ranked.round() + 1), ranked.question().question()),
            new EvaluationReport.Line(
                "first", ranked.question().options().get(first), rank == 1 ? "yes" : "no"),
            EvaluationReport.Line.of("true, at " + rank, ranked.question().options().get(truth)));
    double ahead = ranked.scores()[truth] - ranked.scores()[first];
    return new EvaluationReport.Rated(
        new EvaluationReport.Item(ranked.place(), lines),
        -rank,
        Math.abs(ahead) + Math.abs(rank - 2));
  }

  private void tell(int questions, int measured, ImmutableMap<String, Double> figures)
      throws IOException {
    if (measured == 0) {
      console.note("of no question the true answer is known: nothing is measured");
    }
    Map<String, Object> row = new LinkedHashMap<>();
    row.put("task", "dialogue");
    row.put("questions", questions);
    row.put("measured", measured);
    row.putAll(figures);
    StringBuilder text = new StringBuilder(questions + " questions");
    figures.forEach(
        (name, value) -> text.append(String.format(Locale.ROOT, "\n  %-10s %.2f", name, value)));
    console.result(row, text.toString());
  }

  private static EvaluationReport report(
      ImmutableMap<String, Double> figures,
      List<EvaluationReport.Rated> rated,
      LabelledRecords records)
      throws IOException {
    List<String> names = new ArrayList<>(List.of("questions"));
    List<String> values = new ArrayList<>(List.of("all"));
    figures.forEach(
        (name, value) -> {
          names.add(name);
          values.add(String.format(Locale.ROOT, "%.2f", value));
        });
    return EvaluationReport.of(
        "Answers in dialogues",
        String.format(
            Locale.ROOT,
            "Of %d questions %.1f %% have the true answer first; its mean rank is %.2f.",
            rated.size(),
            figures.get("r1"),
            figures.get("mean_rank")),
        List.of(names, values),
        EvaluationReport.Choice.of(
            rated,
            "The true answer was just missed, or nearly so.",
            "The true answer was ranked last.",
            "The true answer was ranked first."),
        records,
        Sample.ImageText.class);
  }
}
