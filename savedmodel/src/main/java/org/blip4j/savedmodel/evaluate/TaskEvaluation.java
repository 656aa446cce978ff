package org.blip4j.savedmodel.evaluate;

import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableMap;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import org.blip4j.data.metric.CaptionMetrics;
import org.blip4j.data.metric.VqaAccuracy;
import org.blip4j.data.sample.ExampleCodec;
import org.blip4j.data.sample.Sample;
import org.blip4j.data.text.PtbTokens;
import org.blip4j.data.tfrecord.ShardSet;
import org.blip4j.savedmodel.predict.Answer;
import org.blip4j.savedmodel.predict.Caption;
import org.blip4j.savedmodel.predict.Predictor;
import org.blip4j.savedmodel.predict.StagedModel;
import org.blip4j.savedmodel.signature.ServingSignature;

/**
 * Measures a model on labelled records by the metric of its task. Records are read as they are
 * needed, a batch of images at a time.
 *
 * @param shards the records
 * @param codec their columns
 * @param candidates how many of the other kind, nearest by their features, are matched with each
 *     image and each text (blip-spec 7.1; published: 256 on COCO, 128 on Flickr30K)
 */
public record TaskEvaluation(ShardSet shards, ExampleCodec codec, int candidates) {
  private static final int BATCH = 32;
  private static final int PEOPLE = 10;

  /**
   * What was found of a model.
   *
   * @param figures by name, the one that decides first
   * @param examples small pictures with lines of text, keyed {@code KIND/KEY}: captions and answers
   *     of the first records, the pairs and statements that were judged most wrongly
   */
  public record Findings(
      ImmutableMap<String, Double> figures, ImmutableList<Sample.ImageText> examples) {
    /** The same figures with further examples behind. */
    Findings with(List<Sample.ImageText> more) {
      return new Findings(
          figures, ImmutableList.<Sample.ImageText>builder().addAll(examples).addAll(more).build());
    }
  }

  /** Checks the number of candidates. */
  public TaskEvaluation {
    if (candidates < 1) {
      throw new IllegalArgumentException(
          "candidates are %d; retrieval needs at least 1, 256 as published".formatted(candidates));
    }
  }

  /**
   * Figures of a model and what to look at. First is {@code r_mean} of models that match, {@code
   * cider} of captioners, {@code accuracy} of those that answer or judge, {@code mrr} of those that
   * go on with dialogues.
   */
  public Findings measure(Predictor model) throws IOException {
    return switch (model.model().config().task()) {
      case PRETRAIN, RETRIEVAL -> retrieval(model);
      case CAPTION -> captions(model);
      case VQA -> answers(model);
      case NLVR -> statements(model);
      case DIALOGUE ->
          new Findings(
              DialogueProtocol.of(StagedModel.of(model), records())
                  .measure((sample, question) -> {}),
              ImmutableList.of());
    };
  }

  /**
   * {@code cider} and {@code bleu4} of the captions of a model that writes them, against all texts
   * of their images, tokenised as the published program does it.
   */
  public Findings captions(Predictor model) throws IOException {
    List<String> written = new ArrayList<>();
    List<List<String>> references = new ArrayList<>();
    List<Sample.ImageText> shown = new ArrayList<>();
    records()
        .forEach(
            Sample.ImageText.class,
            BATCH,
            (first, samples) -> {
              List<Caption> captions = model.caption(LabelledRecords.images(samples));
              if (shown.isEmpty()) {
                shown.addAll(Examples.captions(samples, captions));
              }
              for (int i = 0; i < samples.size(); i++) {
                LabelledRecords.requireRead(captions.get(i).status(), samples.get(i));
                if (!samples.get(i).texts().isEmpty()) {
                  written.add(captions.get(i).text());
                  references.add(PtbTokens.lines(samples.get(i).texts()));
                }
              }
            });
    List<String> tokens = PtbTokens.lines(written);
    List<CaptionMetrics.CaptionItem> items = new ArrayList<>();
    for (int i = 0; i < tokens.size(); i++) {
      items.add(CaptionMetrics.CaptionItem.of(tokens.get(i), references.get(i)));
    }
    return new Findings(
        ImmutableMap.of(
            "cider",
            CaptionMetrics.CiderScore.of(items).mean(),
            "bleu4",
            CaptionMetrics.BleuScore.of(items).bleu(4)),
        ImmutableList.copyOf(shown));
  }

  /** The official accuracy of answers, from 0 to 1 (blip-spec 10.3). */
  private Findings answers(Predictor model) throws IOException {
    double[] sum = new double[2];
    List<Sample.ImageText> shown = new ArrayList<>();
    records()
        .forEach(
            Sample.Question.class,
            BATCH,
            (first, samples) -> {
              List<Answer> answers =
                  model.vqa(
                      samples.stream().map(sample -> sample.image().toByteArray()).toList(),
                      samples.stream().map(Sample.Question::question).toList());
              for (int i = 0; i < samples.size(); i++) {
                LabelledRecords.requireRead(answers.get(i).status(), samples.get(i));
                List<String> people = people(samples.get(i));
                if (!people.isEmpty()) {
                  sum[0] += VqaAccuracy.judge(answers.get(i).text(), people).accuracy();
                  sum[1]++;
                }
                if (shown.size() < Examples.SHOWN) {
                  shown.addAll(Examples.answers(samples.get(i), answers.get(i)));
                }
              }
            });
    if (sum[1] == 0) {
      throw new IOException(
          shards.paths().get(0) + ": no question has an answer; validate on labelled records");
    }
    return new Findings(ImmutableMap.of("accuracy", sum[0] / sum[1]), ImmutableList.copyOf(shown));
  }

  /**
   * The answers of ten people to a question, as many of each as its weight says; of VQA's these are
   * the ten that were given.
   */
  public static ImmutableList<String> people(Sample.Question sample) {
    double whole = sample.answers().stream().mapToDouble(Sample.Answer::weight).sum();
    ImmutableList.Builder<String> people = ImmutableList.builder();
    for (Sample.Answer answer : sample.answers()) {
      long count = whole == 0 ? 1 : Math.round(PEOPLE * answer.weight() / whole);
      people.addAll(Collections.nCopies((int) Math.max(1, count), answer.text()));
    }
    return people.build();
  }

  /** Share of statements that are rightly judged, in the order of the records (trap T7). */
  private Findings statements(Predictor model) throws IOException {
    double[] sum = new double[2];
    Examples.Worst worst = new Examples.Worst();
    records()
        .forEach(
            Sample.ImagePair.class,
            BATCH,
            (first, samples) -> {
              List<Answer.Nlvr> answers =
                  model.nlvr(
                      samples.stream().map(sample -> sample.left().toByteArray()).toList(),
                      samples.stream().map(sample -> sample.right().toByteArray()).toList(),
                      samples.stream().map(Sample.ImagePair::statement).toList());
              for (int i = 0; i < samples.size(); i++) {
                LabelledRecords.requireRead(answers.get(i).status(), samples.get(i));
                boolean judged = answers.get(i).label().equals("True");
                boolean right = judged == (samples.get(i).label() == 1);
                sum[0] += right ? 1 : 0;
                sum[1]++;
                double error = right ? 0 : answers.get(i).probability();
                if (worst.takes(error)) {
                  worst.add(error, Examples.statements(samples.get(i), answers.get(i)));
                }
              }
            });
    return new Findings(
        ImmutableMap.of("accuracy", sum[0] / sum[1]), ImmutableList.copyOf(worst.shown()));
  }

  /** Recalls both ways, and the pairs that are judged most wrongly. */
  private Findings retrieval(Predictor model) throws IOException {
    StagedModel stages = StagedModel.of(model);
    List<Sample.ImageText> shown = new ArrayList<>();
    Gallery gallery =
        records()
            .gallery(
                stages,
                samples -> {
                  if (shown.isEmpty() && model.has(ServingSignature.CAPTION)) {
                    List<Sample.ImageText> first =
                        samples.subList(0, Math.min(Examples.SHOWN, samples.size()));
                    shown.addAll(
                        Examples.captions(first, model.caption(LabelledRecords.images(first))));
                  }
                });
    RetrievalProtocol.Found found =
        new RetrievalProtocol(
                stages, gallery, candidates, Optional.empty(), (stage, done, total, before) -> {})
            .measure();
    ImmutableMap<String, Double> recalls = found.recalls();
    Examples.Worst worst = new Examples.Worst();
    records()
        .forEach(
            Sample.ImageText.class,
            BATCH,
            (first, samples) -> {
              for (int i = 0; i < samples.size(); i++) {
                for (int j = 0; j < found.texts()[first + i].length; j++) {
                  String text = gallery.texts().get(found.texts()[first + i][j]);
                  worst.addPair(samples.get(i), text, found.logits()[first + i][j]);
                }
              }
            });
    return new Findings(
            ImmutableMap.of(
                "r_mean", recalls.get("r_mean"),
                "r1_image_to_text", recalls.get("txt_r1"),
                "r1_text_to_image", recalls.get("img_r1"),
                "r10_image_to_text", recalls.get("txt_r10"),
                "r10_text_to_image", recalls.get("img_r10")),
            ImmutableList.copyOf(shown))
        .with(worst.shown());
  }

  private LabelledRecords records() {
    return new LabelledRecords(shards, codec);
  }
}
