package org.blip4j.tools.evaluate;

import com.google.common.collect.ImmutableList;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.blip4j.data.file.JsonFile;
import org.blip4j.data.file.JsonValue;
import org.blip4j.data.metric.ExternalMetric;
import org.blip4j.data.sample.Sample;
import org.blip4j.ops.decode.DecodingSettings;
import org.blip4j.savedmodel.evaluate.LabelledRecords;
import org.blip4j.savedmodel.predict.Caption;
import org.blip4j.savedmodel.predict.Predictor;
import org.blip4j.savedmodel.signature.ServingSettings;
import org.blip4j.tools.console.Console;
import org.blip4j.tools.console.Progress;
import org.blip4j.tools.infer.DecodingOptions;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/**
 * Captions of pictures against those that people wrote (COCO, blip-spec 7.2; NoCaps, 7.3), or
 * results of an earlier run.
 *
 * @param name {@code caption} or {@code nocaps}
 * @param options where captions come from and how they are measured
 * @param out where results go
 * @param console where figures are printed
 */
record CaptionEvaluation(String name, Options options, EvaluationOptions out, Console console) {
  /** Where captions come from and how they are measured. */
  static final class Options {
    @Mixin private ResultOptions results;

    @Option(
        names = "--meteor",
        paramLabel = "DIR",
        description = "Compute METEOR by the program of others in this folder, too.")
    private Path meteor;

    @Option(
        names = "--spice",
        paramLabel = "DIR",
        description = "Compute SPICE by the program of others in this folder, too.")
    private Path spice;

    @Option(names = "--beams", paramLabel = "K", description = "Beam search with K beams (3).")
    private Integer beams;

    @Option(
        names = "--repetition-penalty",
        paramLabel = "R",
        description = "Above 1: used tokens become less likely (1; of nocaps 1.1).")
    private Double penalty;

    @Mixin private DecodingOptions.Lengths lengths;

    /** Results of an earlier run. */
    ResultOptions results() {
      return results;
    }

    /** The model's settings with those of the options in their place. */
    ServingSettings adjust(ServingSettings own, double usualPenalty) {
      DecodingSettings.Beams search =
          own.search()
              .withLengths(lengths.of(own.search().lengths()))
              .withRepetitionPenalty(penalty == null ? usualPenalty : penalty);
      return own.withSearch(beams == null ? search : search.withBeams(beams));
    }

    private Map<ExternalMetric, Path> programs() {
      Map<ExternalMetric, Path> programs = new EnumMap<>(ExternalMetric.class);
      if (meteor != null) {
        programs.put(ExternalMetric.METEOR, meteor);
      }
      if (spice != null) {
        programs.put(ExternalMetric.SPICE, spice);
      }
      return programs;
    }

    private void require(boolean model) {
      results.require(model);
      if (results.given() && (beams != null || penalty != null || lengths.given())) {
        throw new IllegalArgumentException(
            "--results has captions already; leave --beams, --repetition-penalty, --min-length and"
                + " --max-length away");
      }
    }
  }

  /** A picture. */
  private static final class Picture {
    private final int place;
    private final String key;
    private final String domain;
    private final List<String> references = new ArrayList<>();

    Picture(int place, String key, String domain) {
      this.place = place;
      this.key = key;
      this.domain = domain;
    }
  }

  /** Opens a model when it is needed. */
  interface Model {
    Predictor open() throws IOException;
  }

  /**
   * Measures.
   *
   * @param records pictures with their references; may be missing if options have both
   * @param model writes captions, if it is asked
   */
  void run(Optional<LabelledRecords> records, Optional<Model> model, int batch) throws IOException {
    options.require(model.isPresent());
    Map<String, Picture> pictures = new LinkedHashMap<>();
    Map<String, String> captions = new LinkedHashMap<>();
    if (model.isPresent()) {
      try (Predictor predictor = model.get().open()) {
        write(records.orElseThrow(), predictor, batch, pictures, captions);
      }
    } else if (records.isPresent()) {
      records
          .get()
          .forEach(
              Sample.ImageText.class,
              batch,
              (first, samples) -> {
                for (int i = 0; i < samples.size(); i++) {
                  isNew(samples.get(i), first + i, pictures);
                }
              });
    }
    if (options.results.references().isPresent()) {
      references(pictures, records.isPresent());
    }
    if (options.results.given()) {
      captions.putAll(options.results.read(ResultFile.CAPTIONS, pictures, console));
    }
    tell(pictures, captions, records);
  }

  private void write(
      LabelledRecords records,
      Predictor predictor,
      int batch,
      Map<String, Picture> pictures,
      Map<String, String> captions)
      throws IOException {
    try (Progress progress = console.progress("images", -1)) {
      records.forEach(
          Sample.ImageText.class,
          batch,
          (first, samples) -> {
            List<Sample.ImageText> fresh = new ArrayList<>();
            for (int i = 0; i < samples.size(); i++) {
              if (isNew(samples.get(i), first + i, pictures)) {
                fresh.add(samples.get(i));
              }
            }
            List<Caption> written =
                predictor.caption(fresh.stream().map(s -> s.image().toByteArray()).toList());
            for (int i = 0; i < fresh.size(); i++) {
              String id = ResultFile.CAPTIONS.of(fresh.get(i));
              if (written.get(i).ok()) {
                captions.put(id, written.get(i).text());
              } else {
                console.failed(fresh.get(i).key(), written.get(i).status());
              }
            }
            progress.advance(samples.size());
          });
    }
  }

  /** Notes a picture with its references; false if it was noted before. */
  private static boolean isNew(Sample.ImageText sample, int place, Map<String, Picture> pictures) {
    String id = ResultFile.CAPTIONS.of(sample);
    Picture picture = pictures.get(id);
    boolean fresh = picture == null;
    if (fresh) {
      picture = new Picture(place, sample.key(), sample.columns().text("domain").orElse(""));
      pictures.put(id, picture);
    } else if (!picture.key.equals(sample.key())) {
      throw new IllegalArgumentException(
          "records \"%s\" and \"%s\" would both be image_id %s; give them a column image_id"
              .formatted(picture.key, sample.key(), id));
    }
    picture.references.addAll(sample.texts());
    return fresh;
  }

  private void references(Map<String, Picture> pictures, boolean known) throws IOException {
    pictures.values().forEach(picture -> picture.references.clear());
    JsonValue file = JsonFile.read(options.results.references().orElseThrow()).root();
    for (JsonValue one : file.get("annotations").items()) {
      String id = ResultFile.key(one.get("image_id"));
      if (!known) {
        pictures.computeIfAbsent(id, any -> new Picture(-1, id, ""));
      }
      if (pictures.containsKey(id)) {
        pictures.get(id).references.add(one.get("caption").text());
      }
    }
  }

  private void tell(
      Map<String, Picture> pictures,
      Map<String, String> captions,
      Optional<LabelledRecords> records)
      throws IOException {
    if (out.predictions().isPresent()) {
      ResultFile.CAPTIONS.write(out.predictions().get(), captions);
    }
    Map<String, List<String>> byDomain = new TreeMap<>();
    List<String> all = new ArrayList<>();
    for (String id : captions.keySet()) {
      Picture picture = pictures.get(id);
      if (!picture.references.isEmpty()) {
        all.add(id);
        if (!picture.domain.isEmpty() && name.equals("nocaps")) {
          byDomain.computeIfAbsent(picture.domain, domain -> new ArrayList<>()).add(id);
        }
      }
    }
    if (all.isEmpty()) {
      console.note("no picture has a reference: nothing is measured");
    }
    Map<String, CaptionScores> scores = new LinkedHashMap<>();
    for (Map.Entry<String, List<String>> domain : byDomain.entrySet()) {
      scores.put(
          domain.getKey(),
          CaptionScores.of(said(domain.getValue(), pictures, captions), options.programs()));
    }
    if (!all.isEmpty()) {
      scores.put(
          CaptionScores.OVERALL,
          CaptionScores.of(said(all, pictures, captions), options.programs()));
    }
    print(scores, captions.size(), all.size());
    if (out.report().isPresent() && !all.isEmpty()) {
      CaptionScores.report(scores, said(all, pictures, captions), records.orElseThrow())
          .write(out.report().get());
    }
  }

  private static List<CaptionScores.Said> said(
      List<String> ids, Map<String, Picture> pictures, Map<String, String> captions) {
    List<CaptionScores.Said> said = new ArrayList<>();
    for (String id : ids) {
      Picture picture = pictures.get(id);
      said.add(
          new CaptionScores.Said(
              picture.place, captions.get(id), ImmutableList.copyOf(picture.references)));
    }
    return said;
  }

  private void print(Map<String, CaptionScores> scores, int captions, int measured)
      throws IOException {
    Map<String, Object> row = new LinkedHashMap<>();
    row.put("task", name);
    row.put("captions", captions);
    row.put("measured", measured);
    if (scores.size() > 1) {
      scores.forEach((domain, one) -> row.put(domain, one.figures()));
    } else if (!scores.isEmpty()) {
      row.putAll(scores.get(CaptionScores.OVERALL).figures());
    }
    List<ExternalMetric> absent = new ArrayList<>(List.of(ExternalMetric.values()));
    absent.removeAll(options.programs().keySet());
    row.put("not_computed", absent.stream().map(ExternalMetric::word).toList());
    StringBuilder text = new StringBuilder("%d captions".formatted(captions));
    scores.forEach(
        (domain, one) -> {
          text.append(scores.size() > 1 ? "\n" + domain : "");
          one.figures()
              .forEach(
                  (figure, value) ->
                      text.append(String.format(Locale.ROOT, "\n  %-8s %.4f", figure, value)));
        });
    absent.forEach(
        metric -> text.append("\n%s with --%s DIR".formatted(metric.notComputed(), metric.word())));
    console.result(row, text.toString());
  }
}
