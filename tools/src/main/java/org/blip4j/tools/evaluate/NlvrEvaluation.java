package org.blip4j.tools.evaluate;

import com.google.common.collect.ImmutableList;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;
import org.blip4j.data.file.AtomicFile;
import org.blip4j.data.file.JsonFile;
import org.blip4j.data.sample.Sample;
import org.blip4j.savedmodel.evaluate.LabelledRecords;
import org.blip4j.savedmodel.predict.Answer;
import org.blip4j.savedmodel.predict.Predictor;
import org.blip4j.tools.console.Console;
import org.blip4j.tools.console.Progress;

/**
 * Statements about two images (NLVR2, blip-spec 7.5): the share that is judged rightly, and of all
 * sentences the share that is judged rightly with every pair of images. The images of a record are
 * never exchanged (trap T7).
 */
record NlvrEvaluation(EvaluationOptions out, Console console) {
  /**
   * A statement that was judged.
   *
   * @param sentence what it shares with the other pairs of images of its sentence
   */
  private record Judged(
      int place,
      String identifier,
      String sentence,
      String statement,
      int label,
      Answer.Nlvr said) {
    boolean right() {
      return said.label().equals("True") == (label == 1);
    }
  }

  /** Measures. */
  void run(LabelledRecords records, Predictor model, int batch) throws IOException {
    List<Judged> judged = new ArrayList<>();
    try (Progress progress = console.progress("statements", -1)) {
      records.forEach(
          Sample.ImagePair.class,
          batch,
          (first, samples) -> {
            List<Answer.Nlvr> answers =
                model.nlvr(
                    samples.stream().map(sample -> sample.left().toByteArray()).toList(),
                    samples.stream().map(sample -> sample.right().toByteArray()).toList(),
                    samples.stream().map(Sample.ImagePair::statement).toList());
            for (int i = 0; i < samples.size(); i++) {
              if (answers.get(i).ok()) {
                judged.add(of(samples.get(i), first + i, answers.get(i)));
              } else {
                console.failed(samples.get(i).key(), answers.get(i).status());
              }
            }
            progress.advance(samples.size());
          });
    }
    if (out.predictions().isPresent()) {
      write(judged);
    }
    List<Judged> measured = judged.stream().filter(one -> one.label() >= 0).toList();
    if (measured.isEmpty()) {
      console.note("no statement has a label: nothing is measured");
    }
    Map<String, Double> figures = figures(measured);
    Map<String, Object> row = new LinkedHashMap<>();
    row.put("task", "nlvr");
    row.put("statements", judged.size());
    row.put("measured", measured.size());
    row.putAll(figures);
    StringBuilder text = new StringBuilder(judged.size() + " statements");
    figures.forEach(
        (name, value) -> text.append(String.format(Locale.ROOT, "\n  %-11s %.4f", name, value)));
    console.result(row, text.toString());
    if (out.report().isPresent() && !measured.isEmpty()) {
      report(measured, figures, records).write(out.report().get());
    }
  }

  /**
   * NLVR2 names a pair of images with a sentence {@code SPLIT-SET-PAIR-SENTENCE}: the sentence is
   * known by all but PAIR. Other keys are sentences of their own, unless records say {@code
   * sentence_id}.
   */
  private static Judged of(Sample.ImagePair sample, int place, Answer.Nlvr answer) {
    String identifier = sample.columns().text("identifier").orElse(sample.key());
    String sentence =
        sample
            .columns()
            .text("sentence_id")
            .orElseGet(() -> identifier.replaceFirst("^(.+)-\\d+-(\\d+)$", "$1-*-$2"));
    return new Judged(place, identifier, sentence, sample.statement(), sample.label(), answer);
  }

  private static Map<String, Double> figures(List<Judged> judged) {
    Map<String, Double> figures = new LinkedHashMap<>();
    if (!judged.isEmpty()) {
      Map<String, Boolean> whole =
          judged.stream()
              .collect(Collectors.toMap(Judged::sentence, Judged::right, (a, b) -> a && b));
      figures.put("accuracy", share(judged.stream().map(Judged::right).toList()));
      figures.put("consistency", share(whole.values()));
    }
    return figures;
  }

  private static double share(Collection<Boolean> right) {
    return (double) right.stream().filter(one -> one).count() / right.size();
  }

  private void write(List<Judged> judged) throws IOException {
    try (AtomicFile file = AtomicFile.create(out.predictions().orElseThrow())) {
      for (Judged one : judged) {
        Map<String, Object> row = new LinkedHashMap<>();
        row.put("identifier", one.identifier());
        row.put("prediction", one.said().label());
        row.put("probability", one.said().probability());
        if (one.label() >= 0) {
          row.put("label", one.label() == 1 ? "True" : "False");
        }
        file.stream().write((JsonFile.tree(row) + "\n").getBytes(StandardCharsets.UTF_8));
      }
      file.commit();
    }
  }

  private static EvaluationReport report(
      List<Judged> judged, Map<String, Double> figures, LabelledRecords records)
      throws IOException {
    List<EvaluationReport.Rated> rated = new ArrayList<>();
    for (Judged one : judged) {
      double sure = one.said().probability();
      List<EvaluationReport.Line> lines =
          List.of(
              EvaluationReport.Line.of("statement", one.statement()),
              new EvaluationReport.Line(
                  "judged",
                  String.format(Locale.ROOT, "%s, %.3f", one.said().label(), sure),
                  one.right() ? "yes" : "no"),
              EvaluationReport.Line.of("label", one.label() == 1 ? "True" : "False"));
      rated.add(
          new EvaluationReport.Rated(
              new EvaluationReport.Item(one.place(), lines), one.right() ? sure : -sure, sure));
    }
    return EvaluationReport.of(
        "Statements about two images",
        String.format(
            Locale.ROOT,
            "Of %d statements %.1f %% are judged rightly, of their sentences %.1f %% with all"
                + " their pairs of images.",
            judged.size(),
            100 * figures.get("accuracy"),
            100 * figures.get("consistency")),
        List.of(
            List.of("share", "accuracy", "consistency"),
            ImmutableList.of(
                "all",
                CaptionScores.percent(figures.get("accuracy")),
                CaptionScores.percent(figures.get("consistency")))),
        EvaluationReport.Choice.of(
            rated,
            "The model was least sure of these.",
            "Judged wrongly, the surest first.",
            "Judged rightly, the surest first."),
        records,
        Sample.ImagePair.class);
  }
}
