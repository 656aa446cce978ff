package org.blip4j.tools.infer;

import java.io.IOException;
import java.util.List;
import org.blip4j.savedmodel.serve.AnswerChoice;
import org.blip4j.savedmodel.serve.Predictor;
import org.blip4j.savedmodel.serve.RankedAnswers;
import org.blip4j.tools.cli.Console;

/**
 * Chooses among given answers.
 *
 * @param model the model
 * @param choice what to choose from
 * @param shown how many answers are printed, the best first; 0 prints the best alone
 * @param console where rows go
 */
record RankWork(Predictor model, AnswerChoice choice, int shown, Console console)
    implements PairRun.Work<RankedAnswers> {

  @Override
  public List<RankedAnswers> run(List<byte[]> images, List<String> questions) {
    return model.rank(images, questions, choice);
  }

  @Override
  public String status(RankedAnswers answers) {
    return answers.status();
  }

  @Override
  public void print(ImageText pair, RankedAnswers answers) throws IOException {
    AnswerRow row = AnswerRow.ranked(pair.image().name(), pair.text(), answers, shown);
    console.result(row, row.line());
  }
}
