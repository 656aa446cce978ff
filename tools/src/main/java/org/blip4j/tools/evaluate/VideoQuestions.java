package org.blip4j.tools.evaluate;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.blip4j.data.file.AtomicFile;
import org.blip4j.data.file.JsonFile;
import org.blip4j.data.sample.Sample;
import org.blip4j.savedmodel.evaluate.LabelledRecords;
import org.blip4j.savedmodel.evaluate.VideoProtocol;
import org.blip4j.savedmodel.predict.StagedModel;
import org.blip4j.tools.console.Console;
import org.blip4j.tools.console.Progress;

/** Questions about videos (MSRVTT-QA, MSVD-QA; blip-spec 7.7): the share of exact answers. */
record VideoQuestions(EvaluationOptions out, Console console) {

  /** Measures. */
  void run(LabelledRecords records, StagedModel model) throws IOException {
    List<Map<String, Object>> rows = new ArrayList<>();
    List<EvaluationReport.Rated> rated = new ArrayList<>();
    double accuracy;
    try (Progress progress = console.progress("questions", -1)) {
      accuracy =
          new VideoProtocol(model, records)
              .answers(
                  answered -> {
                    if (!answered.truths().isEmpty()) {
                      rated.add(rated(answered, rows.size()));
                    }
                    rows.add(row(answered));
                    progress.advance(1);
                  });
    }
    if (out.predictions().isPresent()) {
      try (AtomicFile file = AtomicFile.create(out.predictions().get())) {
        for (Map<String, Object> row : rows) {
          file.stream().write((JsonFile.tree(row) + "\n").getBytes(StandardCharsets.UTF_8));
        }
        file.commit();
      }
    }
    Map<String, Object> row = new LinkedHashMap<>();
    row.put("task", "video");
    row.put("questions", rows.size());
    row.put("measured", rated.size());
    String text = rows.size() + " questions";
    if (rated.isEmpty()) {
      console.note("no question has an answer: nothing is measured");
    } else {
      row.put("accuracy", accuracy);
      text += String.format(Locale.ROOT, "\n  accuracy %.2f %%", accuracy);
    }
    console.result(row, text);
    if (out.report().isPresent() && !rated.isEmpty()) {
      report(accuracy, rated, records).write(out.report().get());
    }
  }

  private static Map<String, Object> row(VideoProtocol.Answered answered) {
    Map<String, Object> row = new LinkedHashMap<>();
    row.put("video", answered.video().key());
    row.put("question", answered.question());
    row.put("answer", answered.answer().text());
    row.put("log_prob", answered.answer().logProb());
    if (!answered.truths().isEmpty()) {
      row.put("right", answered.right());
    }
    return row;
  }

  private static EvaluationReport.Rated rated(VideoProtocol.Answered answered, int place) {
    double sure = Math.exp(answered.answer().logProb());
    List<EvaluationReport.Line> lines =
        List.of(
            EvaluationReport.Line.of("question", answered.question()),
            new EvaluationReport.Line(
                String.format(Locale.ROOT, "answer, %.3f", sure),
                answered.answer().text(),
                answered.right() ? "yes" : "no"),
            EvaluationReport.Line.of("record", String.join(" | ", answered.truths())));
    return new EvaluationReport.Rated(
        new EvaluationReport.Item(place, lines), answered.right() ? sure : -sure, sure);
  }

  private static EvaluationReport report(
      double accuracy, List<EvaluationReport.Rated> rated, LabelledRecords records)
      throws IOException {
    String percent = String.format(Locale.ROOT, "%.2f", accuracy);
    return EvaluationReport.of(
        "Questions about videos",
        "Of %d answers %s %% are those of the records.".formatted(rated.size(), percent),
        List.of(List.of("answers", "accuracy in %"), List.of("all", percent)),
        EvaluationReport.Choice.of(
            rated,
            "The model was least sure of these.",
            "Wrong answers, the surest first.",
            "Right answers, the surest first."),
        records,
        Sample.Video.class);
  }
}
