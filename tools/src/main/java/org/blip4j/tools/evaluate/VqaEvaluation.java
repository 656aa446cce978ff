package org.blip4j.tools.evaluate;

import com.google.common.collect.ImmutableList;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import org.blip4j.data.file.JsonFile;
import org.blip4j.data.file.JsonValue;
import org.blip4j.data.metric.VqaAccuracy;
import org.blip4j.data.sample.Sample;
import org.blip4j.savedmodel.evaluate.LabelledRecords;
import org.blip4j.savedmodel.evaluate.TaskEvaluation;
import org.blip4j.savedmodel.predict.Answer;
import org.blip4j.savedmodel.predict.Predictor;
import org.blip4j.tools.console.Console;
import org.blip4j.tools.console.Progress;
import org.blip4j.tools.infer.AnswerOptions;
import picocli.CommandLine.Mixin;

/** Answers to questions about pictures (VQA v2, blip-spec 7.4) by the official accuracy. */
record VqaEvaluation(Options options, EvaluationOptions out, Console console) {
  /** Where answers come from and how they are measured. */
  static final class Options {
    @Mixin private ResultOptions results;

    @Mixin private AnswerOptions.Listed listed;

    /** Results of an earlier run. */
    ResultOptions results() {
      return results;
    }

    /** Whether answers are chosen from a list. */
    boolean ranks() throws IOException {
      return listed.choice().isPresent();
    }
  }

  /** A question. */
  private record Asked(
      int place,
      String question,
      ImmutableList<String> people,
      String questionType,
      String answerType) {}

  /**
   * What was said.
   *
   * @param sure log-probability; not a number of results of an earlier run
   */
  private record Said(String answer, double sure) {}

  /** Measures; the model is missing where results stand for it. */
  void run(Optional<LabelledRecords> records, Optional<CaptionEvaluation.Model> model, int batch)
      throws IOException {
    options.results.require(model.isPresent());
    Optional<Answer.Choice> choice = options.listed.choice();
    if (options.results.given() && choice.isPresent()) {
      throw new IllegalArgumentException("--results has answers already; leave --answers away");
    }
    Map<String, Asked> asked = new LinkedHashMap<>();
    Map<String, Said> said = new LinkedHashMap<>();
    if (model.isPresent()) {
      try (Predictor predictor = model.get().open();
          Progress progress = console.progress("questions", -1)) {
        records
            .orElseThrow()
            .forEach(
                Sample.Question.class,
                batch,
                (first, samples) -> {
                  answer(predictor, choice, samples, note(samples, first, asked), said);
                  progress.advance(samples.size());
                });
      }
    } else if (records.isPresent()) {
      records
          .get()
          .forEach(Sample.Question.class, batch, (first, samples) -> note(samples, first, asked));
    }
    if (options.results.references().isPresent()) {
      references(asked, records.isPresent());
    }
    if (options.results.given()) {
      options
          .results
          .read(ResultFile.ANSWERS, asked, console)
          .forEach((id, answer) -> said.put(id, new Said(answer, Double.NaN)));
    }
    tell(asked, said, records);
  }

  /**
   * Notes questions and tells what they are called. Several about one picture may have its key;
   * without a column of numbers they are then counted.
   */
  private static List<String> note(
      List<Sample.Question> samples, int first, Map<String, Asked> asked) {
    List<String> ids = new ArrayList<>();
    for (int i = 0; i < samples.size(); i++) {
      Sample.Question sample = samples.get(i);
      String id = ResultFile.ANSWERS.of(sample);
      boolean numbered = sample.columns().text(ResultFile.ANSWERS.id()).isPresent();
      Asked one =
          new Asked(
              first + i,
              sample.question(),
              TaskEvaluation.people(sample),
              sample.columns().text("question_type").orElse(""),
              sample.columns().text("answer_type").orElse(""));
      if (asked.containsKey(id) && numbered) {
        throw new IllegalArgumentException(
            "the questions \"%s\" and \"%s\" are both question_id %s; give each one of its own"
                .formatted(asked.get(id).question(), one.question(), id));
      }
      String free = asked.containsKey(id) ? id + "#" + (first + i) : id;
      asked.put(free, one);
      ids.add(free);
    }
    return ids;
  }

  private void answer(
      Predictor model,
      Optional<Answer.Choice> choice,
      List<Sample.Question> samples,
      List<String> ids,
      Map<String, Said> said) {
    List<byte[]> images = samples.stream().map(sample -> sample.image().toByteArray()).toList();
    List<String> questions = samples.stream().map(Sample.Question::question).toList();
    List<Answer> answers =
        choice.isEmpty()
            ? model.vqa(images, questions)
            : model.vqaRank(images, questions, choice.get()).stream()
                .map(VqaEvaluation::best)
                .toList();
    for (int i = 0; i < samples.size(); i++) {
      if (answers.get(i).ok()) {
        said.put(ids.get(i), new Said(answers.get(i).text(), answers.get(i).logProb()));
      } else {
        console.failed(samples.get(i).key(), answers.get(i).status());
      }
    }
  }

  private static Answer best(Answer.Choice.Ranking ranking) {
    if (!ranking.ok()) {
      return new Answer("", 0, ranking.status(), ranking.note());
    }
    Answer.Choice.Ranked first = ranking.answers().get(0);
    return new Answer(first.text(), first.logProb(), "", ranking.note());
  }

  private void references(Map<String, Asked> asked, boolean known) throws IOException {
    JsonValue file = JsonFile.read(options.results.references().orElseThrow()).root();
    for (JsonValue one : file.get("annotations").items()) {
      String id = ResultFile.key(one.get("question_id"));
      ImmutableList<String> people =
          one.get("answers").items().stream()
              .map(answer -> answer.get("answer").text())
              .collect(ImmutableList.toImmutableList());
      Asked before = asked.get(id);
      if (before != null || !known) {
        asked.put(
            id,
            new Asked(
                before == null ? -1 : before.place(),
                before == null ? "" : before.question(),
                people,
                one.find("question_type").map(JsonValue::text).orElse(""),
                one.find("answer_type").map(JsonValue::text).orElse("")));
      }
    }
  }

  private void tell(
      Map<String, Asked> asked, Map<String, Said> said, Optional<LabelledRecords> records)
      throws IOException {
    if (out.predictions().isPresent()) {
      Map<String, String> answers = new LinkedHashMap<>();
      said.forEach((id, one) -> answers.put(id, one.answer()));
      ResultFile.ANSWERS.write(out.predictions().get(), answers);
    }
    VqaAccuracy accuracy = new VqaAccuracy();
    List<EvaluationReport.Rated> rated = new ArrayList<>();
    said.forEach(
        (id, one) -> {
          Asked question = asked.get(id);
          if (!question.people().isEmpty()) {
            VqaAccuracy.Judgement judged = VqaAccuracy.judge(one.answer(), question.people());
            accuracy.add(judged, question.questionType(), question.answerType());
            if (out.report().isPresent()) {
              rated.add(rated(question, one, judged.accuracy()));
            }
          }
        });
    Map<String, Object> row = new LinkedHashMap<>();
    row.put("task", "vqa");
    row.put("answers", said.size());
    row.put("measured", accuracy.questions());
    StringBuilder text = new StringBuilder(said.size() + " answers");
    if (accuracy.questions() == 0) {
      console.note("no question has an answer of people: nothing is measured");
    } else {
      row.put("accuracy", accuracy.overall());
      text.append(String.format(Locale.ROOT, "\n  accuracy %.2f %%", accuracy.overall()));
      Map<String, Double> byType = byType(accuracy);
      if (!byType.isEmpty()) {
        row.put("by_answer_type", byType);
      }
      byType.forEach(
          (type, value) ->
              text.append(String.format(Locale.ROOT, "\n  %-8s %.2f %%", type, value)));
    }
    console.result(row, text.toString());
    if (out.report().isPresent() && accuracy.questions() > 0) {
      report(accuracy, rated, records.orElseThrow()).write(out.report().get());
    }
  }

  private static Map<String, Double> byType(VqaAccuracy accuracy) {
    Map<String, Double> byType = new LinkedHashMap<>(accuracy.byAnswerType());
    byType.remove("");
    return byType;
  }

  /** Of equally right answers the surer is the better, of wrong ones the worse. */
  private static EvaluationReport.Rated rated(Asked asked, Said said, double accuracy) {
    double probability = Double.isNaN(said.sure()) ? 0 : Math.exp(said.sure());
    String people =
        asked.people().stream()
            .collect(Collectors.groupingBy(a -> a, LinkedHashMap::new, Collectors.counting()))
            .entrySet()
            .stream()
            .map(
                one ->
                    one.getKey() + (asked.people().size() > 1 ? " (" + one.getValue() + ")" : ""))
            .collect(Collectors.joining(", "));
    List<EvaluationReport.Line> lines =
        List.of(
            EvaluationReport.Line.of("question", asked.question()),
            new EvaluationReport.Line(
                String.format(Locale.ROOT, "answer, %.0f %%", 100 * accuracy),
                said.answer(),
                accuracy == 0 ? "no" : accuracy == 1 ? "yes" : ""),
            EvaluationReport.Line.of("people", people));
    return new EvaluationReport.Rated(
        new EvaluationReport.Item(asked.place(), lines),
        accuracy + (accuracy - 0.5) * probability,
        Math.abs(accuracy - 0.5) + probability);
  }

  private static EvaluationReport report(
      VqaAccuracy accuracy, List<EvaluationReport.Rated> rated, LabelledRecords records)
      throws IOException {
    List<List<String>> figures = new ArrayList<>();
    figures.add(List.of("answers", "accuracy in %"));
    figures.add(List.of("all", String.format(Locale.ROOT, "%.2f", accuracy.overall())));
    byType(accuracy)
        .forEach(
            (type, value) -> figures.add(List.of(type, String.format(Locale.ROOT, "%.2f", value))));
    return EvaluationReport.of(
        "Questions about pictures",
        String.format(
            Locale.ROOT,
            "The official accuracy of %d answers is %.2f %%.",
            accuracy.questions(),
            accuracy.overall()),
        figures,
        EvaluationReport.Choice.of(
            rated,
            "Answers that some people gave, and those the model was least sure of.",
            "Wrong answers, the surest first.",
            "Right answers, the surest first."),
        records,
        Sample.Question.class);
  }
}
