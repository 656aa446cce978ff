package org.blip4j.tools.verify;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.blip4j.data.metric.CaptionMetrics;
import org.blip4j.data.metric.RougeL;
import org.blip4j.data.metric.VqaAccuracy;
import org.blip4j.data.sample.Sample;
import org.blip4j.data.text.PtbTokens;

/** Goldens of the published evaluations: scores of captions and answers, numbers of frames. */
final class MetricChecks {
  /** The scores in a folder of files of captions. */
  static final String SCORES = "expected.json";

  private static final Tolerance SCORE = new Tolerance(1e-6, 0);
  private static final Tolerance ACCURACY = new Tolerance(1e-9, 0);
  private static final ObjectMapper MAPPER = new ObjectMapper();

  private MetricChecks() {}

  /** Tokens of captions; scores of every corpus, together and each item alone. */
  static void captionMetrics(GoldenRun run) throws IOException {
    JsonNode file = Golden.readJson(run.golden().path());
    tokens(run, file.path("tokenizer"));
    Set<String> absent = new TreeSet<>();
    for (Map.Entry<String, JsonNode> corpus : file.path("corpora").properties()) {
      List<CaptionMetrics.CaptionItem> items = items(run, corpus.getKey(), corpus.getValue());
      CaptionMetrics.CiderScore cider = CaptionMetrics.CiderScore.of(items);
      scores(run, corpus.getKey(), corpus.getValue().path("corpus"), items, cider.mean(), absent);
      for (int i = 0; i < items.size(); i++) {
        JsonNode expected = corpus.getValue().path("items").path(i).path("scores");
        String check = corpus.getKey() + " " + i;
        scores(run, check, expected, List.of(items.get(i)), cider.byItem().get(i), absent);
      }
    }
    notComputed(run, absent);
  }

  /** Lines that were tokenised alone, and captions that were tokenised together. */
  private static void tokens(GoldenRun run, JsonNode tokenizer) {
    if (tokenizer.has("single_lines")) {
      Tokens alone = new Tokens();
      for (JsonNode line : tokenizer.path("single_lines")) {
        String raw = line.path("raw").asText();
        alone.compare(raw, PtbTokens.line(raw), line.path("tokenized"));
      }
      alone.report(run, "tokens of single lines");
    }
    if (tokenizer.has("captions")) {
      List<String> raw = new ArrayList<>();
      tokenizer.path("captions").forEach(line -> raw.add(line.path("raw").asText()));
      raw.add(""); // the one line whose end is the end of the text
      List<String> lines = PtbTokens.lines(raw);
      Tokens together = new Tokens();
      for (int i = 0; i < raw.size() - 1; i++) {
        JsonNode line = tokenizer.path("captions").path(i);
        together.compare(raw.get(i), lines.get(i), line.path("tokenized"));
      }
      together.report(run, "tokens of captions");
    }
  }

  /** Tokenised captions that were compared, and those that differ. */
  private static final class Tokens {
    private final List<String> problems = new ArrayList<>();

    void compare(String raw, String found, JsonNode wanted) {
      if (!found.equals(wanted.asText(null))) {
        problems.add("'%s' gives '%s', expected '%s'".formatted(raw, found, wanted.asText()));
      }
    }

    void report(GoldenRun run, String check) {
      run.differ(check, problems);
    }
  }

  /** The items of a corpus from our own tokens, which are compared. */
  private static List<CaptionMetrics.CaptionItem> items(
      GoldenRun run, String corpus, JsonNode described) throws IOException {
    List<String> raw = new ArrayList<>();
    List<JsonNode> wanted = new ArrayList<>();
    for (JsonNode item : described.path("items")) {
      raw.add(item.path("candidate").asText());
      wanted.add(item.path("candidate_tokenized"));
      raw.addAll(Golden.strings(item.path("references")));
      item.path("references_tokenized").forEach(wanted::add);
    }
    raw.add("");
    List<String> lines = PtbTokens.lines(raw);
    Tokens tokens = new Tokens();
    for (int i = 0; i < raw.size() - 1; i++) {
      JsonNode line = i < wanted.size() ? wanted.get(i) : MAPPER.missingNode();
      tokens.compare(raw.get(i), lines.get(i), line);
    }
    tokens.report(run, corpus + " tokens");
    List<CaptionMetrics.CaptionItem> items = new ArrayList<>();
    int at = 0;
    for (JsonNode item : described.path("items")) {
      int end = at + 1 + item.path("references").size();
      items.add(CaptionMetrics.CaptionItem.of(lines.get(at), lines.subList(at + 1, end)));
      at = end;
    }
    return items;
  }

  private static void notComputed(GoldenRun run, Set<String> absent) {
    for (String name : absent) {
      if (name.equals("METEOR") || name.equals("SPICE")) {
        run.exact(name + " is not compared: a program of its own", null);
      } else {
        run.failed(name, "this version does not compute it");
      }
    }
  }

  /** Normal forms of strings, accuracy of each answer, totals. */
  static void vqaAccuracy(GoldenRun run) throws IOException {
    JsonNode file = Golden.readJson(run.golden().path());
    List<String> problems = new ArrayList<>();
    for (JsonNode one : file.path("strings")) {
      String input = one.path("input").asText();
      String marks = VqaAccuracy.withoutMarks(input);
      differ(problems, input, "punctuation", marks, one);
      differ(problems, input, "digit_article", VqaAccuracy.withoutArticles(input), one);
      differ(problems, input, "both", VqaAccuracy.withoutArticles(marks), one);
    }
    run.differ("strings", problems);
    VqaAccuracy total = new VqaAccuracy();
    for (JsonNode one : file.path("cases")) {
      String check = "case " + one.path("id").asText();
      VqaAccuracy.Judgement judged =
          VqaAccuracy.judge(one.path("prediction").asText(), Golden.strings(one.path("answers")));
      run.compare(check, judged.accuracy(), one.path("accuracy").asDouble(Double.NaN), ACCURACY);
      List<String> wrong = new ArrayList<>();
      differ(wrong, check, "prediction_processed", judged.prediction(), one);
      differ(wrong, check, "answers_processed", judged.answers(), one);
      differ(wrong, check, "normalised", judged.normalised(), one);
      run.differ(check + " texts", wrong);
      total.add(judged, one.path("question_type").asText(), one.path("answer_type").asText());
    }
    JsonNode overall = file.path("overall");
    List<String> wrong = new ArrayList<>();
    differ(wrong, "overall", "percent", total.overall(), overall);
    differ(wrong, "overall", "per_question_type", total.byQuestionType(), overall);
    differ(wrong, "overall", "per_answer_type", total.byAnswerType(), overall);
    run.differ("overall", wrong);
  }

  private static void differ(
      List<String> problems, String of, String field, Object found, JsonNode expected) {
    JsonNode made = MAPPER.valueToTree(found);
    if (expected.has(field) && !made.equals(expected.path(field))) {
      problems.add(
          "%s of '%s' is %s, expected %s".formatted(field, of, made, expected.path(field)));
    }
  }

  /** Numbers of the frames that stand for a video, for lengths from 1 on. */
  static void frames(GoldenRun run) throws IOException {
    JsonNode file = Golden.readJson(run.golden().path());
    for (String field : List.of("frames", "more_frames")) {
      for (Map.Entry<String, JsonNode> taken : file.path(field).properties()) {
        int wanted = Integer.parseInt(taken.getKey());
        List<String> problems = new ArrayList<>();
        JsonNode lists = taken.getValue();
        for (int i = 0; lists.isArray() && i < lists.size(); i++) {
          frames(problems, i + 1, wanted, lists.path(i));
        }
        for (Map.Entry<String, JsonNode> list : lists.properties()) {
          frames(problems, Integer.parseInt(list.getKey()), wanted, list.getValue());
        }
        run.differ(field + " " + wanted, problems);
      }
    }
  }

  private static void frames(List<String> problems, int count, int wanted, JsonNode expected) {
    JsonNode found = MAPPER.valueToTree(Sample.Video.frameNumbers(count, wanted));
    if (!found.equals(expected)) {
      problems.add("%d of %d frames are %s, expected %s".formatted(wanted, count, found, expected));
    }
  }

  /**
   * Scores of captions in files: {@code NAME_hyp.txt} with {@code NAME_ref1.txt} and so on, a line
   * an image, or {@code NAME_tokenized.json} with {@code gts} and {@code res} by image.
   */
  static void metricFiles(GoldenRun run) throws IOException {
    Set<String> absent = new TreeSet<>();
    for (Map.Entry<String, JsonNode> corpus : run.golden().json(SCORES).properties()) {
      String name = corpus.getKey();
      if (corpus.getValue().isObject()) {
        List<CaptionMetrics.CaptionItem> items = new ArrayList<>();
        Path candidates = run.golden().file(name + "_hyp.txt");
        if (Files.exists(candidates)) {
          List<List<String>> references = new ArrayList<>();
          for (Path file = run.golden().file(name + "_ref1.txt"); Files.exists(file); ) {
            references.add(Files.readAllLines(file));
            file = run.golden().file(name + "_ref" + (references.size() + 1) + ".txt");
          }
          for (String line : Files.readAllLines(candidates)) {
            int row = items.size();
            items.add(
                CaptionMetrics.CaptionItem.of(
                    line, references.stream().map(r -> r.get(row)).toList()));
          }
        } else {
          JsonNode both = run.golden().json(name + "_tokenized.json");
          for (Map.Entry<String, JsonNode> one : both.path("res").properties()) {
            List<String> references = Golden.strings(both.path("gts").path(one.getKey()));
            items.add(CaptionMetrics.CaptionItem.of(one.getValue().path(0).asText(), references));
          }
        }
        scores(
            run,
            name,
            corpus.getValue(),
            items,
            CaptionMetrics.CiderScore.of(items).mean(),
            absent);
      }
    }
    notComputed(run, absent);
  }

  private static void scores(
      GoldenRun run,
      String check,
      JsonNode expected,
      List<CaptionMetrics.CaptionItem> items,
      double cider,
      Set<String> absent) {
    CaptionMetrics.BleuScore bleu = CaptionMetrics.BleuScore.of(items);
    for (Map.Entry<String, JsonNode> score : expected.properties()) {
      String name = check + " " + score.getKey();
      String metric = score.getKey().toLowerCase(Locale.ROOT).replace('_', '-');
      double wanted = score.getValue().asDouble(Double.NaN);
      if (metric.matches("bleu-[1-4]")) {
        run.compare(name, bleu.bleu(metric.charAt(5) - '0'), wanted, SCORE);
      } else if (metric.equals("rouge-l")) {
        run.compare(name, RougeL.of(items), wanted, SCORE);
      } else if (metric.equals("cider")) {
        run.compare(name, cider, wanted, SCORE);
      } else {
        absent.add(score.getKey());
      }
    }
  }
}
