package org.blip4j.savedmodel.evaluate;

import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableMap;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.blip4j.data.metric.RecallAtK;
import org.blip4j.data.sample.Sample;
import org.blip4j.data.text.Dialogue;
import org.blip4j.data.text.TokenBatch;
import org.blip4j.data.text.WordPieceTokenizer;
import org.blip4j.graph.config.Task;
import org.blip4j.graph.config.TextConfig;
import org.blip4j.graph.config.TextSettings;
import org.blip4j.savedmodel.predict.StagedModel;
import org.tensorflow.Result;

/**
 * Visual dialogue (VisDial; paper section 5.5, blip-spec 7.6): the answers that each question comes
 * with, 100 in VisDial 1.0, ranked by the probability that they are the true one. The image is
 * encoded once for all its questions.
 *
 * @param model has a matching head
 * @param records images with a caption and a column {@value Dialogue#COLUMN}
 * @param maxTokens of a dialogue with an answer, at most
 */
public record DialogueProtocol(StagedModel model, LabelledRecords records, int maxTokens) {
  /** Answers judged at once. */
  private static final int AT_ONCE = 50;

  /** Checks the length. */
  public DialogueProtocol {
    int positions = model.model().config().architecture().text().maxPositions();
    if (maxTokens < 4 || maxTokens > positions) {
      throw new IllegalArgumentException(
          "dialogues of %d tokens are asked for; this model reads 4 to %d"
              .formatted(maxTokens, positions));
    }
  }

  /** With the length that the model was trained with, if it was for dialogues. */
  public static DialogueProtocol of(StagedModel model, LabelledRecords records) {
    TextConfig text = model.model().config().architecture().text();
    TextSettings settings = model.model().config().textSettings();
    int most =
        model.model().config().task() == Task.DIALOGUE
            ? settings.matchTokens()
            : Dialogue.MAX_TOKENS;
    return new DialogueProtocol(model, records, Math.min(most, text.maxPositions()));
  }

  /**
   * A question with its ranked answers.
   *
   * @param place which record it is of, from 0
   * @param image the record's key
   * @param round from 0
   * @param scores of the options, the logit of "true" less that of "another": rises with the
   *     probability
   */
  @SuppressWarnings("ArrayRecordComponent") // equality is not used
  public record Ranked(
      int place, String image, int round, Dialogue.Round question, float[] scores) {
    /** The options, the best first; of equal ones the earlier. */
    public ImmutableList<Integer> order() {
      return IntStream.range(0, scores.length)
          .boxed()
          .sorted((one, two) -> Float.compare(scores[two], scores[one]))
          .collect(ImmutableList.toImmutableList());
    }

    /** The place of each option in the order, from 1, as the server of VisDial takes them. */
    public ImmutableList<Integer> ranks() {
      Integer[] ranks = new Integer[scores.length];
      List<Integer> order = order();
      for (int place = 0; place < ranks.length; place++) {
        ranks[order.get(place)] = place + 1;
      }
      return ImmutableList.copyOf(ranks);
    }
  }

  /** Takes questions as they are ranked, with their image. */
  public interface Watch {
    void ranked(Sample.ImageText sample, Ranked question) throws IOException;
  }

  /**
   * Ranks the answers of all questions that have some.
   *
   * @return {@code mrr}, {@code r1}, {@code r5}, {@code r10} in percent and {@code mean_rank}, over
   *     the questions whose true answer is known; empty if it is of none
   * @throws IOException if a record has no dialogue, or no question has answers
   */
  public ImmutableMap<String, Double> measure(Watch watch) throws IOException {
    List<float[]> scores = new ArrayList<>();
    List<int[]> right = new ArrayList<>();
    int[] ranked = {0};
    records.forEach(
        Sample.ImageText.class,
        1,
        (first, samples) -> {
          for (Ranked question : rank(first, samples.get(0))) {
            ranked[0]++;
            watch.ranked(samples.get(0), question);
            if (question.question().truth() >= 0) {
              scores.add(question.scores());
              right.add(new int[] {question.question().truth()});
            }
          }
        });
    if (ranked[0] == 0) {
      throw new IOException("no question of these dialogues has options to be ranked");
    }
    if (scores.isEmpty()) {
      return ImmutableMap.of();
    }
    RecallAtK recall = RecallAtK.of(scores.toArray(new float[0][]), right);
    return ImmutableMap.of(
        "mrr", 100 * recall.meanReciprocalRank(),
        "r1", recall.percent(1),
        "r5", recall.percent(5),
        "r10", recall.percent(10),
        "mean_rank", recall.meanRank());
  }

  /** The questions of a record that have answers. */
  private List<Ranked> rank(int place, Sample.ImageText sample) throws IOException {
    Dialogue dialogue = dialogue(sample);
    List<Ranked> ranked = new ArrayList<>();
    try (Result decoded = model.decode(LabelledRecords.images(List.of(sample)))) {
      LabelledRecords.requireRead(StagedModel.strings(decoded.get(1)).get(0), sample);
      try (Result states = model.encode(decoded.get(0))) {
        for (int round = 0; round < dialogue.rounds().size(); round++) {
          Dialogue.Round question = dialogue.rounds().get(round);
          if (!question.options().isEmpty()) {
            float[] scores = scores(states, caption(sample), dialogue, round);
            ranked.add(new Ranked(place, sample.key(), round, question, scores));
          }
        }
      }
    }
    return ranked;
  }

  private static Dialogue dialogue(Sample.ImageText sample) throws IOException {
    try {
      return Dialogue.of(sample);
    } catch (IllegalArgumentException e) {
      throw new IOException(
          e.getMessage() + "; give records that were packed from VisDial's files", e);
    }
  }

  private WordPieceTokenizer tokenizer() {
    return new WordPieceTokenizer(model.model().vocabulary());
  }

  private TokenBatch batch(List<int[]> texts) {
    return TokenBatch.of(
        texts, TokenBatch.Padding.longest(), maxTokens, model.model().vocabulary().pad());
  }

  private TokenBatch caption(Sample.ImageText sample) {
    int words = model.model().config().textSettings().maxWords();
    String caption = sample.texts().isEmpty() ? "" : sample.texts().get(0);
    return batch(List.of(Dialogue.captionIds(tokenizer(), caption, words, maxTokens)));
  }

  private float[] scores(Result states, TokenBatch caption, Dialogue dialogue, int round) {
    WordPieceTokenizer tokenizer = tokenizer();
    List<int[]> texts =
        dialogue.rounds().get(round).options().stream()
            .map(option -> dialogue.ids(tokenizer, round, option, maxTokens))
            .toList();
    int[] byLength =
        Gallery.byLength(
            IntStream.range(0, texts.size()).toArray(),
            texts.stream().mapToInt(text -> text.length).toArray());
    float[] scores = new float[texts.size()];
    for (int begin = 0; begin < byLength.length; begin += AT_ONCE) {
      int[] some = Arrays.copyOfRange(byLength, begin, Math.min(byLength.length, begin + AT_ONCE));
      float[][] logits =
          model.judge(
              states.get(0),
              caption,
              new int[some.length],
              batch(Arrays.stream(some).mapToObj(texts::get).toList()));
      for (int i = 0; i < some.length; i++) {
        scores[some[i]] = logits[i][1] - logits[i][0];
      }
    }
    return scores;
  }
}
