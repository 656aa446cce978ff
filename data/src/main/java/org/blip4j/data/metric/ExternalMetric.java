package org.blip4j.data.metric;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.google.common.base.Joiner;
import com.google.common.collect.ImmutableList;
import com.google.common.io.MoreFiles;
import com.google.common.io.RecursiveDeleteOption;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * METEOR 1.5 and SPICE 1.0 of captions. Both are Java programs of others, under licences of their
 * own, so they are never part of this program: a user gets them, and they run as processes. The
 * numbers are those of pycocoevalcap, which runs the same programs.
 */
public enum ExternalMetric {
  /** Matches words, stems, synonyms and paraphrases (Denkowski and Lavie, 2014). */
  METEOR(
      "the folder \"meteor\" of the Python package pycocoevalcap 1.2, with meteor-1.5.jar and"
          + " data/paraphrase-en.gz",
      "meteor-1.5.jar",
      "data/paraphrase-en.gz"),
  /** Compares scene graphs parsed from the captions (Anderson et al., 2016). */
  SPICE(
      "the folder \"spice\" of the Python package pycocoevalcap 1.2, with spice-1.0.jar, and in its"
          + " folder \"lib\" further stanford-corenlp-3.6.0.jar, stanford-corenlp-3.6.0-models.jar,"
          + " nashorn-core-15.4.jar and the jars of asm 7.3.1 (all on Maven Central)",
      "spice-1.0.jar",
      "lib/stanford-corenlp-3.6.0.jar",
      "lib/stanford-corenlp-3.6.0-models.jar",
      "lib/nashorn-core-15.4.jar");

  private static final ObjectMapper MAPPER = new ObjectMapper();
  private static final Duration SPICE_PER_ITEM = Duration.ofSeconds(5);

  /** What SPICE's old libraries reach into. */
  private static final ImmutableList<String> OPENED =
      ImmutableList.of(
          "lang",
          "lang.reflect",
          "util",
          "util.concurrent",
          "util.concurrent.atomic",
          "math",
          "text",
          "net",
          "io",
          "nio");

  private final String whatToGet;
  private final ImmutableList<String> files;

  /**
   * What a program found.
   *
   * @param corpus the score of all captions: METEOR's from summed statistics, SPICE's mean
   * @param byItem one score per item, in the order given
   */
  public record Scores(double corpus, ImmutableList<Double> byItem) {}

  ExternalMetric(String whatToGet, String... files) {
    this.whatToGet = whatToGet;
    this.files = ImmutableList.copyOf(files);
  }

  /** The name in lower case. */
  public String word() {
    return name().toLowerCase(Locale.ROOT);
  }

  /** What to tell a user who has not got the program. */
  public String notComputed() {
    return "%s is not computed: get %s, and name that folder".formatted(name(), whatToGet);
  }

  /**
   * Scores captions.
   *
   * @param folder where the program is
   * @param items tokenised captions with their references; an empty caption is scored like another
   * @param patience how long the program may say nothing (SPICE: 5 seconds more for each item)
   * @throws IOException if a file of the program is missing, or if it fails, answers with something
   *     else than scores, or takes longer
   */
  public Scores score(Path folder, List<CaptionMetrics.CaptionItem> items, Duration patience)
      throws IOException {
    if (items.isEmpty()) {
      throw new IllegalArgumentException(name() + " of no caption is undefined; give at least one");
    }
    for (String file : files) {
      if (!Files.isRegularFile(folder.resolve(file))) {
        throw new IOException("%s: has no %s. %s".formatted(folder, file, notComputed()));
      }
    }
    return this == METEOR ? meteor(folder, items, patience) : spice(folder, items, patience);
  }

  private static Scores meteor(
      Path folder, List<CaptionMetrics.CaptionItem> items, Duration patience) throws IOException {
    List<String> command =
        java("-Xmx2G", "-jar", METEOR.files.get(0), "-", "-", "-stdio", "-l", "en", "-norm");
    try (ChildProgram child = new ChildProgram(METEOR.name(), folder, command)) {
      List<String> questions =
          items.stream()
              .map(
                  item ->
                      Joiner.on(" ||| ")
                          .join(
                              "SCORE",
                              Joiner.on(" ||| ").join(item.references()),
                              oneLine(item.candidate()).replace("|||", "").replace("  ", " ")))
              .map(ExternalMetric::oneLine)
              .toList();
      child.ask(questions);
      List<String> statistics = new ArrayList<>();
      for (int i = 0; i < items.size(); i++) {
        statistics.add(child.answer(patience, "item " + i, true));
      }
      child.ask(List.of("EVAL ||| " + String.join(" ||| ", statistics)));
      ImmutableList.Builder<Double> scores = ImmutableList.builder();
      for (int i = 0; i < items.size(); i++) {
        scores.add(Double.parseDouble(child.answer(patience, "score of item " + i, false)));
      }
      String all = child.answer(patience, "score of all", false);
      return new Scores(Double.parseDouble(all), scores.build());
    }
  }

  private static Scores spice(
      Path folder, List<CaptionMetrics.CaptionItem> items, Duration patience) throws IOException {
    Path work = Files.createTempDirectory("blip-spice");
    try {
      ArrayNode input = MAPPER.createArrayNode();
      for (int i = 0; i < items.size(); i++) {
        ArrayNode references =
            input
                .addObject()
                .put("image_id", i)
                .put("test", items.get(i).candidate())
                .putArray("refs");
        items.get(i).references().forEach(references::add);
      }
      Path in = work.resolve("in.json");
      Path out = work.resolve("out.json");
      MAPPER.writeValue(in.toFile(), input);
      List<String> command = java("-Xmx6G");
      OPENED.forEach(
          name ->
              command.addAll(List.of("--add-opens", "java.base/java." + name + "=ALL-UNNAMED")));
      command.addAll(List.of("--add-opens", "java.base/sun.nio.ch=ALL-UNNAMED"));
      String classPath = String.join(File.pathSeparator, SPICE.files.get(0), "lib/*");
      command.addAll(List.of("-cp", classPath, "edu.anu.spice.SpiceScorer", in.toString()));
      command.addAll(List.of("-out", out.toString(), "-subset", "-silent"));
      try (ChildProgram child = new ChildProgram(SPICE.name(), folder, command)) {
        child.ask(List.of());
        child.awaitEnd(patience.plus(SPICE_PER_ITEM.multipliedBy(items.size())));
      }
      return spiceScores(out, items.size());
    } finally {
      MoreFiles.deleteRecursively(work, RecursiveDeleteOption.ALLOW_INSECURE);
    }
  }

  private static Scores spiceScores(Path out, int items) throws IOException {
    Double[] scores = new Double[items];
    double sum = 0;
    JsonNode found = MAPPER.readTree(out.toFile());
    for (JsonNode item : found) {
      double score = item.path("scores").path("All").path("f").asDouble(Double.NaN);
      int place = item.path("image_id").asInt(-1);
      if (place >= 0 && place < items && scores[place] == null && !Double.isNaN(score)) {
        scores[place] = score;
        sum += score;
      }
    }
    for (int i = 0; i < items; i++) {
      if (scores[i] == null) {
        throw new IOException(
            "SPICE gave no score to item " + i + ": " + found.path(i).path("scores").path("All"));
      }
    }
    return new Scores(sum / items, ImmutableList.copyOf(scores));
  }

  private static List<String> java(String... arguments) {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.add("-Dfile.encoding=UTF-8");
    command.addAll(List.of(arguments));
    return command;
  }

  private static String oneLine(String text) {
    return text.replace('\n', ' ').replace('\r', ' ');
  }
}
