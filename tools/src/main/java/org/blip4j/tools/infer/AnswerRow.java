package org.blip4j.tools.infer;

import com.fasterxml.jackson.annotation.JsonInclude;
import java.util.List;
import org.blip4j.savedmodel.predict.Answer;
import org.blip4j.savedmodel.predict.AnswerChoice;

/**
 * One line of {@code vqa}.
 *
 * @param image its path, or its key in a shard
 * @param question as it was asked
 * @param answer the best answer
 * @param logProb the sum of the log-probabilities of its tokens
 * @param score what ranked answers are ordered by; null for a written one
 * @param answers the best of a list, if several were asked for
 */
record AnswerRow(
    String image,
    String question,
    String answer,
    float logProb,
    Float score,
    @JsonInclude(JsonInclude.Include.NON_EMPTY) List<Ranked> answers)
    implements PairRow {

  /** One of several answers of a list. */
  record Ranked(String answer, float logProb, float score) {}

  static AnswerRow written(String image, String question, Answer answer) {
    return new AnswerRow(image, question, answer.text(), answer.logProb(), null, List.of());
  }

  static AnswerRow ranked(String image, String question, AnswerChoice.Ranking all, int shown) {
    AnswerChoice.Ranked best = all.answers().get(0);
    List<Ranked> first =
        all.answers().stream()
            .limit(shown)
            .map(one -> new Ranked(one.text(), one.logProb(), one.score()))
            .toList();
    return new AnswerRow(image, question, best.text(), best.logProb(), best.score(), first);
  }

  /** For people: image, question and answers, with tabs between. */
  @Override
  public String line() {
    List<String> texts =
        answers.isEmpty() ? List.of(answer) : answers.stream().map(Ranked::answer).toList();
    return image + "\t" + question + "\t" + String.join("\t", texts);
  }
}
